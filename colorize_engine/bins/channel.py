"""Bins of one chroma channel: centers, encoding, prior and class weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


# Smallest non-zero class weight; 0 means an empty bin.
_LEAST_WEIGHT = 1e-30


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
        If the shapes differ, there are fewer than two bins, the centers do not ascend,
        or prior or weights are negative, not finite or all 0.
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
                raise ValueError(f"expected finite {name} >= 0, not all 0")

    @classmethod
    def unweighted(cls, centers: ArrayLike) -> ChannelBins:
        """Return the bins of a net trained without class weights.

        All weights are 1. The prior is unknown and taken as uniform.
        """
        at = np.asarray(centers, np.float32)
        ones = np.ones(at.shape, np.float32)
        return cls(at, ones / np.float32(at.size), ones)

    def __len__(self) -> int:
        return len(self.centers)

    def tempered(self, divisor: float) -> ChannelBins:
        """Return the bins that go with logits divided by ``divisor``.

        Dividing logits raises probabilities to the power 1 / divisor. So the class
        weights w become w^(1 / divisor), up to a factor that changes no distribution.
        Undoing these weights gives the scaled distribution of the data.
        """
        if divisor == 1:
            return self
        shares = np.asarray(self.weights, np.float64) / self.weights.max()
        kept = np.where(
            shares > 0, np.maximum(shares ** (1 / divisor), _LEAST_WEIGHT), 0
        )
        return replace(self, weights=kept)

    def encode_hard(self, values: ArrayLike) -> NDArray[np.int64]:
        """Return the index of the nearest center; of two equally near, the lower."""
        edges = (self.centers[:-1] + self.centers[1:]) / 2
        return np.searchsorted(edges, np.asarray(values, np.float32)).astype(np.int64)

    def encode_soft(
        self, values: ArrayLike
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Split each value linearly between the centers below and above it.

        Parameters
        ----------
        values
            a* or b*, any shape; values beyond the outer centers are clipped to them.

        Returns
        -------
        lower : int64, shape of values
            Index of the center below; the center above is ``lower + 1``.
        share : float32, shape of values
            Share of the upper center, 0..1. The mean of the two centers, weighted by
            their shares, is the value itself.
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
        """Return the share of each bin in samples of the channel.

        Parameters
        ----------
        values
            a* or b*, any shape.
        counts
            How often each value occurs (a histogram); by default, once.
        soft
            Whether a value counts for its two nearest centers, as in ``encode_soft``,
            or only for the nearest.

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
