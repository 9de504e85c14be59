"""The picture that a region is painted on: in color as it was, or gray."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_colorize.runs.large_picture import displayed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import DTypeLike, NDArray

    from colorize_engine.rendering import Colors, Pyramid
    from napari_colorize.runs.large_picture import LargePicture
    from napari_colorize.runs.source import Source
    from napari_colorize.runs.store import Store

    Index = tuple[int, ...]


class Backdrop:
    """The picture in color of an earlier run, which does not change any more.

    Frames that the earlier run did not have are gray.

    Parameters
    ----------
    earlier
        Frames of the earlier run; None if there was none.
    kept
        Their colors: those of a store, of which this is a user from now on, or a large
        picture.
    record
        What they were made from.

    Attributes
    ----------
    record : mapping or None
    """

    def __init__(
        self,
        earlier: Source | None = None,
        kept: Store | LargePicture | None = None,
        record: Mapping[str, Any] | None = None,
    ) -> None:
        from napari_colorize.runs.store import Store

        self._earlier, self.record = earlier, record
        self._store: Store | None = None
        self._colors: Colors | None = None
        self._light: Pyramid | None = None
        self._array: Any = None
        self._calls: list[Callable[[], None]] = []
        self._gray: dict[Index, NDArray[Any]] = {}
        if isinstance(kept, Store):
            self._store, self._array = kept.share(), kept.arrays["colorized"]
            if not kept.on_disk:
                self._array = np.array(self._array)
        elif kept is not None:
            self._colors, self._light = kept.shown, kept.light

    def again(self) -> Backdrop:
        """Return the same for a further run."""
        copy = Backdrop(self._earlier, None, self.record)
        copy._store = None if self._store is None else self._store.share()
        copy._array, copy._colors, copy._light = self._array, self._colors, self._light
        return copy

    def when_done(self, call: Callable[[], None]) -> None:
        """Call a function once the region is colored, or is not."""
        self._calls.append(call)

    def done(self) -> None:
        """Say in the GUI's thread that the region is colored, or is not."""
        while self._calls:
            self._calls.pop()()

    def close(self) -> None:
        """Let go of the colors; any thread may call this."""
        store, self._store = self._store, None
        self._array = self._colors = None
        if store is not None:
            store.close()

    def _place(self, source: Source, index: Index) -> Index | None:
        """Return where a frame of a source is among those of the earlier run."""
        if self._earlier is None:
            return None
        place = tuple(
            here + first - before
            for here, first, before in zip(
                index, source.start, self._earlier.start, strict=True
            )
        )
        inside = all(
            0 <= at < n for at, n in zip(place, self._earlier.frames, strict=True)
        )
        return place if inside else None

    def light(self, image: NDArray[Any]) -> Pyramid:
        """Return a whole picture as a pyramid; that of the earlier run if it is it."""
        from colorize_engine.rendering import Pyramid

        light = Pyramid(image)
        before = self._light
        return before if before is not None and before.equals(light) else light

    def colors(self, source: Source, light: Pyramid) -> Colors | None:
        """Return the colors of a single picture of windows; None if there are none.

        There are none if they are kept as an array, or are of another type.
        """
        from colorize_engine.rendering import Rendering, WindowCache

        gray, kept = WindowCache(Rendering.gray(light)), self._colors
        if self._place(source, (0,) * len(source.frames)) is None:
            return gray
        if kept is None or (kept.dtype, kept.channels) != (gray.dtype, gray.channels):
            return None
        return kept

    def frame(self, source: Source, index: Index, dtype: DTypeLike) -> NDArray[Any]:
        """Return a frame of the whole picture in color, to be changed."""
        from colorize_engine.files import retyped

        place = self._place(source, index)
        if place is None:
            found = self._gray_frame(source, index)
        elif self._colors is not None:
            rows, columns = (slice(0, n) for n in source.whole)
            found = displayed(self._colors.window(rows, columns))
        else:
            found = np.asarray(self._array[place])
        return np.array(retyped(found, dtype))

    def _gray_frame(self, source: Source, index: Index) -> NDArray[Any]:
        from colorize_engine.rendering import Pyramid, Rendering

        if index not in self._gray:
            gray = Rendering.gray(Pyramid(source.read_whole(index))).whole()
            # The last one only: a stack may be long.
            self._gray = {index: displayed(gray)}
        return self._gray[index]
