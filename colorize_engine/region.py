"""A region of a picture: closed shapes, and how much of each pixel belongs to them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

KINDS = ("polygon", "ellipse")
FEATHER = 3
"""Pixels inside the edge of a region in which its colors begin."""
_MARGIN = 0.25  # of the size of a region, on each side
_CORNERS = 256  # of the polygon that stands for an ellipse
_DIGITS = 2
_STRIP = 64  # rows that are looked at together


@dataclass(frozen=True)
class Shape:
    """A closed shape, in pixels whose centers are at whole numbers.

    Attributes
    ----------
    kind : {"polygon", "ellipse"}
    points : tuple of (row, column)
        Corners of a polygon in order, at least three; of an ellipse the four corners of
        the rectangle around it, which may be turned. What a polygon covers twice lies
        outside. They are rounded to a hundredth, so that a text says them exactly.
    """

    kind: str
    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"expected a polygon or an ellipse, got {self.kind!r}")
        points = np.asarray(self.points, float)
        fits = points.ndim == 2 and points.shape[1] == 2 and np.isfinite(points).all()
        count = len(points) == 4 if self.kind == "ellipse" else len(points) >= 3
        if not (fits and count):
            raise ValueError(
                "expected three or more points (row, column) of a polygon, or four of "
                f"an ellipse, got {self.points!r}"
            )
        rounded = np.round(points, _DIGITS) + 0.0  # without -0
        object.__setattr__(self, "points", tuple(map(tuple, rounded.tolist())))

    def outline(self) -> Floats:
        """Return the corners (N, 2) of a polygon; an ellipse becomes one."""
        points = np.asarray(self.points)
        if self.kind == "polygon":
            return points
        middle = points.mean(0)
        down, right = (points[3] - points[0]) / 2, (points[1] - points[0]) / 2
        angle = np.linspace(0, 2 * math.pi, _CORNERS, endpoint=False)[:, None]
        return np.asarray(middle + np.cos(angle) * right + np.sin(angle) * down)


@dataclass(frozen=True)
class Region:
    """One shape or several, together.

    Attributes
    ----------
    shapes : tuple of Shape
    """

    shapes: tuple[Shape, ...]

    def bounds(self, shape: tuple[int, int]) -> tuple[slice, slice]:
        """Return the rows and columns that it touches of a picture; maybe none."""
        corners = np.concatenate([each.outline() for each in self.shapes])
        low = np.clip(np.floor(corners.min(0) + 0.5), 0, shape).astype(int)
        high = np.clip(np.floor(corners.max(0) + 0.5), 0, shape).astype(int)
        rows, columns = (
            slice(int(first), max(int(first), int(last)))
            for first, last in zip(low, high, strict=True)
        )
        return rows, columns

    def box(
        self, shape: tuple[int, int], least: int = 0
    ) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return the part of a picture that it lies in, with its surroundings.

        Parameters
        ----------
        shape : (H, W)
            Of the picture.
        least
            Smallest height and width, where the picture has them.

        Returns
        -------
        ((int, int), (int, int))
            First row and column, and height and width.
        """
        found = []
        for part, n in zip(self.bounds(shape), shape, strict=True):
            size = part.stop - part.start
            margin = max(math.ceil(_MARGIN * size), math.ceil((least - size) / 2))
            low, high = max(0, part.start - margin), min(n, part.stop + margin)
            # Near a border the other side has more.
            low = max(0, min(low, high - least))
            found.append((low, max(high, min(n, low + least)) - low))
        (top, height), (left, width) = found
        return (top, left), (height, width)

    def covers(self, shape: tuple[int, int]) -> bool:
        """Return whether it has the center of any pixel of a picture."""
        rows, columns = self.bounds(shape)
        x = np.arange(columns.start, columns.stop, dtype=float)
        strips = (
            np.arange(top, min(top + _STRIP, rows.stop), dtype=float)
            for top in range(rows.start, rows.stop, _STRIP)
        )
        return any(self._inside(y, x).any() for y in strips)

    def weights(
        self,
        rows: slice,
        columns: slice,
        shape: tuple[int, int],
        factors: tuple[float, float] = (1.0, 1.0),
    ) -> NDArray[np.float32]:
        """Return how much of the pixels of a window belongs to the region.

        It is 0 outside, 1 inside, and rises in `FEATHER` pixels from the edge inward,
        but not at the border of the picture.

        Parameters
        ----------
        rows, columns : slice
            The window, with a start and a stop within the picture.
        shape : (H, W)
            Size of the picture at the size that the window is of.
        factors : (float, float)
            Height and width of a pixel there in pixels of the full size.

        Returns
        -------
        (n, m) float32 in 0..1
        """
        steps = round(FEATHER / max(factors))
        y, x = (
            (np.clip(np.arange(k.start - steps, k.stop + steps), 0, n - 1) + 0.5) * f
            - 0.5
            for k, n, f in zip((rows, columns), shape, factors, strict=True)
        )
        inner = self._inside(y, x)
        size = rows.stop - rows.start, columns.stop - columns.start
        count = np.zeros(size, np.float32)
        for left in range(steps, -1, -1):
            count += inner[left : left + size[0], left : left + size[1]]
            inner = _eroded(inner)
        return np.asarray(count / np.float32(steps + 1))

    def _inside(self, y: Floats, x: Floats) -> Mask:
        """Return which of the places at rows y and columns x are inside: (n, m)."""
        found = np.zeros((len(y), len(x)), bool)
        for shape in self.shapes:
            found |= _inside_polygon(shape.outline(), y, x)
        return found

    def to_text(self) -> str:
        """Return it as one line, such as ``polygon 3,4 30,4 3,40``, of x,y."""
        return " ".join(
            " ".join([each.kind, *(f"{x:.10g},{y:.10g}" for y, x in each.points)])
            for each in self.shapes
        )

    @classmethod
    def from_text(cls, text: str) -> Region:
        """Return the region of a line that `to_text` made.

        Raises
        ------
        ValueError
            If it is not such a line.
        """
        shapes: list[tuple[str, list[tuple[float, float]]]] = []
        for word in text.split():
            if word in KINDS:
                shapes.append((word, []))
                continue
            try:
                x, y = map(float, word.split(","))
                shapes[-1][1].append((y, x))
            except (ValueError, IndexError):
                raise ValueError(f"{text!r} is not a region") from None
        return cls(_shapes(shapes))


def _shapes(
    found: Iterable[tuple[str, list[tuple[float, float]]]],
) -> tuple[Shape, ...]:
    return tuple(Shape(kind, tuple(points)) for kind, points in found)


def _inside_polygon(corners: ArrayLike, y: Floats, x: Floats) -> Mask:
    """Return which places are inside a polygon, by counting its edges on their left.

    Parameters
    ----------
    corners : (N, 2) array
    y, x : (n,) and (m,) ascending arrays
        Rows and columns of the places.

    Returns
    -------
    (n, m) bool
    """
    start = np.asarray(corners, float)
    end = np.roll(start, -1, axis=0)
    upward = start[:, 0] > end[:, 0]
    # From top to bottom, so that both sides of an edge compute the same places.
    top = np.where(upward[:, None], end, start)
    bottom = np.where(upward[:, None], start, end)
    first, last = np.searchsorted(y, top[:, 0]), np.searchsorted(y, bottom[:, 0])
    count = last - first
    edge = np.repeat(np.arange(len(start)), count)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    row += first[edge]
    share = (y[row] - top[edge, 0]) / (bottom[edge, 0] - top[edge, 0])
    crossing = top[edge, 1] + share * (bottom[edge, 1] - top[edge, 1])
    changes = np.zeros((len(y), len(x) + 1), np.uint8)
    np.bitwise_xor.at(changes, (row, np.searchsorted(x, crossing)), 1)
    return np.bitwise_xor.accumulate(changes, axis=1)[:, :-1].astype(bool)


def _eroded(mask: Mask) -> Mask:
    """Return which pixels have only marked ones around; the outermost are left out."""
    lines = mask[:-2] & mask[1:-1] & mask[2:]
    return np.asarray(lines[:, :-2] & lines[:, 1:-1] & lines[:, 2:])
