"""Likely colors of a pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from colorize_engine.color import ciede2000, lab_to_rgb, srgb_to_lab
from colorize_engine.decode import rebalanced, softmax
from colorize_engine.hints import Hint, check_inside

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from colorize_engine.prediction import Prediction

    Floats = NDArray[np.float32]

DISTINCT = 5.0
"""Least CIEDE2000 between two suggestions at the lightness of the pixel."""
# Values of a* for which net b is asked, and the least distance between two of them.
_TRIED, _APART = 4, 15.0


class Suggestion(NamedTuple):
    """A likely color of a pixel.

    Attributes
    ----------
    a, b : float
        CIE a* and b*, within sRGB at the lightness of the pixel.
    probability : float
        Of the colors that it stands for, in 0..1.
    """

    a: float
    b: float
    probability: float


def suggest(
    prediction: Prediction, row: float, column: float, count: int = 5
) -> list[Suggestion]:
    """Return likely colors of a pixel, best first.

    Values of a* come from its distribution. Net b is asked for each of them, with that
    a* shown at the pixel. So a and b go together, which they need not do in the two
    distributions by themselves. Colors that look alike are one suggestion.

    Parameters
    ----------
    prediction
        Of a picture, with the hints so far; made by nets that take hints.
    row, column
        The pixel, as in `Hint`.
    count
        Largest number of suggestions.

    Raises
    ------
    ValueError
        If the pixel lies outside the picture, or the nets take no hints.
    """
    place = Hint(row, column, 0.0)
    check_inside([place], prediction.shape)
    rows, columns = prediction.cells_of(np.array([row]), np.array([column]))
    cell = np.s_[..., rows[0], columns[0]]
    of_a = prediction.a.probabilities[cell]
    tried = _apart(of_a, prediction.a.bins.centers)
    asked = [
        (*prediction.hints, Hint(row, column, a=inside(value, "a")))
        for value in prediction.a.bins.centers[tried]
    ]
    logits = prediction.ask("b", asked)[cell]
    undone = rebalanced(logits.T, prediction.b.bins.weights, -1)
    of_b = softmax(undone).T
    joint = of_a[tried][:, None] * of_b
    a, b = np.broadcast_arrays(
        prediction.a.bins.centers[tried][:, None], prediction.b.bins.centers
    )
    light = float(prediction.lightness_at(row, column))
    colors = _in_gamut(light, a.ravel(), b.ravel())
    return _distinct(colors, joint.ravel(), light, count)


def inside(value: float, channel: str) -> float:
    """Return the center of a bin, moved to the values that a hint may have."""
    from colorize_engine.bins import GAMUT_RANGE

    low, high = GAMUT_RANGE[channel]
    return float(min(high, max(low, value)))


def _apart(probabilities: Floats, centers: Floats) -> list[int]:
    """Return the most probable bins, best first, that are not near each other."""
    chosen: list[int] = []
    for index in np.argsort(-probabilities, kind="stable"):
        if all(abs(centers[index] - centers[other]) >= _APART for other in chosen):
            chosen.append(int(index))
    return chosen[:_TRIED]


def _in_gamut(light: float, a: Floats, b: Floats) -> NDArray[np.float32]:
    """Return a and b, (n, 2), as sRGB can show them at a lightness."""
    plane = np.full((1, len(a)), light, np.float32)
    chroma = np.stack([a, b])[:, None].astype(np.float32)
    shown = lab_to_rgb(plane, chroma, np.dtype(np.float32))
    return np.asarray(srgb_to_lab(shown)[0, :, 1:])


def _distinct(
    colors: NDArray[np.float32], weights: Floats, light: float, count: int
) -> list[Suggestion]:
    """Merge colors that look alike; return the best."""
    labs = np.concatenate([np.full((len(colors), 1), light), colors], 1)
    kept: list[int] = []
    sums: list[float] = []
    for index in np.argsort(-weights, kind="stable"):
        near = ciede2000(labs[kept], labs[index]) if kept else np.zeros(0)
        if len(near) and near.min() < DISTINCT:
            sums[int(near.argmin())] += float(weights[index])
        else:
            kept.append(int(index))
            sums.append(float(weights[index]))
    order = np.argsort(-np.array(sums), kind="stable")[:count]
    return [
        Suggestion(float(colors[kept[k], 0]), float(colors[kept[k], 1]), sums[k])
        for k in order
    ]
