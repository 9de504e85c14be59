"""Annealed mean and rebalancing: values of a or b from distributions over bins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from colorize_engine.bins import ChannelBins

MAX_SATURATION = 100.0
"""Largest factor on the chroma."""

# Bits of both distributions up to which a color is sure enough for any caution.
_SURE = 4.0
# Replaces log(0) where -inf does not work: far below all logits, far from overflow.
_LOG_ZERO = -1e30
# Dividing by less than this would overflow by itself, whatever the logits.
_LEAST_TEMPERATURE = 1e-37


def softmax(logits: ArrayLike) -> NDArray[np.float32]:
    """Return the softmax over the first axis: (Q, ...) float32, sums to 1 over Q."""
    return sharpened(logits, 1)


def sharpened(logits: ArrayLike, temperature: float) -> NDArray[np.float32]:
    """Return the distribution sharpened by a temperature: f_T of `annealed_mean`.

    Parameters
    ----------
    logits : (Q, ...) array
        Logits or log-probabilities over the bins; -inf is probability 0.
    temperature
        T in 0..1: 1 leaves the distribution as it is, 0 leaves only the mode. Tied
        modes share equally.

    Returns
    -------
    (Q, ...) float32
        Sums to 1 over Q.

    Raises
    ------
    ValueError
        If the temperature lies outside 0..1.
    """
    shares = _sharpened(np.asarray(logits, np.float32), temperature)
    shares /= shares.sum(0)
    return shares


def _sharpened(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Return the sharpened distribution, scaled so that its largest share is 1.

    The result is a new array.
    """
    if not 0 <= temperature <= 1:
        raise ValueError(f"expected a temperature in 0..1, got {temperature}")
    # An overflow gives -inf, which is as good as any logit so far below the largest.
    # The largest exponent is 0, so a small T underflows to the mode, no further.
    with np.errstate(over="ignore"):
        shares: NDArray[np.float32] = np.asarray(logits - logits.max(0))
        if temperature == 0:
            return np.asarray(shares == 0, np.float32)
        if temperature < 1:
            shares /= np.float32(max(temperature, _LEAST_TEMPERATURE))
    np.exp(shares, out=shares)
    return shares


def rebalanced(
    logits: ArrayLike, weights: ArrayLike, rebalance: float
) -> NDArray[np.float32]:
    """Strengthen or undo the class weights of training: z' ~ z * w^gamma.

    On logits, this is an offset of gamma log(w) (logit adjustment, Menon et al. 2021,
    https://arxiv.org/abs/2007.07314).

    Parameters
    ----------
    logits : (Q, ...) array
        Logits of a net that was trained with these class weights.
    weights : (Q,) array
        The class weights; a bin of weight 0 is empty and gets probability 0.
    rebalance
        Gamma: 0 leaves the distribution as trained, -1 undoes the class weights, which
        gives the probabilities of the data; above 0 favors rare colors further.

    Returns
    -------
    (Q, ...) float32
        Logits, -inf for empty bins.

    Raises
    ------
    ValueError
        If gamma is not finite.
    """
    if not np.isfinite(rebalance):
        raise ValueError(f"expected a finite rebalance, got {rebalance}")
    z = np.asarray(logits, np.float32)
    w = np.asarray(weights, np.float64)
    logs = rebalance * np.log(w[w > 0])
    offset = np.full(w.shape, -np.inf, np.float32)
    # A constant changes no distribution; with the largest at 0, no gamma overflows.
    offset[w > 0] = np.maximum(logs - logs.max(), _LOG_ZERO)
    return np.asarray(z + offset.reshape(-1, *(1,) * (z.ndim - 1)))


def annealed_mean(
    logits: ArrayLike, centers: ArrayLike, temperature: float = 0.38
) -> NDArray[np.float32]:
    """Return the mean of the bin centers under the sharpened distribution.

    f_T(z)_q = exp(log(z_q) / T) / sum_q exp(log(z_q) / T) (Zhang, Isola, Efros 2016,
    https://arxiv.org/abs/1603.08511, eq. 5).

    Parameters
    ----------
    logits : (Q, ...) array
        Logits or log-probabilities over the bins; -inf is probability 0.
    centers : (Q,) array
        Values of the bins.
    temperature
        T in 0..1: 1 gives the mean, 0 the mode (tied modes are averaged, as in the
        limit T -> 0).

    Returns
    -------
    (...) float32
        Values between the extreme centers.

    Raises
    ------
    ValueError
        If the temperature lies outside 0..1, or there is not one center for each bin.
    """
    z = np.asarray(logits, np.float32)
    at = np.asarray(centers, np.float32)
    if z.ndim < 1 or at.shape != z.shape[:1]:
        raise ValueError(
            f"expected logits (Q, ...) and centers (Q,), got {z.shape} and {at.shape}"
        )
    shares = _sharpened(z, temperature)
    # A matrix product would be slower: its threads cost more than the sums.
    mean = np.einsum("q,q...->...", at, shares) / shares.sum(0)
    return np.asarray(np.clip(mean, at.min(), at.max()))


def entropy(probabilities: ArrayLike) -> NDArray[np.float32]:
    """Return the Shannon entropy over the first axis in bits, 0..log2(Q).

    Parameters
    ----------
    probabilities : (Q, ...) array
        Sums to 1 over Q; 0 log 0 counts as 0.
    """
    p = np.asarray(probabilities, np.float32)
    terms: NDArray[np.float32] = np.log(np.maximum(p, np.finfo(np.float32).tiny))
    terms *= p
    # If one bin is certain, rounding may make the entropy less than 0.
    return np.asarray(np.maximum(terms.sum(0) * np.float32(-1 / np.log(2)), 0))


def cautious(
    chroma: NDArray[np.float32],
    uncertainty: NDArray[np.float32],
    most: float,
    caution: float,
) -> NDArray[np.float32]:
    """Reduce chroma where the nets are unsure.

    The chroma of a cell keeps all of itself up to an uncertainty of ``_SURE`` bits, and
    the share 1 - caution at the largest uncertainty; in between it is linear.

    Parameters
    ----------
    chroma : (2, h, w) float32
        a* and b*.
    uncertainty : (h, w) float32
        Entropy of both distributions, in bits.
    most : float
        Largest possible entropy.
    caution : float
        0 changes nothing, 1 leaves no chroma where nothing is known.

    Returns
    -------
    (2, h, w) float32

    Raises
    ------
    ValueError
        If the caution lies outside 0..1.
    """
    if not 0 <= caution <= 1:
        raise ValueError(f"expected a caution in 0..1, got {caution}")
    if not caution:
        return chroma
    unsure = np.clip((uncertainty - _SURE) / max(most - _SURE, 1e-6), 0, 1)
    return np.asarray(chroma * (1 - np.float32(caution) * unsure), np.float32)


class Defaults(Protocol):
    """A model's own settings for decoding."""

    @property
    def temperature(self) -> float:
        """T of the annealed mean, 0..1."""

    @property
    def rebalance(self) -> float:
        """Gamma, the exponent of the class weights."""


@dataclass(frozen=True)
class DecodeOptions:
    """Wanted settings for decoding; None stands for the model's own.

    Attributes
    ----------
    temperature : float or None
        T of the annealed mean, 0..1.
    rebalance : float or None
        Gamma, the exponent of the class weights.
    saturation : float
        Factor on the chroma.
    caution : float
        How much chroma is taken from where the nets are unsure, 0..1.
    """

    temperature: float | None = None
    rebalance: float | None = None
    saturation: float = 1.0
    caution: float = 0.0

    @property
    def arguments(self) -> tuple[float | None, float | None, float, float]:
        """The first arguments of `Prediction.decode` and `Prediction.colorize`."""
        return self.temperature, self.rebalance, self.saturation, self.caution

    def resolved(self, model: Defaults) -> DecodeSettings:
        """Return the settings for a model, with its own in place of None."""
        own = model.temperature, model.rebalance
        given = self.temperature, self.rebalance
        t, gamma = (b if a is None else a for a, b in zip(given, own, strict=True))
        return DecodeSettings(t, gamma, self.saturation, self.caution)


@dataclass(frozen=True)
class DecodeSettings(DecodeOptions):
    """Complete settings for decoding: `DecodeOptions` without None."""

    temperature: float = field()
    rebalance: float = field()


@dataclass(frozen=True, eq=False)
class Distribution:
    """A net's prediction for one channel of one picture.

    Attributes
    ----------
    logits : (Q, h, w) float32
        Calibrated, with the class weights of training still in them.
    bins : ChannelBins
        The bins that the first axis stands for.
    """

    logits: NDArray[np.float32]
    bins: ChannelBins

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """Calibrated probabilities, class weights undone: (Q, h, w) float32."""
        return softmax(rebalanced(self.logits, self.bins.weights, -1))

    def decode(self, temperature: float, rebalance: float) -> NDArray[np.float32]:
        """Return a* or b*, (h, w) float32: the annealed mean after rebalancing."""
        logits = rebalanced(self.logits, self.bins.weights, rebalance)
        return annealed_mean(logits, self.bins.centers, temperature)

    def sharpened(self, temperature: float, rebalance: float) -> NDArray[np.float32]:
        """Return the distribution whose mean ``decode`` returns.

        It is (Q, h, w) float32 and sums to 1 over Q.
        """
        logits = rebalanced(self.logits, self.bins.weights, rebalance)
        return sharpened(logits, temperature)

    def entropy(self) -> NDArray[np.float32]:
        """Return the entropy of the probabilities: (h, w) float32, 0..log2(Q) bits."""
        return entropy(self.probabilities)
