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

    The details of both, the band between Gaussians of 1 and 4 pixels, correlate if the
    frames are of one shot, at rest or along the motion, also if the light changes.
    Those of other scenes do not, also if both are dark, or have a bright sky.

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
    before, after = small(previous), small(current)
    moved = warped(before[np.newaxis], offsets)[0]
    fine, *both = (_details(plane) for plane in (after, before, moved))
    if min(fine.std(), both[0].std()) >= _FLAT:
        return all(_correlation(fine, other) < _RELATED for other in both)
    spread = (moved.var() + after.var()) / 2
    return bool(((moved - after) ** 2).mean() > spread + _NOISE)


def _correlation(one: Floats, other: Floats) -> float:
    strengths = max(float(one.std() * other.std()), 1e-6)
    return float((one * other).mean()) / strengths


def _details(plane: Floats) -> Floats:
    import skimage.filters

    filters: Any = skimage.filters
    fine, coarse = (filters.gaussian(plane, sigma) for sigma in (_FINE, _COARSE))
    return np.asarray(fine - coarse)
