"""Arrays and images of Pillow that the engine takes for pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.files import blanked, fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from colorize_engine.files import NotFinite

EXPECTED = (
    "expected a gray (H, W) or an RGB(A) (H, W, 3 or 4) array of uint8, uint16, or "
    "float in 0..1"
)
# Floats outside 0..1 by no more than this are rounding errors, taken as 0 or 1.
_TOLERANCE = 1e-4
# Types that are scaled to uint8 or uint16, as the command does.
_SCALED = (np.bool_, np.int8, np.int16)
# Modes of Pillow whose values are as the engine takes them; others are converted.
_PLAIN_MODES = frozenset(("1", "L", "LA", "RGB", "RGBA", "F", "I;16", "I;16B", "I;16L"))


def checked_image(image: object, not_finite: NotFinite = "error") -> NDArray[Any]:
    """Validate a picture; return it as a plain array in native byte order.

    Parameters
    ----------
    image : array or PIL.Image.Image
        (H, W) or (H, W, 1) gray, (H, W, 2) gray with alpha, (H, W, 3) RGB or
        (H, W, 4) RGB with alpha, of uint8, uint16, or float in 0..1. bool becomes black
        and white. int8 and int16 are taken from their lowest value, black, to their
        highest.
    not_finite : {"error", "blank"}
        What becomes of pixels with NaN or infinity: an error, or black without color,
        with alpha 0 where there is alpha.

    Returns
    -------
    (H, W) or (H, W, 3 or 4) array of uint8, uint16 or float
        The picture itself where nothing had to be changed.

    Raises
    ------
    ValueError
        If shape, type or values are not those of a picture. The message says what was
        expected and what was given.
    """
    return image_and_blank(image, not_finite)[0]


def image_and_blank(
    image: object, not_finite: NotFinite = "error"
) -> tuple[NDArray[Any], int]:
    """Return a picture as `checked_image` does, and the number of blank pixels."""
    if type(image).__module__.startswith("PIL."):
        image = _from_pillow(image)
    if not isinstance(image, np.ndarray):
        raise ValueError(f"{EXPECTED}; got {type(image).__name__}")
    if image.ndim not in (2, 3) or (image.ndim == 3 and not 1 <= image.shape[2] <= 4):
        raise ValueError(f"{EXPECTED}; got the shape {image.shape}")
    if image.size == 0:
        raise ValueError(f"{EXPECTED}; got an empty array of shape {image.shape}")
    # Not a subclass: a masked array hides values, a matrix always has two axes.
    plain = np.asarray(image)
    values, blank = blanked(plain, _of_type, not_finite, channels=plain.ndim == 3)
    if values.ndim == 3 and values.shape[2] <= 2:
        values = values[..., 0] if values.shape[2] == 1 else values[..., [0, 0, 0, 1]]
    return values, blank


def _of_type(values: NDArray[Any]) -> NDArray[Any]:
    native = values.dtype.newbyteorder("=")
    if native in _SCALED:
        return fit(values.astype(native, copy=False), 8 * native.itemsize, "full")[0]
    if native.kind != "f" and native not in (np.uint8, np.uint16):
        raise ValueError(f"{EXPECTED}; got the type {values.dtype}")
    plain = values.astype(native, copy=False)
    if native.kind == "f":
        # A NaN anywhere makes both of these NaN.
        low, high = float(plain.min()), float(plain.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            raise ValueError(f"{EXPECTED}; got NaN or infinity")
        if low < -_TOLERANCE or high > 1 + _TOLERANCE:
            raise ValueError(f"{EXPECTED}; got floats in {low:g}..{high:g}")
    return plain


def _from_pillow(image: Any) -> NDArray[Any]:
    """Return a picture of Pillow as an array."""
    if image.mode in _PLAIN_MODES:
        return np.asarray(image)
    if image.mode == "I":
        # Pillow's mode for what may well be 16 bits.
        values = np.asarray(image)
        if values.min() < 0 or values.max() > np.iinfo(np.uint16).max:
            raise ValueError(f"{EXPECTED}; got integers beyond 16 bits")
        return values.astype(np.uint16)
    see_through = image.has_transparency_data
    return np.asarray(image.convert("RGBA" if see_through else "RGB"))
