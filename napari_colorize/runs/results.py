"""The predictions for the frames of a source, and the arrays decoded from them."""

from __future__ import annotations

import time
from math import log2
from typing import TYPE_CHECKING, Any

from napari_colorize.runs.backdrop import Backdrop
from napari_colorize.runs.coloring import Coloring
from napari_colorize.runs.frame_arrays import (
    decoded_arrays,
    frame_types,
    predicted_arrays,
)
from napari_colorize.runs.frame_records import FrameRecords, Made
from napari_colorize.runs.shares import prediction_of
from napari_colorize.runs.smoothing import SmoothedFrames
from napari_colorize.runs.steering import Steering
from napari_colorize.runs.store import PROBABILITIES, Store
from napari_colorize.runs.value_span import ValueSpan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from colorize_engine import (
        Card,
        Colorizer,
        Prediction,
    )
    from colorize_engine.decode import DecodeSettings
    from napari_colorize.runs.frame_arrays import Arrays
    from napari_colorize.runs.large_picture import LargePicture
    from napari_colorize.runs.source import Source
    from napari_colorize.runs.worker import Reporter


class Results:
    """The frames of a source, predicted once and decoded as often as wanted.

    A single frame is decoded from its prediction, which stays in memory. For a stack,
    the store keeps the probabilities as float16, and the colors are decoded from these.

    Parameters
    ----------
    source
        The frames to color.
    colorizer
        The model on its device.
    working_size
        Short side, in pixels, of the picture that the nets see.
    kinds
        Kinds of arrays that are wanted.
    smoothing
        As in ``colorize_engine.stacks.predict``, along ``steering.time_axis``; it has
        no effect on a single frame.
    backdrop
        What lies around a region; ``close`` closes it.

    Attributes
    ----------
    coloring : Coloring
        What makes the pictures in color.
    steering : Steering
        The model, and the hints.
    smoothing : float
        0 for a single frame.
    store : Store
        Arrays of the kinds, and for a stack always the probabilities. ``compute`` sets
        it.
    working_shape : (int, int)
        Rows and columns at the working size.
    cells : (int, int)
        Rows and columns of the distributions: of squares of ``colorizer.head_stride``
        pixels of the working size.
    seconds : float
        Duration of ``compute``.
    values : ValueSpan
        Smallest and largest value of all frames, as read.
    """

    def __init__(
        self,
        source: Source,
        colorizer: Colorizer,
        working_size: int,
        kinds: Iterable[str],
        smoothing: float = 0.0,
        *,
        backdrop: Backdrop | None = None,
    ) -> None:
        from colorize_engine.resize import head_shape, working_shape

        self.source, self.colorizer = source, colorizer
        self.working_size = working_size
        self.working_shape = working_shape(source.shape, working_size)
        self.cells = head_shape(self.working_shape, colorizer.head_stride)
        self.seconds = 0.0
        self.values = ValueSpan(source)
        self.steering = Steering(source, colorizer, working_size)
        self.smoothing = smoothing if source.is_stack else 0.0
        self._smoothed: SmoothedFrames | None = None
        self.coloring = Coloring(source, backdrop)
        self.store: Store
        self._records = FrameRecords(kinds)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of arrays that are wanted."""
        return self._records.kinds

    @property
    def picture(self) -> LargePicture | None:
        """The picture in color, if it is a large one and no array of the store."""
        return self.coloring.picture

    @property
    def card(self) -> Card:
        """Card of the model."""
        if self.colorizer.card is None:
            raise ValueError("expected a colorizer that was loaded from a model")
        return self.colorizer.card

    @property
    def device(self) -> str:
        """Name of the device that the nets ran on."""
        return str(getattr(self.colorizer.predictor, "device", "cpu"))

    @property
    def precision(self) -> str:
        """Precision that the nets ran in: ``int8``, ``float32``, ``bfloat16``."""
        return str(getattr(self.colorizer.predictor, "precision", "float32"))

    @property
    def most_bits(self) -> float:
        """Largest possible entropy of a and b together, in bits."""
        return sum(log2(len(bins)) for bins in self.colorizer.bins)

    def compute(self, settings: DecodeSettings, worker: Reporter) -> None:
        """Run the nets on all frames and fill the store.

        Raises
        ------
        Cancelled
            If the worker is to stop; nothing is left on disk.
        """
        began, count = time.perf_counter(), self.source.count
        try:
            for number, index in enumerate(self.source.indices()):
                worker.report(number, count, self._text(number))
                prediction = self.steering.predict(
                    index, progress=lambda _done, _total: worker.check()
                )
                worker.check()
                self.values.add(prediction.image)
                if number == 0:
                    self.store = self._new_store(prediction)
                    if self.smoothing:
                        self._smoothed = SmoothedFrames(
                            self.steering, self.store, self.smoothing
                        )
                self.put(index, self.decode(index, settings))
            worker.report(count, count, "Done")
        except BaseException:
            self.close()
            raise
        self.seconds = time.perf_counter() - began

    def _text(self, number: int) -> str:
        if not self.source.is_stack:
            return f"Coloring on {self.device}"
        return f"Coloring frame {number + 1} of {self.source.count} on {self.device}"

    def _new_store(self, first: Prediction) -> Store:
        self.coloring.begin(first)
        stack = self.source.is_stack
        self._types = frame_types(first, self.cells, self.coloring, stack=stack)
        wanted = [kind for kind in self._types if self._is_kept(kind)]
        return Store(self.source.frames, {kind: self._types[kind] for kind in wanted})

    def _is_kept(self, kind: str) -> bool:
        """Return whether the store has a kind; a stack keeps its probabilities."""
        return kind in self.kinds or (self.source.is_stack and kind in PROBABILITIES)

    def want(self, kinds: Iterable[str]) -> None:
        """Make room in the store for these kinds, and forget the others.

        What is new is empty until its frames are decoded, but for the distributions of
        a single picture. A stack keeps its probabilities.
        """
        before, single = set(self.store.arrays), self._single
        self._records.want(kinds)
        for kind in self._types:
            if not self._is_kept(kind):
                self.store.arrays.pop(kind, None)
            elif kind not in before:
                self.store.add(kind, *self._types[kind])
        if single is not None:
            for kind, values in predicted_arrays(single, self.store.arrays).items():
                if kind not in before:
                    self.store.write(kind, (0,) * len(self.source.frames), values)

    @property
    def _single(self) -> Prediction | None:
        """The prediction of a single frame, with the hints that are shown."""
        if self.source.is_stack:
            return None
        return self.steering.at_hand((0,) * len(self.source.frames))

    def prediction(self, index: tuple[int, ...]) -> Prediction:
        """Return the prediction for a frame, of a stack without running the nets."""
        if self._single is not None:
            return self._single
        shares = {c: self.store.read(f"{c} probability", index) for c in "ab"}
        return self._of_shares(self.source.read(index), shares)

    def _of_shares(
        self, image: NDArray[Any], shares: dict[str, NDArray[Any]]
    ) -> Prediction:
        """Return the prediction for an image from its probabilities, by channel."""
        return prediction_of(image, shares, self.colorizer, self.working_shape)

    def decode(self, index: tuple[int, ...], settings: DecodeSettings) -> Arrays:
        """Return the wanted kinds of a frame that change with settings and hints.

        The nets run only if other hints hold in the frame than before. With smoothing
        a frame may not be final yet, see `is_final`.
        """
        frames, wants = self._smoothed or self.steering, self._records.wants
        basis = frames.basis(index)
        before, now = self._records.get(index), Made(settings, basis, self.kinds)
        if before == now:
            return {}
        arrays: Arrays = {}
        if before is not None and before.basis == basis:
            prediction = self.prediction(index)
            if before.kinds != now.kinds:
                arrays = predicted_arrays(prediction, self.store.arrays)
            if self.source.is_stack:
                # They come from the store; writing them again would round them again.
                for kind in PROBABILITIES:
                    arrays.pop(kind, None)
        else:
            prediction = frames.predict(index)
            now = now._replace(basis=frames.basis(index))
            arrays = predicted_arrays(prediction, self.store.arrays)
            if self.source.is_stack:
                # The sliders decode from the store and must get these colors back.
                for kind in PROBABILITIES:
                    arrays[kind] = arrays[kind].astype(self.store.arrays[kind].dtype)
                shares = {kind[0]: arrays[kind] for kind in PROBABILITIES}
                prediction = self._of_shares(prediction.image, shares)
        arrays |= decoded_arrays(index, prediction, settings, self.coloring, self.kinds)
        self._records.put(index, now, wants)
        return arrays

    def is_final(self, index: tuple[int, ...]) -> bool:
        """Return whether a frame stays as it is if the frames are decoded in order.

        With smoothing a frame follows from those before it. If these are to be made
        again with other hints, it is decoded by itself, and once more after them.
        """
        return self._smoothed is None or self._smoothed.is_current(index)

    def put(self, index: tuple[int, ...], arrays: Arrays) -> None:
        """Put the decoded arrays of a frame where the layers read them."""
        for kind, values in arrays.items():
            if kind == "colorized" and self.picture is not None:
                self.picture.show(values)
            else:
                self.store.write(kind, index, values)

    def shown(self, kind: str) -> Any:
        """Return what a layer of a kind shows: an array, or a list of levels."""
        if kind == "colorized" and self.picture is not None:
            return self.picture.levels
        return self.store.arrays[kind]

    def look_ahead(self, check: Callable[[], None]) -> None:
        """Render what may be looked at next, as `LargePicture.look_ahead` does."""
        if self.picture is not None and "colorized" in self.kinds:
            self.picture.look_ahead(check)

    def backdrop_for(
        self, source: Source, record: Mapping[str, Any] | None
    ) -> Backdrop:
        """Return the colors as they are now, for a region that is painted on them.

        Parameters
        ----------
        source
            The frames and the region.
        record
            What the colors were made from; None if nobody sees them.
        """
        own = self.source
        if own.region is not None and own.region == source.region:
            # The region is colored anew, not over itself.
            return self.coloring.backdrop.again()
        if record is None or own.whole != source.whole:
            return Backdrop()
        return Backdrop(own, self.picture or self.store, record)

    def close(self) -> None:
        """Remove the files on disk."""
        self.coloring.backdrop.close()
        if hasattr(self, "store"):
            self.store.close()
