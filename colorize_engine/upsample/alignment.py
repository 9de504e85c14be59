"""Edges of predicted chroma moved onto those of the lightness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.parallel import spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# The joint bilateral filter: distances in pixels of the working size, and the standard
# deviations of its Gaussians, of distance in pixels and of the difference in L*.
_REACH, _STEP = 6, 2
_SPATIAL_SIGMA, _LIGHTNESS_SIGMA = 3.0, 3.0
_STRIP = 64  # rows that are filtered at a time, each in a thread


def align(chroma: NDArray[Any], guide: NDArray[Any]) -> Floats:
    """Move the edges of predicted chroma onto those of the lightness.

    A network's prediction is smooth: its colors end some pixels before or behind the
    edge that they belong to. At full size that is a wide stain. A joint bilateral
    filter [1]_ [2]_ at the working size takes the chroma of each pixel from similarly
    light pixels around it: from 7x7 pixels, two apart, weighted by Gaussians of the
    distance (sigma 3 pixels) and of the difference in L* (sigma 3). It is a mean, so it
    makes no halos.

    It was chosen over guided filters, weighted least squares and other widths of this
    filter by ``benchmarks/upsampling.py``. That measures the distance from the truth in
    a*b* near edges of L*, as the mean of ten photos at one megapixel. Bilinear chroma
    of the default model is 19.38 away. Guided chroma is 0.13 nearer with this filter
    and 0.04 nearer without it; CIEDE2000 is 0.02 less. Wider filters gain more in the
    mean and lose more on single photos (this one up to 0.07). True chroma gets worse,
    by 0.24 of CIEDE2000: the filter is for predictions only.

    Parameters
    ----------
    chroma : (2, h, w) array
        a* and b* at the working size.
    guide : (h, w) array
        L* at the working size.

    Returns
    -------
    (2, h, w) float32

    References
    ----------
    .. [1] G. Petschnigg et al., "Digital photography with flash and no-flash image
       pairs", SIGGRAPH 2004.
    .. [2] J. Kopf et al., "Joint bilateral upsampling", SIGGRAPH 2007.
    """
    light, given = guide.astype(np.float32), chroma.astype(np.float32)
    height = light.shape[0]
    result = np.empty_like(given)

    def one(top: int) -> None:
        # With what the filter reaches to, so that a strip is as a part of the whole.
        first, bottom = max(0, top - _REACH), min(height, top + _STRIP)
        around = slice(first, min(height, bottom + _REACH))
        made = _aligned(given[:, around], light[around])
        result[:, top:bottom] = made[:, top - first : bottom - first]

    spread(lambda: one, range(0, height, _STRIP))
    return result


def _aligned(chroma: Floats, light: Floats) -> Floats:
    """Filter a strip as a whole; see `align`."""
    height, width = light.shape
    # Sums of the weights and of the weighted a* and b*. A pixel itself has weight 1.
    values = np.concatenate([np.ones_like(light)[None], chroma])
    sums = values.copy()
    for down in range(0, min(_REACH + 1, height), _STEP):
        for right in range(-_REACH, _REACH + 1, _STEP):
            # A pair of pixels is visited once and adds to the sums of both.
            if (down, right) <= (0, 0) or abs(right) >= width:
                continue
            here = np.s_[: height - down, max(-right, 0) : width - max(right, 0)]
            there = np.s_[down:, max(right, 0) : width + min(right, 0)]
            weight = light[there] - light[here]
            weight *= weight
            weight *= -1 / (2 * _LIGHTNESS_SIGMA**2)
            weight -= (down * down + right * right) / (2 * _SPATIAL_SIGMA**2)
            np.exp(weight, out=weight)
            sums[:, *here] += weight * values[:, *there]
            sums[:, *there] += weight * values[:, *here]
    return np.asarray(sums[1:] / sums[0])
