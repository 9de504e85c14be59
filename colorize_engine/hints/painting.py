"""Hints as planes that the nets see beside the lightness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from colorize_engine.hints.hint import DEFAULT_RADIUS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from colorize_engine.hints.hint import Hint

SCALE = 110.0
"""The planes hold a* and b* divided by it, as in the training."""


def check_inside(hints: Iterable[Hint], shape: tuple[int, int]) -> None:
    """Raise ValueError if a hint lies outside a picture of ``shape`` (H, W)."""
    height, width = shape
    for hint in hints:
        if hint.row > height - 0.5 or hint.column > width - 0.5:
            raise ValueError(
                f"the hint at row {hint.row:g}, column {hint.column:g} lies outside "
                f"the picture of {height} rows and {width} columns"
            )


def paint(
    hints: Iterable[Hint], shape: tuple[int, int], working: tuple[int, int]
) -> NDArray[np.float32]:
    """Paint hints as squares at the working size.

    Each covers one pixel at least. Where two overlap, the later one lies on top. Nets
    that were trained with masks of 0 and 1 follow a weaker hint in part.

    Parameters
    ----------
    hints
        At places of the picture.
    shape : (H, W)
        Size of the picture.
    working : (h, w)
        Size at which the nets see it.

    Returns
    -------
    (4, h, w) float32
        In the order of `pretrained.HINTS`: a* / 110 where a is given, its mask, b* /
        110 where b is given, its mask; all times the hint's strength.

    Raises
    ------
    ValueError
        If a hint lies outside the picture.
    """
    hints = tuple(hints)
    check_inside(hints, shape)
    planes = np.zeros((4, *working), np.float32)
    scale = tuple(small / full for small, full in zip(working, shape, strict=True))
    for hint in hints:
        rows = _span(hint.row, hint.radius, scale[0], working[0])
        columns = _span(hint.column, hint.radius, scale[1], working[1])
        for plane, value in ((0, hint.a), (2, hint.b)):
            if value is not None:
                planes[plane, rows, columns] = hint.strength * value / SCALE
                planes[plane + 1, rows, columns] = hint.strength
    return planes


def _span(place: float, radius: float | None, factor: float, side: int) -> slice:
    """Return the pixels of the working size that a hint covers along one axis."""
    center = min(side - 1, max(0, round((place + 0.5) * factor - 0.5)))
    reach = DEFAULT_RADIUS if radius is None else round(radius * factor)
    return slice(max(0, center - reach), center + reach + 1)
