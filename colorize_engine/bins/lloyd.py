"""Lloyd-Max: bin centers fitted to samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_GROUPS = 1024


def lloyd_max(
    samples: ArrayLike,
    count: int,
    *,
    counts: ArrayLike | None = None,
    pin_zero: bool = True,
) -> NDArray[np.float32]:
    """Centers with the least mean squared error on samples of one channel.

    These meet the conditions of Lloyd and Max (Lloyd 1982,
    https://doi.org/10.1109/TIT.1982.1056489): each is the mean of the samples nearest
    to it. Lloyd's iteration stops at any centers that do, on histograms of a and b
    often with twice the least error; so the partition with the least is found by
    dynamic programming (Fisher 1958, https://doi.org/10.1080/01621459.1958.10501479).

    Parameters
    ----------
    samples
        Values of the channel, any shape. More than 1024 different ones are first
        merged into so many groups of equal width.
    count
        Number of centers.
    counts
        How often each sample occurs (a histogram), by default once.
    pin_zero
        Keep one center at exactly zero, so that gray is decoded as gray.

    Returns
    -------
    (count,) float32
        Ascending.

    Raises
    ------
    ValueError
        If samples or counts are not finite, or if there are fewer different values
        than bins are wanted.
    """
    values, mass = _histogram(samples, counts)
    if count < 2 or len(values) < count:
        raise ValueError(
            f"expected at least 2 bins and as many different sample values, got "
            f"{count} bins and {len(values)} values"
        )
    errors, errors_from_zero = _cell_errors(values, mass)
    if pin_zero:
        cells = _cells_around_zero(errors, errors_from_zero, count - 1)
    else:
        cells = _cells_of(_partitions(errors, count)[1], count, len(values))
    centers = [np.average(values[i:j], weights=mass[i:j]) for i, j in cells]
    return np.sort([0.0] * pin_zero + centers).astype(np.float32)


def _histogram(samples: ArrayLike, counts: ArrayLike | None) -> tuple[Floats, Floats]:
    """Ascending different values that occur, and how often each does."""
    flat = np.ravel(np.asarray(samples, np.float64))
    n = np.ones(flat.shape) if counts is None else np.ravel(np.asarray(counts, float))
    if n.shape != flat.shape or not (np.isfinite(flat).all() and np.isfinite(n).all()):
        raise ValueError(
            f"expected finite samples and a count for each, got {flat.size} samples "
            f"and {n.size} counts"
        )
    values, group = np.unique(flat, return_inverse=True)
    if len(values) > _GROUPS:
        edges = np.linspace(values[0], values[-1], _GROUPS + 1)[1:-1]
        group = np.searchsorted(edges, flat)
    mass = np.asarray(np.bincount(group, n), np.float64)
    moments = np.asarray(np.bincount(group, n * flat), np.float64)
    return moments[mass > 0] / mass[mass > 0], mass[mass > 0]


def _cell_errors(values: Floats, mass: Floats) -> tuple[Floats, Floats]:
    """Squared error of all cells of neighboring values.

    Returns
    -------
    from_mean, from_zero : (n + 1, n + 1) float64
        At [i, j] that of ``values[i:j]`` about their mean, and about zero. An empty
        cell has none about zero and is not allowed to have a mean.
    """
    below = [
        np.concatenate([[0.0], np.cumsum(mass * values**power)]) for power in range(3)
    ]
    total, moment, square = (np.subtract.outer(sums, sums).T for sums in below)
    about = np.divide(moment**2, total, where=total > 0, out=np.zeros_like(total))
    from_mean = np.maximum(square - about, 0)
    from_mean[np.tri(len(total), dtype=bool)] = np.inf
    square[np.tri(len(total), k=-1, dtype=bool)] = np.inf
    return from_mean, square


def _partitions(errors: Floats, count: int) -> tuple[Floats, NDArray[np.intp]]:
    """Best partitions of the first values into cells.

    Returns
    -------
    least : (count + 1, n + 1) float64
        At [q, j] the least error of the first j values in q cells.
    starts : (count + 1, n + 1) int
        Where the last of these cells starts.
    """
    least = np.full((count + 1, len(errors)), np.inf)
    starts = np.zeros(least.shape, np.intp)
    least[0, 0] = 0
    for q in range(1, count + 1):
        totals = least[q - 1][:, None] + errors
        starts[q] = totals.argmin(0)
        least[q] = totals.min(0)
    return least, starts


def _cells_of(starts: NDArray[np.intp], count: int, end: int) -> list[tuple[int, int]]:
    """Cells of the best partition of the first ``end`` values."""
    cells = []
    for q in range(count, 0, -1):
        start = int(starts[q, end])
        cells.append((start, end))
        end = start
    return cells


def _cells_around_zero(
    errors: Floats, errors_from_zero: Floats, count: int
) -> list[tuple[int, int]]:
    """Cells of the best partition that has one more cell, whose center is zero."""
    last = len(errors) - 1
    below, below_starts = _partitions(errors, count)
    # The same from the upper end: [q, k] for the last k values.
    above, above_starts = _partitions(errors[::-1, ::-1].T, count)
    best = (np.inf, 0, 0, 0)
    for q in range(count + 1):
        totals = below[q][:, None] + errors_from_zero + above[count - q][::-1]
        i, j = divmod(int(totals.argmin()), last + 1)
        best = min(best, (float(totals[i, j]), q, i, j))
    _, q, i, j = best
    mirrored = _cells_of(above_starts, count - q, last - j)
    return _cells_of(below_starts, q, i) + [(last - k, last - h) for h, k in mirrored]
