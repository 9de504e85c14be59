"""Detection of photos in color, as opposed to gray photos with a tone.

Toners, dyes, fading and scanners' casts color a black and white photo by its density:
(a*, b*) is a function of L*, one curve for the whole picture. The curve of sepia and
cyanotype has one hue; that of selenium and split tones changes its hue from the shadows
to the highlights. In a photo in color, things of one lightness differ in hue, so
(a*, b*) lies far from any such curve. The distance from the curve decides.

Paper that yellowed unevenly has more than one curve, but the same hue everywhere. That
counts as a tone, too, though the limits for the hue are narrower. Two cases are
misjudged: a toned JPEG file of less than about 200 pixels may count as in color, since
its coarse chroma bleeds across edges; a photo of clouds or of the night may count as
gray.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.color.convert import srgb_to_lab
from colorize_engine.color.levels import full_scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


# Long sides, in pixels. The curve is found at the first, where dark beside light does
# not yet blend to a color off the curve. Distances from it are averaged to the second:
# noise averages out, and details under a hundredth of the picture decide nothing.
_CURVE_SIDE, _DISTANCE_SIDE = 384, 96
# L* is divided into this many levels; the curve joins the medians of those that have
# enough pixels.
_LEVELS = 48
_FEWEST_PIXELS = 8  # of a level
# Largest distances, in units of Lab, of 95 % and of 99 % of a toned photo's pixels from
# the curve, and from the line of one hue. Of the 1,000 photos in color in the training
# corpus's val.tar, seven stay within them: five are nearly gray, and two are in fact
# toned.
_FROM_CURVE, _FROM_HUE = (5.0, 7.0), (2.0, 3.0)
# A tone covers the whole picture: 90 % of the pixels have at least this chroma along
# the line of one hue.
_LEAST_CHROMA = 2.0


def is_in_color(rgb: NDArray[Any]) -> bool:
    """Return whether a picture is in color, neither gray nor of one tone.

    Parameters
    ----------
    rgb : (H, W) or (H, W, 3) uint8, uint16, or float in 0..1
        sRGB-encoded; gray is never in color.
    """
    if rgb.ndim == 2:
        return False
    lab = srgb_to_lab(_reduced(rgb, _CURVE_SIDE) / np.float32(full_scale(rgb.dtype)))
    chroma = lab[..., 1:]
    from_curve = _reduced(chroma - _curve(lab[..., 0], chroma), _DISTANCE_SIDE)
    if not _exceed(np.linalg.norm(from_curve, axis=2), _FROM_CURVE):
        return False
    return not _is_one_hue(_reduced(chroma, _DISTANCE_SIDE).reshape(-1, 2))


def _reduced(array: NDArray[Any], side: int) -> Floats:
    """Return the means (h, w, c) over squares, row by row to save memory."""
    step = -(-max(array.shape[:2]) // side)
    high, wide = (max(1, length // step) for length in array.shape[:2])
    result = np.empty((high, wide, array.shape[2]), np.float32)
    # Whole numbers stay exact; the sum over rows comes first, as it is the fast one.
    dtype = np.uint32 if array.dtype.kind == "u" else np.float32
    for row in range(high):
        strip = array[row * step : (row + 1) * step, : wide * step]
        squares = strip.sum(0, dtype=dtype).reshape(wide, -1, array.shape[2])
        result[row] = squares.sum(1) / np.float32(len(strip) * squares.shape[1])
    return result


def _curve(light: Floats, chroma: Floats) -> Floats:
    """Return the usual (a*, b*) at each pixel's L*: medians, joined by lines."""
    values, pairs = light.ravel(), chroma.reshape(-1, 2)
    level = np.clip(values * (_LEVELS / 100), 0, _LEVELS - 1).astype(np.intp)
    order = np.argsort(level, kind="stable")
    groups = np.split(order, np.searchsorted(level[order], range(1, _LEVELS)))
    fewest = max(_FEWEST_PIXELS, values.size // 2000)
    groups = [group for group in groups if len(group) >= fewest] or [order]
    # np.median would import masked arrays, which takes as long as all of this.
    at = [np.percentile(values[group], 50) for group in groups]
    medians = np.array([np.percentile(pairs[group], 50, axis=0) for group in groups])
    curve = [np.interp(light, at, medians[:, channel]) for channel in (0, 1)]
    return np.stack(curve, axis=-1).astype(np.float32)


def _is_one_hue(chroma: Floats) -> bool:
    """Return whether (a*, b*) lies along one line from gray, on one side of gray."""
    direction = np.linalg.svd(chroma, full_matrices=False)[2][0]
    along = chroma @ direction
    along = along if along.sum() > 0 else -along
    aside = np.abs(chroma @ np.array([-direction[1], direction[0]]))
    return bool(
        np.percentile(along, 10) >= _LEAST_CHROMA and not _exceed(aside, _FROM_HUE)
    )


def _exceed(distances: NDArray[np.floating], limits: tuple[float, float]) -> bool:
    """Return whether over 5 % exceed the first limit, or over 1 % the second."""
    return bool((np.percentile(distances, (95, 99)) > limits).any())
