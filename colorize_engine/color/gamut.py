"""Gamut mapping: chroma reduced to fit sRGB, at constant lightness and hue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from colorize_engine.color.curves import DELTA, OFFSET, SLOPE, backward

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# Linear sRGB to XYZ as in scikit-image, each row divided by the white point.
_XYZ = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ]
)
_RELATIVE = _XYZ / _XYZ.sum(axis=1, keepdims=True)
TO_XYZ = _RELATIVE.astype(np.float32)
TO_LINEAR = np.linalg.inv(_RELATIVE).astype(np.float32)

_TOLERANCE = 4e-6  # linear RGB this far outside 0..1 counts as inside; 5e-5 encoded
_PRECISION = 1e-3  # relative, of the factor that brings a color into the gamut
_MARGIN = 1e-4  # share taken off the factor, so that rounding does not exceed the gamut
_NEWTON_STEPS = 3
_CONVERGED = 3e-4  # largest last Newton step, as a share of the factor
_NARROWEST = 1e-6  # a bracket of this width is narrow enough for any factor
_HALVINGS = 6  # between checks of which pixels need more


def reduce_chroma(linear: Floats, y: Floats, a: Floats, b: Floats) -> None:
    """Bring colors into the sRGB gamut: reduce their chroma, keep L* and hue.

    Parameters
    ----------
    linear : (3, n) float32
        Linear RGB of the colors, n at most ``curves.BLOCK``. Colors outside 0..1 are
        replaced by the most colorful ones inside (a* and b* at most 0.1 % too small).
    y : (n,) float32
        f(Y) = (L* + 16) / 116 of the colors, in 4/29..1.
    a, b : (n,) float32
        a* and b* of the colors.
    """
    red, green, blue = linear
    least = np.minimum(np.minimum(red, green), blue)
    most = np.maximum(np.maximum(red, green), blue)
    outside = np.flatnonzero((least < -_TOLERANCE) | (most > 1 + _TOLERANCE))
    if not outside.size:
        return
    # f(X) = y + x_slope * factor, and f(Z) likewise.
    rays = y[outside], a[outside] / np.float32(500), b[outside] / np.float32(-200)
    factors = _estimated_factors(linear[:, outside], *rays)
    fitted = _linear_at(factors, *rays)
    # Written so that NaN counts as wrong, too.
    wrong = np.flatnonzero(
        ~((_distance(fitted) <= 0.5 + _TOLERANCE) & (factors >= 0) & (factors <= 1))
    )
    if wrong.size:
        others = rays[0][wrong], rays[1][wrong], rays[2][wrong]
        fitted[:, wrong] = _linear_at(_bisected_factors(*others), *others)
    linear[:, outside] = fitted


def times(matrix: Floats, colors: Floats, out: Floats | None = None) -> Floats:
    """Return the matrix product with colors (C, n), each as if it were alone.

    BLAS adds up a single column in another order than several. Then a color would
    depend on how many others are converted with it.
    """
    if colors.shape[1] > 1:
        return np.matmul(matrix, colors, out=out)
    result = np.matmul(matrix, np.repeat(colors, 2, axis=1))[:, :1]
    if out is not None:
        out[:] = result
    return result if out is None else out


def _distance(linear: Floats) -> Floats:
    """Return the largest distance (n,) of (3, n) linear values from 0.5."""
    red, green, blue = np.abs(linear - np.float32(0.5))
    np.maximum(red, green, out=red)
    farthest: Floats = np.maximum(red, blue, out=red)
    return farthest


def _linear_at(factor: Floats, y: Floats, x_slope: Floats, z_slope: Floats) -> Floats:
    """Return the linear RGB (3, n) of the colors with chroma times `factor`."""
    f = np.stack([factor * x_slope + y, y, factor * z_slope + y])
    return times(TO_LINEAR, backward(f, np.empty_like(f), np.empty_like(f)))


def _estimated_factors(
    linear: Floats, y: Floats, x_slope: Floats, z_slope: Floats
) -> Floats:
    """Return the factors at which one channel leaves the gamut, by Newton's method.

    The method starts from a guess. If all channels went in a straight line from gray to
    `linear`, one would leave the gamut first: this channel is taken, and the method
    starts where it leaves. The result is NaN where the method has not converged.
    """
    luminance = backward(y[np.newaxis].copy(), *np.empty((2, 1, y.size), np.float32))[0]
    limits = (linear > np.float32(0.5)).astype(np.float32)
    limits -= luminance
    change = linear - luminance
    inside = np.abs(linear - np.float32(0.5)) <= np.float32(0.5)
    with np.errstate(divide="ignore", invalid="ignore"):
        starts = limits / change
    starts[inside] = np.inf
    channel = starts.argmin(axis=0)
    columns = np.arange(y.size)
    factor: Floats = starts[channel, columns]
    limit = limits[channel, columns]
    black_or_white = np.abs(limit) <= _TOLERANCE
    from_x, from_z = TO_LINEAR[channel, 0], TO_LINEAR[channel, 2]
    limit += (1 - TO_LINEAR[channel, 1]) * luminance
    step = factor
    with np.errstate(all="ignore"):
        for _ in range(_NEWTON_STEPS):
            x, x_rate = _cubed(factor * x_slope + y)
            z, z_rate = _cubed(factor * z_slope + y)
            x *= from_x
            z *= from_z
            x += z
            x -= limit
            x_rate *= from_x
            x_rate *= x_slope
            z_rate *= from_z
            z_rate *= z_slope
            x_rate += z_rate
            step = x / x_rate
            factor = factor - step
        factor *= np.float32(1 - _MARGIN)
        factor[~(np.abs(step) <= _CONVERGED * factor)] = np.nan
    factor[black_or_white] = 0
    return factor


def _cubed(f: Floats) -> tuple[Floats, Floats]:
    """Return the inverse of CIE Lab's cube root curve and its derivative.

    `f` is overwritten.
    """
    above = np.maximum(f, np.float32(DELTA))
    f -= above
    f *= np.float32(SLOPE)
    squares = above * above
    above *= squares
    f += above
    squares *= np.float32(3)  # below DELTA: 3 DELTA**2, which is SLOPE
    return f, squares


def _bisected_factors(y: Floats, x_slope: Floats, z_slope: Floats) -> Floats:
    """Return the largest factors of the chroma that stay in the gamut, by bisection.

    A ray of constant L* and hue leaves the gamut more than once only among the
    brightest greenish yellows, for one color in 10,000. Then any of the exits is taken.
    """
    low = np.zeros_like(y)
    width = np.fmin(
        np.fmin(_exit_factors(y, x_slope), _exit_factors(y, z_slope)), np.float32(1)
    )
    pixels = np.arange(y.size)
    while pixels.size:
        rays = y[pixels], x_slope[pixels], z_slope[pixels]
        low[pixels] = ends = _bisected(low[pixels], width[pixels], *rays)
        width[pixels] *= np.float32(0.5**_HALVINGS)
        left = width[pixels]
        pixels = pixels[left > np.maximum(_PRECISION * (ends + left), _NARROWEST)]
    return low


def _exit_factors(y: Floats, slope: Floats) -> Floats:
    """Return the factors at which f(X) or f(Z), y + factor * slope, leaves 4/29..1."""
    ends: Floats = np.where(slope > 0, np.float32(1) - y, y - np.float32(OFFSET))
    with np.errstate(divide="ignore", invalid="ignore"):
        ends /= np.abs(slope)
    return ends


def _bisected(
    low: Floats, width: Floats, y: Floats, x_slope: Floats, z_slope: Floats
) -> Floats:
    """Return the lower ends of the brackets low..low + width, halved a few times."""
    f = np.empty((2, y.size), np.float32)
    above, cubes = np.empty_like(f), np.empty_like(f)
    luminance = backward(y[np.newaxis].copy(), above[:1], cubes[:1])
    # Distances from the middle of the gamut, 0.5, still without the parts of X and Z.
    base = TO_LINEAR[:, 1:2] * luminance - np.float32(0.5)
    from_xz = np.ascontiguousarray(TO_LINEAR[:, ::2])
    distance = np.empty_like(base)
    low, width = low.copy(), width.copy()
    for _ in range(_HALVINGS):
        width *= np.float32(0.5)
        middle = low + width
        np.multiply(middle, x_slope, out=f[0])
        np.multiply(middle, z_slope, out=f[1])
        f += y
        times(from_xz, backward(f, above, cubes), distance)
        distance += base
        np.abs(distance, out=distance)
        farthest = np.maximum(np.maximum(*distance[:2]), distance[2])
        low += width * (farthest <= np.float32(0.5 + _TOLERANCE))
    return low
