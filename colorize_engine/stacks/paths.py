"""The ways of hints through the frames of a stack."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.hints import check_inside
from colorize_engine.resize import fit_lightness, working_shape
from colorize_engine.stacks.cuts import is_cut
from colorize_engine.stacks.motion import followed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from colorize_engine.hints import Hint

    Floats = NDArray[np.float32]
    Hints = tuple[Hint, ...]

# Short side in pixels at which motion is followed.
_SIDE = 128
# A hint that counts less has no visible effect and ends.
_LEAST = 0.05
# Steps from frame to frame that stay in memory, each about 300 kB.
_KEPT = 200


def check_frames(hints: Iterable[Hint], shape: tuple[int, int], count: int) -> None:
    """Raise ValueError if a hint lies outside a series of ``count`` frames."""
    hints = tuple(hints)
    check_inside(hints, shape)
    for hint in hints:
        if hint.frame is not None and hint.frame >= count:
            raise ValueError(
                f"the hint of frame {hint.frame} lies outside the stack of {count} "
                "frames, counted from 0"
            )


def light_of(frame: NDArray[Any]) -> Floats:
    """Return the L* of a frame as `Paths` takes it: (h, w) float32, 0..100."""
    shape = frame.shape[0], frame.shape[1]
    side = min(_SIDE, *shape)
    return fit_lightness(frame, working_shape(shape, side))


class Paths:
    """The ways of hints through the frames of one series.

    A hint of one frame is carried to the others, before and after it, along the motion
    (see `motion.followed`). It counts as much there as the motion can be trusted at the
    least sure step of its way, so it fades where the scene changes and ends at a cut. A
    hint for all frames stays at its place.

    Parameters
    ----------
    shape : (H, W)
        Size of a frame.
    light : callable
        Returns `light_of` a frame, given its number.
    cuts : bool
        Whether cuts are looked for, as films have them, see `cuts.is_cut`. Else the
        trust in the motion alone ends a hint.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        light: Callable[[int], Floats],
        *,
        cuts: bool = False,
    ) -> None:
        self._shape, self._cuts = shape, cuts
        # A walk needs each frame twice.
        self._light = lru_cache(2)(light)
        self._step = lru_cache(_KEPT)(self._followed)
        self._walks: dict[tuple[Hints, int], list[Hints]] = {}

    def shown(self, hints: Iterable[Hint], frame: int) -> Hints:
        """Return the hints of a frame: its own, and those that are carried to it.

        Parameters
        ----------
        hints
            Those of the whole series.
        frame
            Number of the frame, from 0.

        Returns
        -------
        tuple of Hint
            With their place and strength in this frame. Those from nearer frames come
            later and thus lie on top, the frame's own on top of all.
        """
        hints = tuple(hints)
        starts = {hint.frame for hint in hints if hint.frame is not None}
        found = [hint for hint in hints if hint.frame is None]
        for start in sorted(starts, key=lambda start: -abs(frame - start)):
            own = tuple(hint for hint in hints if hint.frame == start)
            found += self._carried(own, start, frame)
        return tuple(found)

    def _carried(self, hints: Hints, start: int, frame: int) -> Hints:
        way = 1 if frame > start else -1
        if (hints, way) not in self._walks and len(self._walks) > _KEPT:
            self._walks.clear()
        walk = self._walks.setdefault((hints, way), [hints])
        distance = abs(frame - start)
        while walk[-1] and len(walk) <= distance:
            at = start + way * (len(walk) - 1)
            walk.append(self._moved(walk[-1], *self._step(at, at + way)))
        return walk[distance] if distance < len(walk) else ()

    def _followed(self, source: int, target: int) -> tuple[Floats, Floats]:
        # The offset from each pixel of the source to its place in the target.
        lights = self._light(target), self._light(source)
        flow, trust = followed(*lights)
        if self._cuts and is_cut(*lights, flow):
            trust = np.zeros_like(trust)
        return flow, trust

    def _moved(self, hints: Hints, flow: Floats, trust: Floats) -> Hints:
        sides = np.array(self._shape, float)
        scale = trust.shape / sides
        moved = []
        for hint in hints:
            place = np.array([hint.row, hint.column], float)
            at = np.rint((place + 0.5) * scale - 0.5).astype(int)
            y, x = np.clip(at, 0, np.array(trust.shape) - 1)
            place += flow[:, y, x] / scale
            strength = min(hint.strength, float(trust[y, x]))
            if strength >= _LEAST and (abs(place + 0.5 - sides / 2) <= sides / 2).all():
                row, column = (float(n) for n in place)
                moved.append(replace(hint, row=row, column=column, strength=strength))
        return tuple(moved)


def along_series(
    hints: Hints, shape: tuple[int, int], lights: Sequence[Floats]
) -> list[Hints]:
    """Return the hints of each frame of a series, given `light_of` each frame."""
    paths = Paths(shape, lights.__getitem__)
    return [paths.shown(hints, frame) for frame in range(len(lights))]
