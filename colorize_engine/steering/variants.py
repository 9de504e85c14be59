"""Hints that make plausible pictures of one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from colorize_engine.decode import rebalanced, sharpened
from colorize_engine.hints import Hint
from colorize_engine.steering.suggestions import inside

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from colorize_engine.prediction import Prediction

    Floats = NDArray[np.float32]

POINTS = 6
"""Points of a variant at which colors are drawn."""
TEMPERATURE = 0.7
"""Of the distributions that colors are drawn from."""
# The map of uncertainty is averaged over squares, and points keep a distance: both as
# shares of the short side.
_SQUARE, _DISTANCE = 1 / 7, 1 / 5


def anchors(
    prediction: Prediction,
    count: int,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[tuple[Hint, ...]]:
    """Draw hints for ``count`` plausible pictures.

    Colors are drawn one after the other where the nets are least sure, each shown to
    the nets before the next is drawn: first a*, then b* given that a*. The first point
    of the variants has colors of all the distribution, as evenly as can be, so that
    they differ.

    Parameters
    ----------
    prediction
        Of the picture, with the hints of a person, which all variants keep.
    count
        Number of variants.
    seed
        The same seed gives the same hints.
    progress
        Called with (done, total) calls of a net; it may raise to cancel.

    Returns
    -------
    list of tuple of Hint
        The drawn hints of each variant, without those of the prediction.

    Raises
    ------
    ValueError
        If the nets take no hints.
    """
    random = np.random.default_rng(seed)
    report = progress or (lambda done, total: None)
    places = _places(prediction)
    total = 2 * len(places)
    found: list[tuple[Hint, ...]] = [()] * count
    for number, (row, column, cell) in enumerate(places):
        report(2 * number, total)
        shown = [(*prediction.hints, *hints) for hints in found]
        a = _drawn(prediction, "a", shown, cell, random, even=number == 0)
        report(2 * number + 1, total)
        with_a = [
            (*hints, Hint(row, column, a=value))
            for hints, value in zip(shown, a, strict=True)
        ]
        b = _drawn(prediction, "b", with_a, cell, random)
        found = [
            (*hints, Hint(row, column, *color))
            for hints, color in zip(found, zip(a, b, strict=True), strict=True)
        ]
    report(total, total)
    return found


def _places(
    prediction: Prediction,
) -> list[tuple[float, float, tuple[int, int]]]:
    """Return points of the picture where the nets are least sure, and their cells."""
    unsure = prediction.entropy()
    height, width = unsure.shape
    short = min(height, width)
    left = _averaged(unsure, max(1, round(_SQUARE * short / 2)))
    rows, columns = np.mgrid[:height, :width]
    reach = max(1.0, _DISTANCE * short)

    def take(row: float, column: float) -> None:
        far = ((rows - row) ** 2 + (columns - column) ** 2) / (2 * reach**2)
        left[:] *= 1 - np.exp(-far)

    for hint in prediction.hints:
        cell = prediction.cells_of(np.array([hint.row]), np.array([hint.column]))
        take(float(cell[0][0]), float(cell[1][0]))
    places = []
    for _ in range(POINTS):
        row, column = map(int, np.unravel_index(left.argmax(), left.shape))
        take(row, column)
        place = [
            min((k + 0.5) * prediction.head_stride * full / small - 0.5, full - 1)
            for k, full, small in zip(
                (row, column), prediction.shape, prediction.lightness.shape, strict=True
            )
        ]
        places.append((place[0], place[1], (row, column)))
    return places


def _averaged(plane: Floats, reach: int) -> NDArray[np.float64]:
    """Return the means over squares that reach so far from each cell."""
    result = np.asarray(plane, np.float64)
    for axis in (0, 1):
        wide = [(reach + 1, reach) if axis == k else (0, 0) for k in (0, 1)]
        sums = np.pad(result, wide, mode="edge").cumsum(axis)
        width = 2 * reach + 1
        ends = [
            np.take(sums, np.arange(k, k + plane.shape[axis]), axis) for k in (0, width)
        ]
        result = (ends[1] - ends[0]) / width
    return result


def _drawn(
    prediction: Prediction,
    channel: str,
    shown: list[tuple[Hint, ...]],
    cell: tuple[int, int],
    random: np.random.Generator,
    *,
    even: bool = False,
) -> list[float]:
    """Draw a value of a channel at a cell for each variant, given its hints."""
    bins = getattr(prediction, channel).bins
    logits = prediction.ask(channel, shown)[..., cell[0], cell[1]].T
    shares = sharpened(rebalanced(logits, bins.weights, -1), TEMPERATURE)
    level = random.random(len(shown))
    if even:
        level = random.permutation((np.arange(len(shown)) + level) / len(shown))
    steps = shares.astype(np.float64).cumsum(0)
    chosen = (steps < level * steps[-1]).sum(0)
    return [inside(float(bins.centers[k]), channel) for k in chosen]
