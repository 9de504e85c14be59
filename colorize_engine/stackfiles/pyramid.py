"""Resolution levels of large pictures, each half as large as the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

TILE = 512
"""Side of the tiles of large pictures, in pixels."""
_LARGE, _SMALLEST = 2048, 1024


def level_shapes(shape: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the shapes of all levels of a picture, the full one first.

    A picture has further levels if a side exceeds 2048 pixels: until no side exceeds
    1024.
    """
    shapes = [shape]
    while max(shape) > _LARGE and max(shapes[-1]) > _SMALLEST:
        height, width = shapes[-1]
        shapes.append((-(-height // 2), -(-width // 2)))
    return shapes


def further_levels(picture: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield the levels of a picture (H, W, C) after the full one.

    A pixel is the mean of four; at an odd end, of two that repeat the last one.
    """
    height, width = picture.shape[:2]
    for _ in level_shapes((height, width))[1:]:
        picture = halved(picture)
        yield picture


def halved(picture: NDArray[Any]) -> NDArray[Any]:
    """Return a picture (H, W, C) at half the size, rounded up, of the same type."""
    height, width = picture.shape[:2]
    even = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    wide = even.astype(np.float32)
    rows = wide[::2] + wide[1::2]
    mean = (rows[:, ::2] + rows[:, 1::2]) / np.float32(4)
    return (np.rint(mean) if picture.dtype.kind == "u" else mean).astype(picture.dtype)
