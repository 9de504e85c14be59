"""Pixels of the working size and the cells of a net's head that they lie in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


def split(plane: Floats, side: int) -> Floats:
    """Return the pixels of each cell as planes.

    Parameters
    ----------
    plane : (h, w) float32
        Continued by its last row and column to whole cells.
    side : int
        Side of a cell in pixels.

    Returns
    -------
    (side * side, ceil(h / side), ceil(w / side)) float32
        Row by row: plane i * side + j holds the pixel (i, j) of each cell.
    """
    height, width = plane.shape
    whole = np.pad(plane, ((0, -height % side), (0, -width % side)), "edge")
    cells = whole.reshape(-1, side, whole.shape[1] // side, side)
    return cells.transpose(1, 3, 0, 2).reshape(side * side, *cells.shape[::2])


def join(planes: Floats) -> Floats:
    """Undo ``split``: (side * side, h', w') to (side * h', side * w') float32."""
    count, height, width = planes.shape
    side = round(count**0.5)
    cells = planes.reshape(side, side, height, width).transpose(2, 0, 3, 1)
    return cells.reshape(height * side, width * side)


def means(planes: Floats, side: int) -> Floats:
    """Return the mean of each cell: (..., side * h', side * w') to (..., h', w')."""
    height, width = (n // side for n in planes.shape[-2:])
    cells = planes.reshape(*planes.shape[:-2], height, side, width, side)
    return np.asarray(cells.mean((-3, -1), dtype=np.float32))
