"""Windows of a picture in color that were rendered before."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

# Of one window that is kept. A screen of 8 megapixels has 25 MB in 8 bits.
_MOST_BYTES = 1 << 26
_MOST_LEVELS = 3


class Colors(Protocol):
    """What can be asked for windows of a picture in color, as `Rendering` can."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the colors."""

    @property
    def channels(self) -> int:
        """3, or 4 with alpha."""

    def window(
        self,
        rows: slice,
        columns: slice,
        level: int = 0,
        check: Callable[[], None] | None = None,
    ) -> NDArray[Any]:
        """Return a window of a level, as `Rendering.window` does."""


class _Block(NamedTuple):
    rows: slice
    columns: slice
    pixels: NDArray[Any]


class WindowCache:
    """Colors of which the last window of each of a few levels stays in memory.

    A window that overlaps the last one of its level is rendered only beyond it. Several
    threads may ask at once.

    Parameters
    ----------
    colors : Colors
        What renders.

    Attributes
    ----------
    colors : Colors
    rendered : int
        Number of pixels that were rendered so far.
    """

    def __init__(self, colors: Colors) -> None:
        self.colors, self.rendered = colors, 0
        self._blocks: dict[int, _Block] = {}
        self._lock = Lock()

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the colors."""
        return self.colors.dtype

    @property
    def channels(self) -> int:
        """3, or 4 with alpha."""
        return self.colors.channels

    def window(
        self,
        rows: slice,
        columns: slice,
        level: int = 0,
        check: Callable[[], None] | None = None,
    ) -> NDArray[Any]:
        """Return a window of a level, as `Rendering.window` does.

        If it stopped by ``check``, the last window stays as it was.
        """
        with self._lock:
            block = self._blocks.get(level)
        shape = (rows.stop - rows.start, columns.stop - columns.start, self.channels)
        made = np.empty(shape, self.dtype)
        for down, right in _beyond(block, rows, columns):
            part = self.colors.window(down, right, level, check)
            made[_within(down, rows), _within(right, columns)] = part
            with self._lock:
                self.rendered += part.shape[0] * part.shape[1]
        if block is not None:
            down, right = _common(block.rows, rows), _common(block.columns, columns)
            if down.start < down.stop and right.start < right.stop:
                inner = _within(down, block.rows), _within(right, block.columns)
                made[_within(down, rows), _within(right, columns)] = block.pixels[inner]
                if (down, right) == (rows, columns):
                    return made
        self._keep(level, _Block(rows, columns, made))
        return made.copy()

    def _keep(self, level: int, block: _Block) -> None:
        if block.pixels.nbytes > _MOST_BYTES:
            return
        with self._lock:
            self._blocks.pop(level, None)
            self._blocks[level] = block
            for old in [*self._blocks][:-_MOST_LEVELS]:
                del self._blocks[old]


def _common(one: slice, other: slice) -> slice:
    return slice(max(one.start, other.start), min(one.stop, other.stop))


def _within(inner: slice, outer: slice) -> slice:
    return slice(inner.start - outer.start, inner.stop - outer.start)


def _beyond(
    block: _Block | None, rows: slice, columns: slice
) -> Iterator[tuple[slice, slice]]:
    """Yield the rectangles of a window that a block does not have."""
    if block is None:
        yield rows, columns
        return
    down, right = _common(block.rows, rows), _common(block.columns, columns)
    if down.start >= down.stop or right.start >= right.stop:
        yield rows, columns
        return
    parts = (
        (slice(rows.start, down.start), columns),
        (slice(down.stop, rows.stop), columns),
        (down, slice(columns.start, right.start)),
        (down, slice(right.stop, columns.stop)),
    )
    for part in parts:
        if all(k.start < k.stop for k in part):
            yield part
