"""Centers of evenly spaced bins, smoothed priors and class weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


# Range of CIE a* and b* over sRGB (D65), measured on all its 2^24 8-bit colors.
GAMUT_RANGE = {"a": (-86.19, 98.26), "b": (-107.87, 94.49)}


def uniform_centers(count: int, low: float, high: float) -> NDArray[np.float32]:
    """Return the centers of ``count`` equal bins that cover ``low``..``high``.

    The reference design has 10 bins over the 8-bit range of Lab, -128..127. There gray
    lies on the edge between two bins.

    Raises
    ------
    ValueError
        If there are fewer than two bins, or the range is empty or not finite.
    """
    if count < 2 or not -np.inf < low < high < np.inf:
        raise ValueError(
            f"expected at least 2 bins and low < high, got {count} in {low}..{high}"
        )
    edges = np.linspace(low, high, count + 1)
    return ((edges[:-1] + edges[1:]) / 2).astype(np.float32)


def zero_centered(step: float, low: float, high: float) -> NDArray[np.float32]:
    """Return multiples of ``step``, including zero, as centers of bins.

    They are the fewest whose bins cover ``low``..``high``.

    Raises
    ------
    ValueError
        If the step is not positive, zero is not inside the range, or the step is so
        wide that the bin of zero covers the range alone.
    """
    if not (0 < step < np.inf and -np.inf < low < 0 < high < np.inf):
        raise ValueError(
            f"expected a positive step and low < 0 < high, got {step}, {low}..{high}"
        )
    # The outer bins reach half a step beyond their centers.
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
    """Return the weights of the bins in the loss; rare bins weigh more.

    w ~ ((1 - lambda) p + lambda / Q)^-power, scaled so that the mean weight under p is
    1 (Zhang, Isola, Efros 2016, https://arxiv.org/abs/1603.08511, eq. 4, with lambda
    1/2 and power 1). Lambda 0 and power 1 give the inverse frequency of the reference
    design. Power 1/2 is that of square-root sampling (Mahajan et al. 2018,
    https://arxiv.org/abs/1805.00932, section 2.2).

    Parameters
    ----------
    prior : (Q,) array
        Probability of each bin; Q in the formula counts the bins that are not empty.
    uniform_share
        Lambda, the share of the uniform distribution mixed into p, in 0..1.
    power
        At least 0; 0 makes all weights equal.

    Returns
    -------
    (Q,) float32
        0 for an empty bin.

    Raises
    ------
    ValueError
        If lambda lies outside 0..1, the power is negative, or the prior is not a
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
    """Return the prior smoothed with a Gaussian; empty bins stay empty.

    Parameters
    ----------
    prior, centers : (Q,) arrays
    sigma
        Standard deviation in Lab units; 0 leaves the prior as it is. Zhang et al. 2016
        use 5.

    Returns
    -------
    (Q,) float32
        Sums to 1.

    Raises
    ------
    ValueError
        If sigma is negative or the prior is not a distribution.
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
