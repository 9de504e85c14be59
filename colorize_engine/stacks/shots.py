"""Steady distributions in each shot of a film."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colorize_engine.stacks.cells import join
from colorize_engine.stacks.cuts import is_cut
from colorize_engine.stacks.motion import followed
from colorize_engine.stacks.smoothing import averaged, check_smoothing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# Frames after which what looked like a cut was one, and no flash.
_FLASH = 5


class Shots:
    """The frames of a film in order, smoothed within each shot.

    A frame is smoothed with those before it, see `smoothing.smoothed`, but not across a
    cut. After a flash of a few frames the shot goes on with the colors from before it.

    Parameters
    ----------
    smoothing : float
        At least 0, which leaves every frame as it is, and below 1.
    head_stride : int
        Side of a cell in pixels.

    Raises
    ------
    ValueError
        If the smoothing is out of its range.
    """

    def __init__(self, smoothing: float, head_stride: int) -> None:
        check_smoothing(smoothing)
        self._smoothing, self._pixels = smoothing, head_stride**2
        self._last: Floats | None = None
        # The last frame before what may be a flash, and the frames since then.
        self._kept: Floats | None = None
        self._age = 0

    def steady(self, planes: Floats) -> Floats:
        """Return the planes of the next frame, smoothed with those before it.

        Parameters
        ----------
        planes : (k + 1 + Q, h, w) float32
            As from `FrameModel.predict`.
        """
        if not self._smoothing:
            return planes
        self._age += 1
        if self._age > _FLASH:
            self._kept = None
        result = self._continued(self._last, planes)
        if result is None:
            result = self._continued(self._kept, planes)
            if result is not None:
                self._kept = None
            elif self._kept is None:
                self._kept, self._age = self._last, 0
        self._last = planes if result is None else result
        return self._last

    def _continued(self, before: Floats | None, planes: Floats) -> Floats | None:
        """Return the smoothed planes; None if an earlier frame is of another shot."""
        if before is None:
            return None
        lights = join(before[: self._pixels]), join(planes[: self._pixels])
        flow, trust = followed(*lights)
        if is_cut(*lights, flow):
            return None
        return averaged(before, planes, flow, trust, self._smoothing)
