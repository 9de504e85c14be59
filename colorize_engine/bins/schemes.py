"""Bin schemes, and what they are weighted by: centers, class weights, smoothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


# Range of CIE a* and b* over all of sRGB (D65), found on its 2^24 colors.
GAMUT_RANGE = {"a": (-86.19, 98.26), "b": (-107.86, 94.49)}


def uniform_centers(count: int, low: float, high: float) -> NDArray[np.float32]:
    """Centers of ``count`` equal bins that together cover ``low``..``high``.

    The reference design takes 10 over the 8-bit range of Lab, -128..127, where gray
    lies on the edge between two bins.

    Raises
    ------
    ValueError
        If there are fewer than two bins or the range is empty.
    """
    if count < 2 or not -np.inf < low < high < np.inf:
        raise ValueError(
            f"expected at least 2 bins and low < high, got {count} in {low}..{high}"
        )
    edges = np.linspace(low, high, count + 1)
    return ((edges[:-1] + edges[1:]) / 2).astype(np.float32)


def zero_centered(step: float, low: float, high: float) -> NDArray[np.float32]:
    """Multiples of ``step``, zero among them, as few as cover ``low``..``high``.

    Raises
    ------
    ValueError
        If the step is not positive, zero lies outside the range, or the step is so
        wide that zero alone covers the range.
    """
    if not (0 < step < np.inf and -np.inf < low < 0 < high < np.inf):
        raise ValueError(
            f"expected a positive step and low < 0 < high, got {step}, {low}..{high}"
        )
    # A bin reaches half a step beyond its center, so that the ends are covered too.
    first, last = np.floor(low / step + 0.5), np.ceil(high / step - 0.5)
    if first == last:
        raise ValueError(
            f"expected a step that divides {low}..{high} into at least 2 bins, "
            f"got {step}"
        )
    return (np.arange(first, last + 1) * step).astype(np.float32)


def class_weights(
    prior: ArrayLike, *, uniform_share: float = 0.0, power: float = 1.0
) -> NDArray[np.float32]:
    """Weights of the bins in the loss, rare ones the higher.

    w ~ ((1 - lambda) p + lambda / Q)^-power, scaled so that the mean weight under p is
    1 (Zhang, Isola, Efros 2016, https://arxiv.org/abs/1603.08511, eq. 4, whose lambda
    is 1/2 and whose power is 1). Lambda 0 and power 1 are the inverse frequency of the
    reference design; power 1/2 is that of square-root sampling (Mahajan et al. 2018,
    https://arxiv.org/abs/1805.00932, section 2.2).

    Parameters
    ----------
    prior : (Q,) array
        Probability of each bin; Q in the formula counts the bins that are not empty.
    uniform_share
        Lambda, in 0..1: how far p is mixed with the uniform distribution.
    power
        At least 0, where all weights are equal.

    Returns
    -------
    (Q,) float32
        0 for an empty bin.

    Raises
    ------
    ValueError
        If lambda lies outside 0..1, the power is negative, or the prior is no
        distribution.
    """
    p = _distribution(prior)
    if not 0 <= uniform_share <= 1:
        raise ValueError(f"expected a share in 0..1, got {uniform_share}")
    if not 0 <= power < np.inf:
        raise ValueError(f"expected a power of at least 0, got {power}")
    filled = p > 0
    mixed = (1 - uniform_share) * p + uniform_share / filled.sum()
    weights = np.where(filled, np.where(filled, mixed, 1) ** -power, 0)
    return np.asarray(weights / (p * weights).sum(), np.float32)


def smoothed(prior: ArrayLike, centers: ArrayLike, sigma: float) -> NDArray[np.float32]:
    """Prior smoothed with a Gaussian of ``sigma`` Lab units; empty bins stay empty.

    Parameters
    ----------
    prior, centers : (Q,) arrays
    sigma
        Standard deviation; 0 leaves the prior as it is. Zhang 2016 takes 5.

    Returns
    -------
    (Q,) float32
        Sums to 1.

    Raises
    ------
    ValueError
        If sigma is negative or the prior is no distribution.
    """
    p = _distribution(prior)
    if not 0 <= sigma < np.inf:
        raise ValueError(f"expected a sigma of at least 0, got {sigma}")
    if sigma == 0:
        return p.astype(np.float32)
    at = np.asarray(centers, np.float64)
    kernel = np.exp(-0.5 * ((at[:, None] - at) / sigma) ** 2)
    spread = np.where(p > 0, kernel @ (p / kernel.sum(0)), 0)
    return np.asarray(spread / spread.sum(), np.float32)


def _distribution(prior: ArrayLike) -> NDArray[np.float64]:
    p = np.asarray(prior, np.float64)
    if p.ndim != 1 or not np.isfinite(p).all() or (p < 0).any() or p.sum() <= 0:
        raise ValueError(
            "expected a prior of shape (Q,) with values >= 0 that are not all 0"
        )
    return np.asarray(p / p.sum())
