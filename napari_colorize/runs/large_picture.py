"""A large picture in color, rendered where it is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import ref

import numpy as np
from psygnal import Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.layers import Image
    from numpy.typing import NDArray

    from colorize_engine.rendering import Colors, Pyramid, WindowCache

    Window = tuple[int, slice, slice]

# Pixels above which a single picture is rendered window by window. Below, the whole of
# it takes less than 1.5 times as long as a window of a megapixel.
LARGE = 3 << 19
# What is rendered ahead around a window, as a share of it on each side.
_AHEAD = 0.25


class _Moved(Exception):
    """The layer shows another window."""


class Prepared(NamedTuple):
    """Colors with what is to be seen of them first.

    Attributes
    ----------
    colors : WindowCache
        With the window that a layer shows.
    coarse : array
        The last level.
    """

    colors: WindowCache
    coarse: NDArray[Any]


class LargePicture:
    """Levels of a picture for a multiscale layer, rendered where they are read.

    ``prepare`` renders what the layer shows, in any thread. ``show`` puts it in place
    of what was there before. What else is read is rendered then.

    Parameters
    ----------
    light : Pyramid
        The picture in gray.
    channels
        3, or 4 with alpha.
    lead
        Number of axes of length 1 before those of the picture.

    Attributes
    ----------
    light : Pyramid
    levels : list
        What can be read as arrays, from full size to the smallest. The last one is an
        array indeed, and always the same one: napari reads it once.
    shown : WindowCache or None
        The present colors; None before any were shown.
    moved : Signal
        Emitted when the layer has read a window or other colors.
    """

    moved = Signal()

    def __init__(self, light: Pyramid, channels: int, lead: int) -> None:
        self.light, self._axes = light, (channels, lead)
        self.shown: WindowCache | None = None
        self.dtype = displayed(np.empty(0, light.image.dtype)).dtype
        ends = [((1,) * lead, (*shape, channels)) for shape in light.shapes]
        self.levels: list[Any] = [
            Level(self, number, *end) for number, end in enumerate(ends[:-1])
        ]
        self._coarse = np.zeros((*ends[-1][0], *ends[-1][1]), self.dtype)
        self.levels.append(self._coarse)
        self._layer: Callable[[], Image | None] = lambda: None

    def watch(self, layer: Image) -> None:
        """Prepare from now on what a layer shows, while it lives and is visible."""
        self._layer = ref(layer)
        layer.events.set_data.connect(self._on_read)

    def _on_read(self, _event: Any = None) -> None:
        self.moved.emit()

    def prepare(self, colors: Colors) -> Prepared:
        """Render the last level and the window that the layer shows."""
        from colorize_engine.rendering import WindowCache

        made = WindowCache(colors)
        last = len(self.levels) - 1
        window = self._window()
        if window is not None and window[0] != last:
            level, rows, columns = window
            self.light.hold(rows, columns, level)
            made.window(rows, columns, level)
        height, width = self.light.shapes[last]
        coarse = made.window(slice(0, height), slice(0, width), last)
        return Prepared(made, displayed(coarse))

    def show(self, prepared: Prepared) -> None:
        """Show other colors; the layer reads them when it is refreshed."""
        self.shown = prepared.colors
        self._coarse[...] = prepared.coarse

    def look_ahead(self, check: Callable[[], None]) -> None:
        """Render what the layer will show if it is moved or zoomed a little.

        Parameters
        ----------
        check
            Called often; it may raise to stop.
        """

        def go_on() -> None:
            check()
            if self._window() != window:
                raise _Moved

        window = self._window()
        while window is not None and self.shown is not None:
            try:
                for level, rows, columns in self._around(*window):
                    self.shown.window(rows, columns, level, go_on)
                return
            except _Moved:
                window = self._window()

    def read(self, level: int, rows: slice, columns: slice) -> NDArray[Any]:
        """Return a window of a level."""
        if self.shown is None:
            shape = (rows.stop - rows.start, columns.stop - columns.start)
            return np.zeros((*shape, self._coarse.shape[-1]), self.dtype)
        return displayed(self.shown.window(rows, columns, level))

    def _window(self) -> Window | None:
        """Return the level, rows and columns that the layer shows."""
        layer = self._layer()
        if layer is None or not layer.visible:
            return None
        level = min(layer.data_level, len(self.levels) - 1)
        corners = layer.corner_pixels[:, -2:].T
        found = [
            slice(max(0, int(first)), min(int(last) + 1, n))
            for (first, last), n in zip(corners, self.light.shapes[level], strict=True)
        ]
        if any(k.start >= k.stop for k in found):
            return None
        return level, found[0], found[1]

    def _around(self, level: int, rows: slice, columns: slice) -> Iterator[Window]:
        """Yield the window with its surroundings, and the same one level up and down.

        The last level is left out, which is there already.
        """
        factors = self.light.factors(level)
        for other in (level, level + 1, level - 1):
            if not 0 <= other < len(self.levels) - 1:
                continue
            window = [
                _widened(k, here / there, n)
                for k, here, there, n in zip(
                    (rows, columns),
                    factors,
                    self.light.factors(other),
                    self.light.shapes[other],
                    strict=True,
                )
            ]
            yield other, window[0], window[1]

    def __deepcopy__(self, memo: dict[int, Any]) -> LargePicture:
        """Copy the levels, as napari does of a layer; colors never change."""
        copy = LargePicture(self.light, *self._axes)
        memo[id(self)], memo[id(self._coarse)] = copy, copy._coarse
        copy.shown, copy._coarse[...] = self.shown, self._coarse
        return copy


class Level:
    """One size of a large picture, which can be read as an array.

    Parameters
    ----------
    picture
        The picture.
    number
        0 is the full size.
    lead
        Axes of length 1 before its own.
    shape
        Height, width and channels.
    """

    def __init__(
        self,
        picture: LargePicture,
        number: int,
        lead: tuple[int, ...],
        shape: tuple[int, ...],
    ) -> None:
        self._picture, self.number = picture, number
        self.shape, self.dtype = (*lead, *shape), picture.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of values."""
        return int(np.prod(self.shape, dtype=np.int64))

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[...], dtype)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Return what NumPy would of an array; only rows and columns asked for."""
        rows, columns = self.ndim - 3, self.ndim - 2
        window = [slice(0, self.shape[rows]), slice(0, self.shape[columns])]
        keys = _full_key(key, self.ndim)
        if keys is not None:
            for number, axis in enumerate((rows, columns)):
                window[number], keys[axis] = _split(keys[axis], self.shape[axis])
            key = tuple(keys)
        part = self._picture.read(self.number, *window)
        return np.asarray(part[(np.newaxis,) * rows][key])


def displayed(rgb: NDArray[Any]) -> NDArray[Any]:
    """Return RGB in a form that napari accepts: uint8, or float in 0..1."""
    if rgb.dtype == np.uint16:
        return rgb.astype(np.float32) / np.float32(65535)
    return rgb


def _full_key(key: Any, ndim: int) -> list[Any] | None:
    """Return an index with a number or slice for each axis; None for other indices."""
    keys = list(key) if isinstance(key, tuple) else [key]
    if not all(isinstance(k, (int, np.integer, slice)) or k is ... for k in keys):
        return None
    dots = [number for number, k in enumerate(keys) if k is ...]
    if len(dots) > 1 or len(keys) - len(dots) > ndim:
        return None
    at = dots[0] if dots else len(keys)
    keys[at : at + 1] = [slice(None)] * (ndim - len(keys) + len(dots))
    return keys


def _split(key: Any, n: int) -> tuple[slice, Any]:
    """Return the pixels that an index needs of n, and the index among them."""
    if not isinstance(key, slice):
        place = range(n)[key]
        return slice(place, place + 1), 0
    places = range(n)[key]
    if not places:
        return slice(0, 1), slice(0, 0)
    first, last = min(places[0], places[-1]), max(places[0], places[-1])
    inner = range(places[0] - first, places[-1] - first + places.step, places.step)
    stop = None if inner.stop < 0 else inner.stop
    return slice(first, last + 1), slice(inner.start, stop, inner.step)


def _widened(pixels: slice, ratio: float, n: int) -> slice:
    """Return pixels of one level with their surroundings at another one of n."""
    more = _AHEAD * (pixels.stop - pixels.start)
    return slice(
        max(0, int((pixels.start - more) * ratio)),
        min(n, int(np.ceil((pixels.stop + more) * ratio))),
    )
