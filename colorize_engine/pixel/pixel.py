"""The prediction at one pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from colorize_engine.decode import Distribution

if TYPE_CHECKING:
    from colorize_engine.prediction import Prediction


@dataclass(frozen=True, eq=False)
class Pixel:
    """The prediction at one pixel.

    Attributes
    ----------
    frame : tuple of int
        Position on the source's leading axes; ``()`` for a single picture.
    row, column : int
        In the source image at full resolution.
    lightness : float
        Its L*, 0..100.
    a, b : Distribution
        With logits (Qa,) and (Qb,).
    """

    frame: tuple[int, ...]
    row: int
    column: int
    lightness: float
    a: Distribution
    b: Distribution


def pixel_of(prediction: Prediction, row: int, column: int) -> Pixel:
    """Return what a prediction says of a pixel of its picture.

    Raises
    ------
    ValueError
        If the pixel lies outside the picture.
    """
    height, width = prediction.shape
    if not (0 <= row < height and 0 <= column < width):
        raise ValueError(
            f"expected a pixel of {height} rows and {width} columns, got {row}, "
            f"{column}"
        )
    y, x = (int(at[0]) for at in prediction.cells_of(np.r_[row], np.r_[column]))
    a, b = (
        Distribution(each.logits[:, y, x], each.bins)
        for each in (prediction.a, prediction.b)
    )
    return Pixel((), row, column, prediction.lightness_at(row, column), a, b)
