"""Weighted cross-entropy over bins, and what a constant prediction would score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor

    from colorize_engine.bins import ChannelBins


class WeightedCrossEntropy:
    """L = -sum w_q Z_q log(z_q) / sum w_q Z_q over all pixels of a batch.

    With hard targets that is the loss of the reference design, divided by the sum of
    the weights so that its scale does not depend on them. With soft targets each share
    has the weight of its bin, so that the best z is the one of the data times w, and
    dividing by w undoes it exactly.

    Parameters
    ----------
    bins
        Bins and class weights of the channel.
    soft
        Whether targets are shared between the two nearest bins.
    device
        Where the loss is computed.
    """

    def __init__(self, bins: ChannelBins, soft: bool, device: torch.device) -> None:
        self.bins, self.soft = bins, soft
        self.centers = torch.from_numpy(bins.centers).to(device)
        self.weights = torch.from_numpy(bins.weights).to(device)

    def targets(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Give the lower bin (int64) and the share of the one above, for each value."""
        last = len(self.centers) - 2
        lower = torch.bucketize(values, self.centers[1:-1], right=True).clamp_(0, last)
        width = self.centers[lower + 1] - self.centers[lower]
        share = ((values - self.centers[lower]) / width).clamp_(0, 1)
        return lower, share if self.soft else (share > 0.5).to(share.dtype)

    def __call__(self, logits: Tensor, values: Tensor) -> Tensor:
        """Loss of logits (N, Q, h, w) against true values (N, h, w): a scalar."""
        lower, share = self.targets(values)
        pair = torch.stack([lower, lower + 1], 1)
        amounts = torch.stack([1 - share, share], 1) * self.weights[pair]
        log_z = torch.gather(logits.float().log_softmax(1), 1, pair)
        return -(amounts * log_z).sum() / amounts.sum().clamp(min=1e-12)

    def of_constant(self) -> float:
        """Loss of the best constant prediction, z ~ w p, under the bins' prior."""
        mass = self.bins.weights.astype(np.float64) * self.bins.prior
        mass /= mass.sum()
        filled = mass[mass > 0]
        return float(-(filled * np.log(filled)).sum())
