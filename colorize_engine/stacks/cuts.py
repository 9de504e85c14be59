"""Cuts between the shots of a film."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.stacks.motion import warped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# Short side in pixels at which frames are compared, at least.
_SIDE = 128
# Sigmas in pixels between which details lie.
_FINE, _COARSE = 1.0, 4.0
# RMS of L* below which a frame has no details, and is compared by its lightness.
_FLAT = 1.0
# Correlation of details. 98 of 100 pairs of unrelated photos have less than 0.17. Of
# one shot that pans, zooms, turns, fades or flares up 98 of 100 have more than 0.25.
_RELATED = 0.22
# Mean squared difference of L* that is noise.
_NOISE = 50.0


def is_cut(previous: Floats, current: Floats, flow: Floats) -> bool:
    """Return whether two frames are of different shots.

    The frame before is moved along the motion. Its details (the band between Gaussians
    of 1 and 4 pixels) then correlate with those of the new frame, also if the light
    changes. Those of other scenes do not, also if both are dark, or have a bright sky.

    If a frame has no details, as a black or a white one, there is a cut where the mean
    squared difference of L* exceeds that of frames with a correlation of 1/2.

    Parameters
    ----------
    previous, current : (h, w) float32
        L* in 0..100.
    flow : (2, h, w) float32
        As from `motion.motion`.
    """
    from PIL import Image

    step = max(1, min(current.shape) // _SIDE)

    def small(plane: Floats) -> Floats:
        return np.asarray(Image.fromarray(plane).reduce(step), np.float32)

    offsets = np.stack([small(plane) for plane in flow]) / np.float32(step)
    before, after = warped(small(previous)[np.newaxis], offsets)[0], small(current)
    fine, fine_after = _details(before), _details(after)
    strengths = fine.std() * fine_after.std()
    if min(fine.std(), fine_after.std()) >= _FLAT:
        return bool((fine * fine_after).mean() < _RELATED * strengths)
    spread = (before.var() + after.var()) / 2
    return bool(((before - after) ** 2).mean() > spread + _NOISE)


def _details(plane: Floats) -> Floats:
    import skimage.filters

    filters: Any = skimage.filters
    fine, coarse = (filters.gaussian(plane, sigma) for sigma in (_FINE, _COARSE))
    return np.asarray(fine - coarse)
