"""Y'CbCr as films store it, with the lightness of the color that is shown.

Y', the weighted mean of the encoded R', G' and B', is not lightness: a red of the same
Y' as a gray is lighter than it. `luma_for` finds the Y' with which a pixel has a given
L*, whatever chroma it was left with.

References
----------
ITU-R BT.601, BT.709 and BT.2020 (Y'CbCr), IEC 61966-2-1:1999 (sRGB).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from colorize_engine.color.curves import DELTA, SLOPE, linear_table
from colorize_engine.color.gamut import TO_XYZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_LEVELS = 1 << 16
# Slope of the luminance that a Newton step divides by, at least: that of the toe.
_LEAST_SLOPE = 1 / 12.92


class Luma(NamedTuple):
    """Weights of R' and B' in Y'; the rest is that of G'."""

    red: float
    blue: float

    @property
    def green(self) -> float:
        """Weight of G'."""
        return 1 - self.red - self.blue


def luma_chroma(rgb: NDArray[Any], weights: Luma) -> tuple[Floats, Floats]:
    """Return Y', Cb and Cr of encoded colors.

    Parameters
    ----------
    rgb : (h, w, 3) uint8, uint16, or float in 0..1
    weights : Luma

    Returns
    -------
    (h, w) float32
        Y' in 0..1.
    (2, h, w) float32
        Cb and Cr in -0.5..0.5.
    """
    white = 1.0 if rgb.dtype.kind == "f" else float(np.iinfo(rgb.dtype).max)
    red, green, blue = (
        np.multiply(rgb[..., channel], np.float32(1 / white), dtype=np.float32)
        for channel in range(3)
    )
    luma = red * np.float32(weights.red)
    luma += green * np.float32(weights.green)
    luma += blue * np.float32(weights.blue)
    blue -= luma
    red -= luma
    blue *= np.float32(0.5 / (1 - weights.blue))
    red *= np.float32(0.5 / (1 - weights.red))
    return luma, np.stack([blue, red])


def rgb_of(luma: Floats, chroma: Floats, weights: Luma) -> Floats:
    """Return the encoded colors of Y', Cb and Cr, which may lie outside 0..1.

    Parameters
    ----------
    luma : (h, w) float32
        Y' in 0..1.
    chroma : (2, h, w) float32
        Cb and Cr in -0.5..0.5.
    weights : Luma

    Returns
    -------
    (3, h, w) float32
    """
    blue = chroma[0] * np.float32(2 * (1 - weights.blue))
    red = chroma[1] * np.float32(2 * (1 - weights.red))
    green = blue * np.float32(-weights.blue / weights.green)
    green -= red * np.float32(weights.red / weights.green)
    return np.stack([luma + red, luma + green, luma + blue])


def luma_for(lightness: Floats, guess: Floats, chroma: Floats, weights: Luma) -> Floats:
    """Return the Y' with which pixels of a given chroma have a given lightness.

    Parameters
    ----------
    lightness : (h, w) float32
        L* in 0..100.
    guess : (h, w) float32
        Y' in 0..1 of about these colors. A Newton step improves it.
    chroma : (2, h, w) float32
        Cb and Cr in -0.5..0.5.
    weights : Luma

    Returns
    -------
    (h, w) float32
        Y', 0..1.
    """
    levels = rgb_of(guess, chroma, weights)
    levels *= np.float32(_LEVELS - 1)
    np.clip(levels, 0, _LEVELS - 1, out=levels)
    missing, slope = _luminance(lightness), np.zeros_like(guess)
    for share, channel in zip(TO_XYZ[1], levels.astype(np.intp), strict=True):
        missing -= share * linear_table(_LEVELS)[channel]
        slope += share * _slopes()[channel]
    missing /= np.maximum(slope, np.float32(_LEAST_SLOPE), out=slope)
    return np.asarray(np.clip(guess + missing, 0, 1))


def _luminance(lightness: Floats) -> Floats:
    """Return the luminance Y, 0..1, of L*."""
    root = (lightness + np.float32(16)) * np.float32(1 / 116)
    below = (root - np.float32(4 / 29)) * np.float32(SLOPE)
    return np.asarray(np.where(root > DELTA, root * root * root, below))


@cache
def _slopes() -> Floats:
    """Return the slopes (_LEVELS,) of the linear values over the encoded ones."""
    return np.gradient(linear_table(_LEVELS), np.float32(1 / (_LEVELS - 1)))
