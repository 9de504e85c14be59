"""Predictions from probabilities that were stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from colorize_engine import ChannelBins, Colorizer, Distribution, Prediction


def prediction_of(
    image: NDArray[Any],
    shares: Mapping[str, NDArray[Any]],
    colorizer: Colorizer,
    working_shape: tuple[int, int],
) -> Prediction:
    """Return the prediction for an image from its probabilities.

    Parameters
    ----------
    image
        The picture, as the nets saw it.
    shares
        Probabilities (Q, h', w') by channel, ``"a"`` and ``"b"``.
    colorizer
        The model.
    working_shape
        Rows and columns at the working size.
    """
    from colorize_engine import Prediction
    from colorize_engine.resize import fit_lightness

    a, b = (
        distribution_of(shares[channel], bins)
        for channel, bins in zip("ab", colorizer.bins, strict=True)
    )
    return Prediction(
        image,
        fit_lightness(image, working_shape),
        a,
        b,
        card=colorizer.card,
        head_stride=colorizer.head_stride,
    )


def distribution_of(shares: NDArray[Any], bins: ChannelBins) -> Distribution:
    """Return the distribution of stored probabilities (Q, ...)."""
    from colorize_engine import Distribution

    weights = bins.weights.reshape(-1, *(1,) * (shares.ndim - 1))
    with np.errstate(divide="ignore"):
        # A probability of 0 becomes the logit -inf, which decoding accepts.
        return Distribution(np.log(shares.astype(np.float32) * weights), bins)
