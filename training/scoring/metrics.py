"""Metrics of one colorized photo, on arrays.

Metrics of a set of photos are in `training.scoring.scores`.

Throughout, *chroma* is a ``(2, H, W)`` array of CIE a* and b*, *RGB* is ``(H, W, 3)``
uint8 and *Lab* is ``(H, W, 3)`` with L* in 0..100.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]
    Bytes = NDArray[np.uint8]

THRESHOLDS = 151
"""Number of thresholds of the curve, which are the errors 0, 1, ... 150."""
CELLS = 22
"""Cells along a* and along b* in which the density of true colors is counted."""
CELL_SIZE = 10.0
CELLS_START = -110.0
CELL_SIGMA = 0.5
"""Standard deviation, in cells, of the Gaussian that smooths the density."""
HUES = 24
"""Sectors of the hue circle."""
_LEAST_CHROMA = 5.0


def error_scores(chroma: Floats, true: Floats) -> NDArray[np.int64]:
    """Count for each pixel the thresholds of the curve that its error is within.

    The share of pixels with an error of at most t, averaged over the thresholds t,
    equals the mean of these scores over the pixels, divided by ``THRESHOLDS``.

    Parameters
    ----------
    chroma, true : (2, H, W) float
        Predicted and true a* and b*.

    Returns
    -------
    (H, W) int64
        From 0 (error above 150) to ``THRESHOLDS`` (no error).
    """
    error = np.hypot(chroma[0] - true[0], chroma[1] - true[1])
    return THRESHOLDS - np.minimum(np.ceil(error), THRESHOLDS).astype(np.int64)


def color_cells(chroma: Floats) -> NDArray[np.int64]:
    """Find the cell of the a*b* plane that each color lies in.

    Parameters
    ----------
    chroma : (2, ...) float
        a* and b*; values outside -110..110 belong to the outermost cells.

    Returns
    -------
    (...) int64
        Index into the ``CELLS * CELLS`` cells, a* major.
    """
    cells = np.floor((chroma - CELLS_START) / CELL_SIZE).astype(np.int64)
    a, b = np.clip(cells, 0, CELLS - 1)
    return np.asarray(a * CELLS + b)


def cell_weights(counts: NDArray[np.int64] | Floats) -> NDArray[np.float64]:
    """Return the weight of pixels by the rarity of their true color: 1/p.

    Parameters
    ----------
    counts : (CELLS * CELLS,) int or float
        Pixels of the true photos in each cell, see `color_cells`.

    Returns
    -------
    (CELLS * CELLS,) float64
        1 / density of each cell, with the density smoothed by a Gaussian of
        ``CELL_SIGMA`` cells; 0 in cells without a pixel.
    """
    from scipy.ndimage import gaussian_filter

    density = np.asarray(counts, np.float64).reshape(CELLS, CELLS)
    density = gaussian_filter(density / density.sum(), CELL_SIGMA, mode="constant")
    smooth = density.ravel()
    weights = np.zeros_like(smooth)
    np.divide(1.0, smooth, out=weights, where=np.asarray(counts) > 0)
    return weights


def psnr(rgb: Bytes, true: Bytes) -> float:
    """Return the peak signal-to-noise ratio of an 8-bit RGB picture.

    Returns
    -------
    float
        In dB; infinite for equal pictures.
    """
    difference = rgb.astype(np.float32) - true.astype(np.float32)
    mean_square = float(np.mean(np.square(difference), dtype=np.float64))
    if mean_square == 0.0:
        return float("inf")
    return float(10.0 * np.log10(255.0**2 / mean_square))


def ssim(rgb: Bytes, true: Bytes) -> float:
    """Return the structural similarity of 8-bit RGB pictures, averaged over R, G, B.

    Gaussian window of 11 pixels, sigma 1.5, population covariance, borders left out.

    Raises
    ------
    ValueError
        If the picture is smaller than the window.

    References
    ----------
    .. [1] Wang, Bovik, Sheikh, Simoncelli: Image quality assessment: from error
       visibility to structural similarity. IEEE TIP 13 (2004).
    """
    from skimage.metrics import structural_similarity

    value = structural_similarity(
        # In float32 scikit-image takes half the time; the difference is below 1e-5.
        rgb.astype(np.float32),
        true.astype(np.float32),
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        channel_axis=-1,
        data_range=255.0,
    )
    return float(value)


def colorfulness(rgb: Bytes) -> float:
    """Return the colorfulness of an 8-bit RGB picture; 0 for a gray one.

    References
    ----------
    .. [1] Hasler, Suesstrunk: Measuring colourfulness in natural images. SPIE 5007
       (2003). The metric M-hat(3), with rg = R - G and yb = (R + G) / 2 - B.
    """
    red, green, blue = np.moveaxis(rgb.astype(np.float32), -1, 0)
    red_green = red - green
    yellow_blue = (red + green) / 2 - blue
    spread = np.sqrt(np.var(red_green) + np.var(yellow_blue))
    offset = np.hypot(np.mean(red_green), np.mean(yellow_blue))
    return float(spread + 0.3 * offset)


def ciede2000(lab: Floats, true: Floats) -> float:
    """Return the mean color difference CIEDE2000 between two Lab pictures.

    Parameters
    ----------
    lab, true : (H, W, 3) float
        L* in 0..100, a*, b*. float32 takes half the time of float64.

    References
    ----------
    .. [1] Sharma, Wu, Dalal: The CIEDE2000 color-difference formula: implementation
       notes. Color Research and Application 30 (2005).
    """
    from skimage.color import deltaE_ciede2000

    return float(np.mean(deltaE_ciede2000(true, lab), dtype=np.float64))


def sign_hits(chroma: Floats, true: Floats) -> NDArray[np.int64]:
    """Count pixels of blue sky and of green, and those predicted with the right sign.

    Parameters
    ----------
    chroma, true : (2, H, W) float
        Predicted and true a* and b*.

    Returns
    -------
    (2, 2) int64
        Row 0: pixels in the top third of the picture with true b* < -10; how many of
        them have a predicted b* < 0. Row 1: pixels anywhere with true a* < -8 and
        true b* > 8; how many of them have a predicted a* < 0.
    """
    top = chroma.shape[1] // 3
    blue = true[1, :top] < -10
    green = (true[0] < -8) & (true[1] > 8)
    hits = [
        [blue.sum(), (blue & (chroma[1, :top] < 0)).sum()],
        [green.sum(), (green & (chroma[0] < 0)).sum()],
    ]
    return np.array(hits, np.int64)


def hue_histogram(chroma: Floats) -> NDArray[np.float64]:
    """Sum the chroma in each sector of the hue circle.

    Parameters
    ----------
    chroma : (2, H, W) float
        a* and b*.

    Returns
    -------
    (HUES,) float64
        Sums of C* = sqrt(a*^2 + b*^2) over the pixels of each sector, from 0 degrees
        (red) on. Pixels of a C* of 5 and less are left out: their hue is noise.
    """
    strength, hue = _polar(chroma)
    sector = np.floor(hue * (HUES / (2 * np.pi))).astype(np.intp) % HUES
    colored = strength > _LEAST_CHROMA
    return np.bincount(sector[colored], strength[colored], HUES)


def magenta_share(chroma: Floats) -> NDArray[np.float64]:
    """Sum the chroma of magenta, at hues of 320 to 20 degrees, and all chroma.

    Parameters
    ----------
    chroma : (2, H, W) float
        a* and b*.

    Returns
    -------
    (2,) float64
        The sum of C* over the pixels of these hues, and over all pixels.
    """
    strength, radians = _polar(chroma)
    hue = np.degrees(radians) % 360
    magenta = (hue >= 320) | (hue < 20)
    return np.array([strength[magenta].sum(), strength.sum()])


def _polar(chroma: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return C* and the hue in radians, -pi to pi, of each pixel: (H * W,) each."""
    a, b = chroma.reshape(2, -1).astype(np.float64)
    return np.hypot(a, b), np.arctan2(b, a)
