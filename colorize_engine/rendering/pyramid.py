"""The lightness of a picture at its full size and at smaller ones."""

from __future__ import annotations

from math import ceil, floor, log2
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from colorize_engine.color import lightness
from colorize_engine.parallel import spread
from colorize_engine.resize import STRIP_PIXELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# With four levels an octave, the level that has a pixel for each one of the screen has
# at most 1.41 of them.
_LEVELS_AN_OCTAVE = 4
_SMALLEST = 256  # long side of the last level
_REACH = 2  # pixels of an octave that a pixel of a level reaches beyond its own area


class _Held(NamedTuple):
    level: int
    rows: slice
    columns: slice
    light: Floats

    def has(self, rows: slice, columns: slice, level: int) -> bool:
        return (
            level == self.level
            and self.rows.start <= rows.start <= rows.stop <= self.rows.stop
            and self.columns.start <= columns.start <= columns.stop <= self.columns.stop
        )


class Pyramid:
    """L* of a picture at its full size and at smaller ones, read window by window.

    A pixel of a smaller level is a mean over about its area. Pictures of half, quarter,
    ... size are made when a smaller level is first read, and kept.

    Parameters
    ----------
    image : (H, W) or (H, W, 3 or 4) uint8, uint16, or float in 0..1

    Attributes
    ----------
    image : array
    shapes : tuple of (int, int)
        Height and width of each level: the full size first, each of the next 2 ** -0.25
        of the one before, the last no longer than 256.
    """

    def __init__(self, image: NDArray[Any]) -> None:
        self.image = image
        self.shapes = _shapes((image.shape[0], image.shape[1]))
        self._octaves: tuple[Floats, ...] | None = None
        self._making = Lock()
        self._held: _Held | None = None

    def equals(self, other: Pyramid) -> bool:
        """Return whether another pyramid is of the same picture, as it was."""
        one, two = self.image, other.image
        if (one.shape, one.dtype) != (two.shape, two.dtype):
            return False
        if one.ndim == 3 and not np.array_equal(one[..., 3:], two[..., 3:]):
            return False
        return all(
            np.array_equal(mine, its)
            for mine, its in zip(self._halves(), other._halves(), strict=True)
        )

    def factors(self, level: int) -> tuple[float, float]:
        """Return the height and width of a level's pixel in pixels of the picture."""
        (height, width), (h, w) = self.shapes[0], self.shapes[level]
        return height / h, width / w

    def read(self, rows: slice, columns: slice, level: int = 0) -> Floats:
        """Return L* of a window.

        Parameters
        ----------
        rows, columns : slice
            With a start and a stop within the level, and no step.
        level : int
            0 is the full size.

        Returns
        -------
        (n, m) float32 in 0..100
        """
        held = self._held
        if held is not None and held.has(rows, columns, level):
            return held.light[
                rows.start - held.rows.start : rows.stop - held.rows.start,
                columns.start - held.columns.start : columns.stop - held.columns.start,
            ]
        if level == 0:
            return lightness(self.image[rows, columns])
        from PIL import Image

        factors = self.factors(level)
        octave = int(log2(min(factors)) + 1e-9)
        spans = [
            (k.start * f / 2**octave, k.stop * f / 2**octave)
            for k, f in zip((rows, columns), factors, strict=True)
        ]
        shape = self._octave_shape(octave)
        around = [
            slice(max(0, floor(first) - 2 * _REACH), min(n, ceil(last) + 2 * _REACH))
            for (first, last), n in zip(spans, shape, strict=True)
        ]
        # left, upper, right, lower, as Pillow has it
        box = tuple(
            min(at - k.start, k.stop - k.start)
            for side in (0, 1)
            for at, k in ((spans[1][side], around[1]), (spans[0][side], around[0]))
        )
        part = self._octave(octave, *around)
        size = columns.stop - columns.start, rows.stop - rows.start
        made = Image.fromarray(part).resize(size, Image.Resampling.BILINEAR, box)
        return np.asarray(made)

    def hold(self, rows: slice, columns: slice, level: int) -> None:
        """Keep a window in memory, in place of the one that was kept before.

        It pays for what is rendered again and again with other chroma.
        """
        if self._held is None or self._held[:3] != (level, rows, columns):
            self._held = _Held(level, rows, columns, self.read(rows, columns, level))

    def _octave_shape(self, octave: int) -> tuple[int, int]:
        height, width = self.shapes[0]
        return -(-height // 2**octave), -(-width // 2**octave)

    def _octave(self, octave: int, rows: slice, columns: slice) -> Floats:
        """Return a window of the picture reduced by a power of 2."""
        if octave == 0:
            return lightness(self.image[rows, columns])
        return np.ascontiguousarray(self._halves()[octave - 1][rows, columns])

    def _halves(self) -> tuple[Floats, ...]:
        """Return the picture reduced by 2, 4, ..., made when first asked for."""
        with self._making:
            if self._octaves is None:
                self._octaves = tuple(self._reduced())
            return self._octaves

    def _reduced(self) -> list[Floats]:
        """Return the picture reduced by 2, 4, ... up to the last level."""
        from PIL import Image

        last = int(log2(min(self.factors(len(self.shapes) - 1))) + 1e-9)
        made: list[Floats] = []
        height, width = self.shapes[0]
        if last > 0:
            first = np.empty(self._octave_shape(1), np.float32)
            rows = max(1, STRIP_PIXELS // (2 * width)) * 2

            def halve(top: int) -> None:
                strip = Image.fromarray(lightness(self.image[top : top + rows]))
                first[top // 2 : (top + rows) // 2] = np.asarray(strip.reduce(2))

            # In strips, so that a large picture is never held in floats as a whole.
            spread(lambda: halve, range(0, height, rows))
            made.append(first)
        while len(made) < last:
            made.append(np.asarray(Image.fromarray(made[-1]).reduce(2)))
        return made


def _shapes(full: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """Return the sizes of all levels."""
    count = ceil(_LEVELS_AN_OCTAVE * log2(max(max(full) / _SMALLEST, 1)))
    scales = [2 ** (-level / _LEVELS_AN_OCTAVE) for level in range(count + 1)]
    return tuple(
        (max(1, round(full[0] * scale)), max(1, round(full[1] * scale)))
        for scale in scales
    )
