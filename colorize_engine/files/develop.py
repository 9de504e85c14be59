"""Conversion of stored samples to a picture: upright, in range, sRGB."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.color import full_scale, is_in_color, strips
from colorize_engine.files.errors import FileError
from colorize_engine.files.icc import (
    ProfileError,
    cmyk_has_color,
    has_color,
    is_gray,
    naive_rgb,
    to_gray,
)
from colorize_engine.files.not_finite import blank_in, filled
from colorize_engine.files.picture import Picture
from colorize_engine.files.value_range import fit, retyped

if TYPE_CHECKING:
    import numpy.typing as npt

    from colorize_engine.files.not_finite import NotFinite
    from colorize_engine.files.picture import Samples
    from colorize_engine.files.value_range import ValueRange, Values


def develop(
    samples: Samples, value_range: ValueRange, not_finite: NotFinite = "error"
) -> Picture:
    """Convert samples to a picture.

    Parameters
    ----------
    samples : Samples
    value_range : "full", "auto" or (float, float)
        The values of black and white; see `files.fit`. CMYK always has ``"full"``.
    not_finite : {"error", "blank"}
        What becomes of NaN and infinity; see `files.read`.

    Raises
    ------
    FileError
        If the values are not those of a picture.
    """
    cmyk = samples.values.ndim == 3 and samples.values.shape[2] == 4
    if samples.values.ndim not in (2, 3) or samples.values.shape[2:] not in (
        *((), (3,)),
        *(((4,),) if samples.values.dtype.kind == "u" else ()),
    ):
        raise FileError(
            f"its pixels are an array of {samples.values.shape} "
            f"{samples.values.dtype.name}; expected gray, RGB, or CMYK of whole numbers"
        )
    stored, alpha = _plain(samples), samples.alpha
    blank = None if not_finite == "error" else _blank(stored, alpha)
    if blank is not None:
        stored = filled(stored, blank)
        alpha = None if alpha is None else filled(alpha, blank)
    values, range_notes = fit(stored, samples.bits, "full" if cmyk else value_range)
    if samples.inverted:
        values = values.dtype.type(full_scale(values.dtype)) - values
    image, color, notes = _to_srgb(values, samples.profile)
    if alpha is not None:
        # Float alpha beyond 1 has the same range as the colors.
        beyond = alpha.dtype.kind == "f" and alpha.max() > 1
        alpha, _ = fit(alpha, samples.bits, value_range if beyond else "full")
        alpha = retyped(alpha, image.dtype)
    if blank is not None:
        image[blank] = 0
        if alpha is not None:
            alpha[blank] = 0
    metadata = samples.metadata
    if samples.orientation > 4 and metadata.dpi is not None:
        metadata = replace(metadata, dpi=metadata.dpi[::-1])
    return Picture(
        _upright(image, samples.orientation),
        None if alpha is None else _upright(alpha, samples.orientation),
        metadata,
        color is not None,
        color is not None and not is_in_color(color),
        (*samples.notes, *range_notes, *notes),
        0 if blank is None else int(blank.sum()),
    )


def _blank(
    values: npt.NDArray[Any], alpha: npt.NDArray[Any] | None
) -> npt.NDArray[np.bool_] | None:
    """Return which pixels are not finite, in color or alpha; None if none is."""
    found = blank_in(values, channels=values.ndim == 3)
    see_through = None if alpha is None else blank_in(alpha, channels=False)
    if found is None or see_through is None:
        return see_through if found is None else found
    return found | see_through


def _plain(samples: Samples) -> npt.NDArray[Any]:
    """Return values with the alpha divided out that was multiplied into them."""
    values, alpha = samples.values, samples.alpha
    if alpha is None or not samples.associated:
        return values
    top = 1.0 if values.dtype.kind == "f" else 2.0**samples.bits - 1
    result = np.empty_like(values)
    for rows in strips(alpha.shape):
        share = np.maximum(alpha[rows], 1e-6 * top) / top
        share = share[..., np.newaxis] if values.ndim == 3 else share
        plain = np.minimum(values[rows] / share, top)
        if values.dtype.kind == "f":
            # Infinity is not finite, even if it is more than white.
            plain = np.where(np.isinf(values[rows]), values[rows], plain)
        result[rows] = plain if values.dtype.kind == "f" else np.rint(plain)
    return result


def _to_srgb(
    values: Values, profile: bytes
) -> tuple[Values, Values | None, tuple[str, ...]]:
    """Return sRGB-encoded gray or RGB, the colors if there were any, and notes.

    The colors are those stored, as if they were sRGB or plain CMYK.
    """
    notes: tuple[str, ...] = ()
    gray: Values | None = None
    cmyk = values.ndim == 3 and values.shape[2] == 4
    if profile:
        try:
            gray = to_gray(values, profile)
        except ProfileError as error:
            # Of gray there is nothing to warn of: it stays gray, whatever was meant.
            if values.ndim == 3:
                notes = (f"{error}; it was ignored",)
            profile = b""
    if cmyk and gray is not None:
        in_color = cmyk_has_color(values, profile)
        return gray, naive_rgb(values) if in_color else None, notes
    if cmyk:
        values = naive_rgb(values)
    color = values if values.ndim == 3 and has_color(values) else None
    if gray is not None:
        values = gray
    elif values.ndim == 3 and color is None and is_gray(values):
        values = values[..., 0]
    return values, color, notes


def _upright(array: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """Return an array turned upright by its orientation (EXIF tag 0x0112)."""
    if orientation > 4:
        array = array.swapaxes(0, 1)
    # Steps along rows and columns; 5 to 8 come with the axes swapped.
    down, right = {
        **{1: (1, 1), 2: (1, -1), 3: (-1, -1), 4: (-1, 1)},
        **{5: (1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)},
    }[orientation]
    return np.ascontiguousarray(array[::down, ::right])
