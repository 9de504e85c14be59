"""Lazy reader of stacks in TIFF files and Zarr folders."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.color import full_scale
from colorize_engine.files import (
    MAX_PIXELS,
    FileError,
    blanked,
    check_not_finite,
    check_size,
    fit,
    retyped,
)
from colorize_engine.stackfiles.stack_file import StackFile
from colorize_engine.stackfiles.survey import survey

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    import dask.array as da
    from numpy.typing import NDArray

    from colorize_engine.files import NotFinite, ValueRange
    from colorize_engine.stackfiles.stack_file import RawStack


def open_stack(
    path: str | os.PathLike[str],
    *,
    axes: str | None = None,
    channel: int | None = None,
    rgb: bool = False,
    series: int | None = None,
    value_range: ValueRange = "full",
    not_finite: NotFinite = "error",
    max_pixels: int = MAX_PIXELS,
) -> StackFile:
    """Open a TIFF file or a Zarr folder as a stack of frames.

    TIFF: OME-TIFF, ImageJ hyperstacks, and plain files with one frame per page, whose
    pages are points in time. Zarr, formats 2 and 3: OME-Zarr (NGFF 0.4 and 0.5, level 0
    of the pyramid), and plain arrays. The axes of a plain array are taken from its
    dimension names. Without names they are (t, y, x), (t, z, y, x) or (t, c, z, y, x),
    unless the last axis is so short that it may be color or channels. A Zarr folder may
    also be a ZIP file, whose name ends in .zip or .ozx. Each frame is read when it is
    needed.

    Parameters
    ----------
    path : path-like
    axes : str, optional
        What the axes are, in place of what the file says: a letter for each of T, Z, C
        (channels), Y, X and S (samples of color), such as ``"TYXC"``.
    channel : int, optional
        Channel to color, counted from 0; required if there are several.
    rgb : bool
        Whether 3 or 4 channels are RGB or RGBA, whose lightness is used. TIFF files
        say so themselves.
    series : int, optional
        Image to read, counted from 0; required for a TIFF file with several.
    value_range : "full", "auto" or (float, float)
        Values of black and white, as in ``files.read``. "auto" takes the smallest and
        the largest value of all frames together, so that all frames keep their relative
        brightness. To find them, all frames are read once.
    not_finite : {"error", "blank"}
        What becomes of NaN and infinity, as in ``files.read``. To count them, all
        frames of floats are read once.
    max_pixels : int
        Largest number of pixels of a frame.

    Raises
    ------
    FileError
        If the file is damaged or not a stack, or a choice is missing or wrong.
    OSError
        If the file is missing or cannot be read.
    """
    check_not_finite(not_finite)
    path, axes = Path(path).absolute(), None if axes is None else axes.upper()
    if path.is_dir() or is_zipped(path):
        from colorize_engine.stackfiles.ome_zarr import read_zarr

        raw = read_zarr(path, series, axes)
    else:
        from colorize_engine.stackfiles.tiff_pages import read_tiff

        _check_pages(path)
        raw = read_tiff(path, series, max_pixels, axes)
    array, order, color = _choose_channel(raw, channel, rgb)
    lead = order[:-2]
    if not lead:
        raise FileError("it holds a single picture, not a stack")
    check_size(array.shape[len(lead) + 1], array.shape[len(lead)], max_pixels)
    value_range, notes = survey(array, value_range, not_finite, color=color)
    fitted = partial(_fit_block, raw.bits, raw.inverted, value_range, not_finite, color)
    frames = _in_range(array, raw.bits, len(lead), fitted)
    return StackFile(frames, lead, color, raw.steps, notes)


def is_zipped(path: Path) -> bool:
    """Return whether a file is named as a Zarr folder in a ZIP file is."""
    return path.name.lower().endswith((".zarr.zip", ".ozx"))


def _check_pages(path: Path) -> None:
    """Raise FileError unless it is a TIFF file that is whole, as far as lists tell."""
    from colorize_engine.files.tiff import (
        check_description,
        check_list,
        is_tiff,
        page_offsets,
    )

    with path.open("rb") as stream:
        if not is_tiff(stream.read(4)):
            raise FileError(
                "it is not a TIFF file; stacks are TIFF files or Zarr folders"
            )
        offsets, following = page_offsets(stream)
        if following in offsets:
            raise FileError(
                "the file is damaged: its list of pages leads back to page "
                f"{offsets.index(following)}"
            )
        check_list(offsets, following)
        for first in offsets[:1]:
            check_description(stream, first)


def _choose_channel(
    raw: RawStack, channel: int | None, rgb: bool
) -> tuple[Any, str, bool]:
    """Choose the channel; return the array, its axes, and whether it is in color.

    The array is (..., Y, X) or (..., Y, X, color); the letters of its axes end in YX.
    """
    axes = raw.axes
    array: Any = raw.array
    if "Y" not in axes or "X" not in axes:
        raise FileError(f"expected axes with rows (Y) and columns (X), got {axes}")
    color = "S" in axes
    if color and array.shape[axes.index("S")] not in (3, 4):
        raise FileError(
            f"it has {array.shape[axes.index('S')]} samples of color; RGB has 3, and 4 "
            "with alpha"
        )
    if not color and "C" in axes:
        place = axes.index("C")
        count = array.shape[place]
        if rgb:
            if count not in (3, 4):
                raise FileError(f"it has {count} channels; RGB has 3, and 4 with alpha")
            axes, color = axes.replace("C", "S"), True
        else:
            array = array[(slice(None),) * place + (_channel(channel, count),)]
            axes = axes.replace("C", "")
    elif channel not in (None, 0) or (rgb and not color):
        raise FileError(
            "it is in color and has no channels to choose from"
            if color
            else "it has a single channel"
        )
    # The letters of other axes may repeat.
    rest = [place for place, letter in enumerate(axes) if letter not in "YXS"]
    order = [*rest, *(axes.index(letter) for letter in "YXS"[: 2 + color])]
    letters = [axes[place] for place in rest]
    names = _as_time_and_depth(letters, array.shape, order)
    return array.transpose(order), names + "YX", color


def _channel(channel: int | None, count: int) -> int:
    if channel is None and count > 1:
        raise FileError(f"it has {count} channels; choose one of 0..{count - 1}")
    if not 0 <= (channel or 0) < count:
        raise FileError(
            f"there is no channel {channel}; it has {count}, counted from 0"
        )
    return channel or 0


def _as_time_and_depth(
    rest: list[str], shape: tuple[int, ...], order: list[int]
) -> str:
    """Return the letters of the leading axes, T and Z.

    Other axes, such as pages and positions, get the letter that is left.

    Raises
    ------
    FileError
        If there are more than two.
    """
    if len(rest) > 2:
        sides = ", ".join(
            f"{n} along {a}"
            for n, a in zip((shape[place] for place in order), rest, strict=False)
        )
        raise FileError(f"it has frames along more than time and depth: {sides}")
    free = [letter for letter in "TZ" if letter not in rest]
    return "".join(a if a in "TZ" else free.pop(0) for a in rest)


def _in_range(
    array: Any, bits: int, lead: int, fitted: Callable[[NDArray[Any]], NDArray[Any]]
) -> da.Array:
    """Scale the frames to the full range of their type, lazily."""
    array = array.rechunk((*((1,) * lead), *array.shape[lead:]))
    sample = np.zeros(1, array.dtype)
    dtype = fit(sample, bits, "full")[0].dtype
    frames: da.Array = array.map_blocks(
        fitted, dtype=dtype, meta=np.empty((0,) * array.ndim, dtype)
    )
    return frames


def _fit_block(
    bits: int,
    inverted: bool,
    value_range: ValueRange,
    not_finite: NotFinite,
    color: bool,
    block: NDArray[Any],
) -> NDArray[Any]:
    def scaled(stored: NDArray[Any]) -> NDArray[Any]:
        values = stored[..., :3] if color else stored
        fitted, _ = fit(values, bits, value_range)
        if inverted:
            fitted = fitted.dtype.type(full_scale(fitted.dtype)) - fitted
        if color and stored.shape[-1] == 4:
            alpha, _ = fit(stored[..., 3:], bits, "full")
            alpha = retyped(alpha, fitted.dtype)
            return np.concatenate([fitted, alpha], axis=-1)
        return fitted

    return blanked(block, scaled, not_finite, channels=color)[0]
