"""Lloyd-Max: bin centers fitted to samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_GROUPS = 1024  # more different values are merged into this many groups


def lloyd_max(
    samples: ArrayLike,
    count: int,
    *,
    counts: ArrayLike | None = None,
    pin_zero: bool = True,
) -> NDArray[np.float32]:
    """Return the centers with the least mean squared error on samples of a channel.

    They meet the conditions of Lloyd and Max (Lloyd 1982,
    https://doi.org/10.1109/TIT.1982.1056489): each center, except a pinned zero, is the
    mean of the samples nearest to it. Lloyd's iteration stops at any such centers; on
    histograms of a and b their error is often twice the least. So dynamic programming
    finds the best partition (Fisher 1958,
    https://doi.org/10.1080/01621459.1958.10501479).

    Parameters
    ----------
    samples
        Values of the channel, any shape. More than 1024 different values are first
        merged into 1024 groups of equal width.
    count
        Number of centers.
    counts
        How often each sample occurs (a histogram); by default, once.
    pin_zero
        Keep one center at exactly zero, so that gray is decoded as gray.

    Returns
    -------
    (count,) float32
        Ascending.

    Raises
    ------
    ValueError
        If samples or counts are not finite, ``count`` is less than 2, or there are
        fewer different values than centers.
    """
    values, mass = _histogram(samples, counts)
    if count < 2 or len(values) < count:
        raise ValueError(
            "expected at least 2 bins and at least as many different sample values, "
            f"got {count} bins and {len(values)} values"
        )
    errors, errors_from_zero = _cell_errors(values, mass)
    if pin_zero:
        cells = _cells_around_zero(errors, errors_from_zero, count - 1)
    else:
        cells = _cells_of(_partitions(errors, count)[1], count, len(values))
    centers = [np.average(values[i:j], weights=mass[i:j]) for i, j in cells]
    return np.sort([0.0] * pin_zero + centers).astype(np.float32)


def _histogram(samples: ArrayLike, counts: ArrayLike | None) -> tuple[Floats, Floats]:
    """Return the different values, ascending, and how often each occurs.

    More than ``_GROUPS`` values are merged; the means of the groups are returned.
    """
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
    """Return the squared errors of all cells of neighboring values.

    Returns
    -------
    from_mean, from_zero : (n + 1, n + 1) float64
        The error of the cell ``values[i:j]`` at [i, j], about its mean and about zero.
        An empty cell has the error 0 about zero and infinity about its mean.
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
    """Find the best partitions of the first j values into q cells, for all j and q.

    Returns
    -------
    least : (count + 1, n + 1) float64
        The least error, at [q, j].
    starts : (count + 1, n + 1) int
        Where the last cell of the best partition starts, at [q, j].
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
    """Return the ``count`` cells that best divide the first ``end`` values."""
    cells = []
    for q in range(count, 0, -1):
        start = int(starts[q, end])
        cells.append((start, end))
        end = start
    return cells


def _cells_around_zero(
    errors: Floats, errors_from_zero: Floats, count: int
) -> list[tuple[int, int]]:
    """Return the ``count`` other cells of the best partition with a center at zero.

    The cell of zero lies between them and may be empty.
    """
    last = len(errors) - 1
    below, below_starts = _partitions(errors, count)
    # The same from the upper end: [q, k] is for the last k values.
    above, above_starts = _partitions(errors[::-1, ::-1].T, count)
    best = (np.inf, 0, 0, 0)
    for q in range(count + 1):
        totals = below[q][:, None] + errors_from_zero + above[count - q][::-1]
        i, j = divmod(int(totals.argmin()), last + 1)
        best = min(best, (float(totals[i, j]), q, i, j))
    _, q, i, j = best
    mirrored = _cells_of(above_starts, count - q, last - j)
    return _cells_of(below_starts, q, i) + [(last - k, last - h) for h, k in mirrored]
