"""Parts of a photo at sizes of a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from colorize_engine import files

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from colorize_engine.rendering import Pyramid

    Bytes = NDArray[np.uint8]


class View(NamedTuple):
    """A part of a photo as a picture for a screen.

    Attributes
    ----------
    pixels : (h, w, 3 or 4) uint8
        sRGB.
    box : (float, float, float, float)
        Left, top, right and bottom of it, as shares of the width and height, 0..1.
    """

    pixels: Bytes
    box: tuple[float, float, float, float]


def in_8_bits(pixels: NDArray[Any]) -> Bytes:
    """Return pixels of any type as a screen has them."""
    return cast("Bytes", files.retyped(pixels, np.uint8))


def level_for(light: Pyramid, width: float) -> int:
    """Return the smallest level that is as wide as wanted; else the full size."""
    wide = [number for number, (_, w) in enumerate(light.shapes) if w >= width]
    return max(wide, default=0)


def window(
    shape: tuple[int, int], box: tuple[float, float, float, float]
) -> tuple[slice, slice]:
    """Return the rows and columns of a level that a box touches, one at least."""
    height, width = shape
    left, top, right, bottom = (min(max(share, 0.0), 1.0) for share in box)

    def touched(first: float, last: float, n: int) -> slice:
        start = min(int(first * n), n - 1)
        return slice(start, max(start + 1, min(n, -int(-last * n // 1))))

    return touched(top, bottom, height), touched(left, right, width)
