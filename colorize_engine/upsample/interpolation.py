"""Bilinear interpolation of planes, in strips and windows of any place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    # Of each position: the lower neighbor, the upper one, and the share of the upper.
    Neighbors = tuple[NDArray[np.intp], NDArray[np.intp], Floats]

# Rows between two rows of the working size from which on they are worth a group.
_LEAST_GROUP = 4


def enlarge(chroma: NDArray[Any], shape: tuple[int, int], head_stride: int) -> Floats:
    """Enlarge chroma from the resolution of a net's head to the working size.

    It is interpolated bilinearly between the centers of the cells: the squares of
    ``head_stride`` pixels that the distributions stand for.

    Parameters
    ----------
    chroma : (2, ceil(h / head_stride), ceil(w / head_stride)) array
        a* and b* of the cells. The last ones may reach beyond the picture.
    shape : (h, w)
        Working size.
    head_stride : int
        Side of a cell in pixels; 1 leaves the chroma as it is.

    Returns
    -------
    (2, h, w) float32

    Raises
    ------
    ValueError
        If the cells do not fit the working size.
    """
    cells = -(-shape[0] // head_stride), -(-shape[1] // head_stride)
    if chroma.shape != (2, *cells):
        raise ValueError(f"expected chroma of shape {(2, *cells)}, got {chroma.shape}")
    if head_stride == 1:
        return chroma.astype(np.float32, copy=False)
    rows, columns = (
        neighbors_of(positions(n, n * head_stride, 0, side), n)
        for n, side in zip(cells, shape, strict=True)
    )
    out = np.empty((2, *shape), np.float32)
    blend(enlarged_rows(chroma, columns), rows, out)
    return out


def positions(size: int, enlarged: int, first: int, count: int) -> NDArray[np.float64]:
    """Return the places at `size` of `count` enlarged pixels, from `first` on."""
    centers = np.arange(first, first + count) + 0.5
    return np.asarray(centers * size / enlarged - 0.5)


def neighbors_of(places: NDArray[np.float64], size: int) -> Neighbors:
    """Return the neighbors of places among `size` pixels."""
    inside = np.clip(places, 0, size - 1)
    lower = inside.astype(np.intp)
    upper = np.minimum(lower + 1, size - 1)
    return lower, upper, (inside - lower).astype(np.float32)


def span_of(neighbors: Neighbors) -> slice:
    """Return the pixels from the first neighbor to the last one."""
    return slice(int(neighbors[0][0]), int(neighbors[1][-1]) + 1)


def enlarged_rows(planes: NDArray[Any], columns: Neighbors) -> Floats:
    """Interpolate (K, h, w) planes along their rows, to (K, h, W)."""
    planes = planes.astype(np.float32)
    lower, upper, share = columns
    left, right = planes[..., lower], planes[..., upper]
    right -= left
    right *= share
    right += left
    return right


def blend(enlarged: Floats, rows: Neighbors, out: Floats) -> None:
    """Interpolate the rows needed, (K, h', W), along the columns into `out`."""
    above, below, weights = rows
    if above[-1] - above[0] > len(above) // _LEAST_GROUP:
        # Groups of few rows: all at once is faster.
        upper, lower = enlarged[:, above - above[0]], enlarged[:, below - above[0]]
        np.multiply(lower - upper, weights[:, np.newaxis], out=out)
        out += upper
        return
    for strip, top, bottom, share in row_groups(rows):
        first, step = enlarged[:, top], enlarged[:, bottom] - enlarged[:, top]
        np.multiply(step[:, np.newaxis], share, out=out[:, strip])
        out[:, strip] += first[:, np.newaxis]


def row_groups(rows: Neighbors) -> list[tuple[slice, int, int, Floats]]:
    """Group the strip's rows by the two rows of the working size they lie between.

    Returns
    -------
    list of (rows, upper neighbor, lower neighbor, share (m, 1) of the latter)
        Neighbors are counted from the first needed row on.
    """
    above, below, share = rows
    starts = np.flatnonzero(np.diff(above, prepend=-1)).tolist()
    return [
        (
            slice(start, stop),
            int(above[start] - above[0]),
            int(below[start] - above[0]),
            share[start:stop, np.newaxis],
        )
        for start, stop in zip(starts, [*starts[1:], len(above)], strict=True)
    ]
