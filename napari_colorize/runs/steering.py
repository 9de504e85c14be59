"""The nets asked again about frames: with hints, for likely colors, for variants."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from colorize_engine import Colorizer, Prediction, Suggestion
    from colorize_engine.decode import DecodeSettings
    from colorize_engine.hints import Hint
    from colorize_engine.stacks.paths import Paths
    from napari_colorize.runs.source import Source
    from napari_colorize.runs.worker import Worker

    Index = tuple[int, ...]
    Hints = tuple[Hint, ...]


class Variant(NamedTuple):
    """A plausible picture.

    Attributes
    ----------
    hints : tuple of Hint
        Those that were drawn for it.
    picture : (h, w, 3) uint8
        It in color, at the working size.
    """

    hints: tuple[Hint, ...]
    picture: NDArray[Any]


class Steering:
    """A model at work on the frames of a source, with the hints of a person.

    The frame that was predicted last stays in memory, so that the nets can be asked
    again at once.

    Parameters
    ----------
    source
        The frames.
    colorizer
        The model.
    working_size
        Short side, in pixels, of the picture that the nets see.

    Attributes
    ----------
    hints : tuple of Hint
        Those of all frames; in a stack ``Hint.frame`` counts along `time_axis`.
    """

    def __init__(self, source: Source, colorizer: Colorizer, working_size: int) -> None:
        self._source, self._colorizer = source, colorizer
        self._working_size = working_size
        self.hints: Hints = ()
        self._latest: tuple[Index, Prediction] | None = None
        self._paths: dict[Index, Paths] = {}
        # Decoding and suggestions ask for the ways of hints from threads of their own.
        self._walking = Lock()

    @property
    def takes_hints(self) -> bool:
        """Whether the model can be shown colors."""
        return self._colorizer.caller.takes_hints

    @property
    def time_axis(self) -> int:
        """The axis along which hints are carried: the first of several frames."""
        long = [axis for axis, n in enumerate(self._source.frames) if n > 1]
        return long[0] if long else 0

    def shown(self, index: Index) -> Hints:
        """Return the hints that hold in a frame."""
        hints = self.hints
        if not hints or not self._source.is_stack:
            return hints
        axis = self.time_axis
        others = index[:axis] + index[axis + 1 :]
        with self._walking:
            if others not in self._paths:
                self._paths[others] = self._new_paths(index)
            return self._paths[others].shown(hints, index[axis])

    def basis(self, index: Index) -> Hints:
        """Return what the distributions of a frame follow from: its hints."""
        return self.shown(index)

    def _new_paths(self, index: Index) -> Paths:
        from colorize_engine.stacks.paths import Paths, light_of

        before, after = index[: self.time_axis], index[self.time_axis + 1 :]

        def light(time: int) -> NDArray[np.float32]:
            return light_of(self._source.read((*before, time, *after)))

        return Paths(self._source.shape, light)

    def predict(
        self, index: Index, progress: Callable[[int, int], None] | None = None
    ) -> Prediction:
        """Return the prediction for a frame with its hints."""
        shown = self.shown(index)
        found = self.at_hand(index)
        if found is None:
            found = self._colorizer.predict(
                self._source.read(index), self._working_size, progress, hints=shown
            )
        elif found.hints != shown:
            found = found.with_hints(shown)
        self._latest = index, found
        return found

    def at_hand(self, index: Index) -> Prediction | None:
        """Return the prediction in memory if it is that of a frame, with any hints."""
        latest = self._latest
        return latest[1] if latest is not None and latest[0] == index else None

    def suggest(
        self, index: Index, row: float, column: float
    ) -> tuple[list[Suggestion], float]:
        """Return likely colors of a pixel of a frame, and its L*.

        Hints at the pixel itself do not count.
        """
        found = self.at_hand(index) or self.predict(index)
        others = tuple(
            hint
            for hint in self.shown(index)
            if (hint.row, hint.column) != (row, column)
        )
        if others != found.hints:
            found = found.with_hints(others)
        return self._colorizer.suggest(found, row, column), found.lightness_at(
            row, column
        )

    def variants(
        self,
        index: Index,
        left_out: Hints,
        count: int,
        seed: int,
        settings: DecodeSettings,
        worker: Worker,
    ) -> list[Variant]:
        """Draw plausible pictures of a frame.

        Parameters
        ----------
        index
            The frame.
        left_out
            Hints that they need not keep, out of those of the frame.
        count, seed
            As in ``Colorizer.variants``.
        settings
            Settings of the sliders.
        worker
            Gets the progress.

        Returns
        -------
        list of Variant
            In a stack the hints have the number of the frame.

        Raises
        ------
        Cancelled
            If the worker is to stop.
        """
        from colorize_engine.color import lightness_to_gray

        first = self.at_hand(index) or self.predict(index)
        own = tuple(hint for hint in self.shown(index) if hint not in left_out)
        found = self._colorizer.variants(
            first.with_hints(own),
            count,
            seed,
            progress=lambda done, total: worker.report(done, total, "Drawing variants"),
        )
        small = lightness_to_gray(first.lightness)
        frame = index[self.time_axis] if self._source.is_stack else None
        return [
            Variant(
                tuple(replace(hint, frame=frame) for hint in each.hints[len(own) :]),
                replace(each, image=small).colorize(*settings.arguments),
            )
            for each in found
        ]
