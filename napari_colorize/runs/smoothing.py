"""Smoothing of a stack's distributions over time, as the engine does it."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

    from colorize_engine import Prediction
    from napari_colorize.runs.steering import Hints, Index, Steering
    from napari_colorize.runs.store import Store

    Floats = NDArray[np.float32]

_PLANES = "smoothed planes"
# Change of a logit that is lost in a probability of float16.
_SAME = 5e-4


class _Kept(NamedTuple):
    """What the planes of a frame on disk follow from, and their version."""

    hints: Hints
    before: int
    version: int


class SmoothedFrames:
    """The frames of a stack, each smoothed with those before it in time.

    Results ask it in place of `Steering`. A frame needs the smoothed planes of the one
    before it, so those of all frames are kept on disk. After other hints the frames
    are made again from the first that changes, up to where nothing changes any more.

    Parameters
    ----------
    steering
        The nets, and the hints.
    store
        Keeps the planes.
    smoothing
        As in ``colorize_engine.stacks.predict``, along ``steering.time_axis``.
    """

    def __init__(self, steering: Steering, store: Store, smoothing: float) -> None:
        self._steering, self._store, self._smoothing = steering, store, smoothing
        self._kept: dict[Index, _Kept] = {}
        self._versions = count(1)
        # How many first frames of each series follow from these hints.
        self._hints: Hints = ()
        self._current: dict[Index, int] = {}

    def basis(self, index: Index) -> Hashable:
        """Return what the distributions of a frame follow from.

        It is their version; None if they are to be made again. A frame that comes
        before its time is not smoothed, so its basis is its hints.
        """
        if self.is_current(index):
            return self._kept[index].version
        before = self._before(index)
        if before is None or self.is_current(before):
            return None
        return self._steering.shown(index)

    def is_current(self, index: Index) -> bool:
        """Return whether the planes of a frame follow from the present hints."""
        if self._hints != self._steering.hints:
            self._hints, self._current = self._steering.hints, {}
        axis = self._steering.time_axis
        series = index[:axis] + index[axis + 1 :]
        number, version = self._current.get(series, 0), 0
        if number:
            version = self._kept[self._at(index, number - 1)].version
        while number <= index[axis]:
            kept = self._kept.get(frame := self._at(index, number))
            if kept is None or kept.before != version:
                break
            if kept.hints != self._steering.shown(frame):
                break
            number, version = number + 1, kept.version
        self._current[series] = number
        return index[axis] < number

    def predict(self, index: Index) -> Prediction:
        """Return the prediction for a frame, smoothed.

        It is not smoothed while the frame before it is to be made again.
        """
        from colorize_engine.stacks.planes import planes_of, with_planes
        from colorize_engine.stacks.smoothing import smoothed

        found, before = self._steering.predict(index), self._before(index)
        if before is None:
            planes = planes_of(found)
            self._keep(index, 0, planes)
            return found
        if not self.is_current(before):
            return found
        past = self._store.read(_PLANES, before)
        planes = smoothed(past, planes_of(found), self._smoothing, found.head_stride)
        self._keep(index, self._kept[before].version, planes)
        return with_planes(found, planes)

    def _keep(self, index: Index, before: int, planes: Floats) -> None:
        """Keep the planes of a frame; they keep their version if they do not change."""
        if _PLANES not in self._store.arrays:
            self._store.add(_PLANES, planes.shape, np.float32)
        old, version = self._kept.get(index), next(self._versions)
        if old is not None and np.allclose(
            planes, self._store.read(_PLANES, index), rtol=0, atol=_SAME
        ):
            version = old.version
        else:
            self._store.write(_PLANES, index, planes)
        self._kept[index] = _Kept(self._steering.shown(index), before, version)

    def _before(self, index: Index) -> Index | None:
        """Return the frame before a frame in time; None for the first."""
        number = index[self._steering.time_axis]
        return self._at(index, number - 1) if number else None

    def _at(self, index: Index, number: int) -> Index:
        """Return a frame of the same series by its position in time."""
        axis = self._steering.time_axis
        return (*index[:axis], number, *index[axis + 1 :])
