"""Bins of one chroma channel: centers, encoding, prior and class weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from colorize_engine.bins.lloyd import lloyd_max

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "GAMUT_RANGE",
    "ChannelBins",
    "class_weights",
    "lloyd_max",
    "smoothed",
    "uniform_centers",
    "zero_centered",
]

# Range of CIE a* and b* over all of sRGB (D65), found on its 2^24 colors.
GAMUT_RANGE = {"a": (-86.19, 98.26), "b": (-107.86, 94.49)}
# Weight that stands for all smaller ones but 0, which is for empty bins.
_LEAST = 1e-30


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


@dataclass(frozen=True, eq=False)
class ChannelBins:
    """The bins of a or of b.

    Attributes
    ----------
    centers : (Q,) float32
        Ascending values of a* or b*.
    prior : (Q,) float32
        Share of the training pixels nearest to each center.
    weights : (Q,) float32
        Class weights that the net was trained with; 0 for an empty bin.

    Raises
    ------
    ValueError
        If the three do not fit together.
    """

    centers: NDArray[np.float32]
    prior: NDArray[np.float32]
    weights: NDArray[np.float32]

    def __post_init__(self) -> None:
        for name in ("centers", "prior", "weights"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), np.float32))
        shapes = {self.centers.shape, self.prior.shape, self.weights.shape}
        if len(shapes) > 1 or self.centers.ndim != 1 or len(self.centers) < 2:
            raise ValueError(
                "expected centers, prior and weights of one shape (Q,), Q >= 2, got "
                f"{self.centers.shape}, {self.prior.shape}, {self.weights.shape}"
            )
        if not (np.isfinite(self.centers).all() and (np.diff(self.centers) > 0).all()):
            raise ValueError("expected finite and ascending bin centers")
        for name in ("prior", "weights"):
            values = getattr(self, name)
            if not (np.isfinite(values) & (values >= 0)).all() or values.max() <= 0:
                raise ValueError(f"expected {name} >= 0 that are finite, not all 0")

    @classmethod
    def unweighted(cls, centers: ArrayLike) -> ChannelBins:
        """Bins of a net trained without class weights and with no known prior."""
        at = np.asarray(centers, np.float32)
        ones = np.ones(at.shape, np.float32)
        return cls(at, ones / np.float32(at.size), ones)

    def __len__(self) -> int:
        return len(self.centers)

    def tempered(self, divisor: float) -> ChannelBins:
        """Give the bins that go with logits divided by a number.

        What is divided there is raised to a power here: the class weights w become
        w^(1 / divisor), up to a factor that changes no distribution. So undoing them
        gives the scaled distribution of the data.
        """
        if divisor == 1:
            return self
        shares = np.asarray(self.weights, np.float64) / self.weights.max()
        kept = np.where(shares > 0, np.maximum(shares ** (1 / divisor), _LEAST), 0)
        return replace(self, weights=kept)

    def encode_hard(self, values: ArrayLike) -> NDArray[np.int64]:
        """Index of the nearest center, the lower one of two equally near."""
        edges = (self.centers[:-1] + self.centers[1:]) / 2
        return np.searchsorted(edges, np.asarray(values, np.float32)).astype(np.int64)

    def encode_soft(
        self, values: ArrayLike
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Share values linearly between their two nearest centers.

        Parameters
        ----------
        values
            a* or b*, any shape; values beyond the outer centers count as these.

        Returns
        -------
        lower : int64, shape of values
            Index of the center below; the other one is ``lower + 1``.
        share : float32, shape of values
            Share of the upper center, 0..1. The mean of the two centers under these
            shares is the value itself.
        """
        at = np.asarray(values, np.float32)
        lower = np.searchsorted(self.centers, at, side="right") - 1
        lower = np.clip(lower, 0, len(self) - 2)
        width = self.centers[lower + 1] - self.centers[lower]
        share = np.clip((at - self.centers[lower]) / width, 0, 1)
        return lower.astype(np.int64), share.astype(np.float32)

    def measure_prior(
        self, values: ArrayLike, counts: ArrayLike | None = None, *, soft: bool
    ) -> NDArray[np.float32]:
        """Share of each bin in samples of the channel.

        Parameters
        ----------
        values
            a* or b*, any shape.
        counts
            How often each value occurs (a histogram), by default once.
        soft
            Whether a value counts for its two nearest centers or only the nearest.

        Returns
        -------
        (Q,) float32
            Sums to 1.

        Raises
        ------
        ValueError
            If there are no samples.
        """
        at = np.ravel(np.asarray(values, np.float32))
        n = np.ones(at.shape) if counts is None else np.ravel(np.asarray(counts))
        if soft:
            lower, share = self.encode_soft(at)
            mass = np.bincount(lower, n * (1 - share), len(self))
            mass += np.bincount(lower + 1, n * share, len(self))
        else:
            mass = np.bincount(self.encode_hard(at), n, len(self))
        if not mass.sum() > 0:
            raise ValueError("expected samples to measure a prior on, got none")
        return np.asarray(mass / mass.sum(), np.float32)
