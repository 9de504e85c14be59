"""Whether a photo is in color, or a gray one with a tone.

Toners, dyes, fading and scanners' casts color a black and white photo by its density:
(a*, b*) is a function of L* there, one curve for the whole picture. Sepia and
cyanotype have a curve of one hue, selenium and split tones one that turns from the
shadows to the highlights. In a photo in color things of one lightness differ in hue,
so that (a*, b*) lies far from any such curve. What counts is the distance from it.

Paper that yellowed unevenly has more than one curve, but one hue in all places; that
counts as a tone, too, though the hue must be narrower then. What cannot be told: a
toned JPEG file of less than about 200 pixels, whose coarse chroma bleeds across its
edges, may count as in color, and a photo of clouds or of the night as gray.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.color.convert import srgb_to_lab
from colorize_engine.color.levels import full_scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


# Pixels of the long side where the curve is found, and where distances from it are
# judged: noise averages out, what is smaller than a hundredth of the picture decides
# nothing, and dark beside light does not blend to a color that is off the curve.
_SIDE, _END = 384, 96
# L* is divided into so many levels; the curve joins their medians.
_LEVELS = 48
_FEWEST = 8
# Distances in units of Lab that 95 % and 99 % of a toned photo's pixels keep, from the
# curve and from the line of one hue. Of the 1,000 photos in color of the training
# corpus's val.tar five keep them, nearly gray ones, besides two that are toned indeed.
_FROM_CURVE, _FROM_HUE = (5.0, 7.0), (2.0, 3.0)
# A tone leaves no place out: 90 % of the pixels have at least this chroma of one hue.
_THROUGHOUT = 2.0


def is_in_color(rgb: NDArray[Any]) -> bool:
    """Whether a picture is in color, not gray or of one tone.

    Parameters
    ----------
    rgb : (H, W) or (H, W, 3) uint8, uint16, or float in 0..1
        sRGB-encoded; gray is never in color.
    """
    if rgb.ndim == 2:
        return False
    lab = srgb_to_lab(_reduced(rgb, _SIDE) / np.float32(full_scale(rgb.dtype)))
    chroma = lab[..., 1:]
    from_curve = _reduced(chroma - _curve(lab[..., 0], chroma), _END)
    if not _beyond(np.linalg.norm(from_curve, axis=2), _FROM_CURVE):
        return False
    return not _is_one_hue(_reduced(chroma, _END).reshape(-1, 2))


def _reduced(array: NDArray[Any], side: int) -> Floats:
    """Return means (h, w, c) over squares; row by row, as that saves memory."""
    step = -(-max(array.shape[:2]) // side)
    high, wide = (max(1, length // step) for length in array.shape[:2])
    result = np.empty((high, wide, array.shape[2]), np.float32)
    for row in range(high):
        strip = array[row * step : (row + 1) * step, : wide * step]
        squares = strip.reshape(len(strip), wide, -1, array.shape[2])
        result[row] = squares.mean((0, 2), dtype=np.float32)
    return result


def _curve(light: Floats, chroma: Floats) -> Floats:
    """Return (a*, b*) that is usual at each pixel's L*: medians, joined by lines."""
    values, pairs = light.ravel(), chroma.reshape(-1, 2)
    level = np.clip(values * (_LEVELS / 100), 0, _LEVELS - 1).astype(np.intp)
    order = np.argsort(level, kind="stable")
    groups = np.split(order, np.searchsorted(level[order], range(1, _LEVELS)))
    fewest = max(_FEWEST, values.size // 2000)
    groups = [group for group in groups if len(group) >= fewest] or [order]
    at = [np.median(values[group]) for group in groups]
    medians = np.array([np.median(pairs[group], axis=0) for group in groups])
    curve = [np.interp(light, at, medians[:, channel]) for channel in (0, 1)]
    return np.stack(curve, axis=-1).astype(np.float32)


def _is_one_hue(chroma: Floats) -> bool:
    """Whether all (a*, b*) lie along one line from gray, on one side of it."""
    direction = np.linalg.svd(chroma, full_matrices=False)[2][0]
    along = chroma @ direction
    along = along if along.sum() > 0 else -along
    aside = np.abs(chroma @ np.array([-direction[1], direction[0]]))
    return bool(
        np.percentile(along, 10) >= _THROUGHOUT and not _beyond(aside, _FROM_HUE)
    )


def _beyond(distances: NDArray[np.floating], limits: tuple[float, float]) -> bool:
    """Whether more than 5 %, or more than 1 %, exceed their limit."""
    return bool((np.percentile(distances, (95, 99)) > limits).any())
