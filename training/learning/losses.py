"""Weighted cross-entropy over bins, and the loss of a constant prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F

from training.learning import fastcpu

if TYPE_CHECKING:
    from torch import Tensor

    from colorize_engine.bins import ChannelBins


class WeightedCrossEntropy:
    """L = -sum w_q Z_q log(z_q) / sum w_q Z_q over all pixels of a batch.

    With hard targets this is the loss of the reference design, divided by the sum of
    the weights, so its scale does not depend on them. With soft targets each share has
    the weight of its bin. The best z is then the distribution of the data times w, and
    division by w undoes the weights exactly.

    Parameters
    ----------
    bins
        Bins and class weights of the channel.
    soft
        Whether targets are shared between the two nearest bins.
    device
        Where the loss is computed.
    fast
        Whether the kernel of `fastcpu`, which must be available, computes the loss of
        bfloat16 logits.
    """

    def __init__(
        self,
        bins: ChannelBins,
        soft: bool,
        device: torch.device,
        fast: bool = False,
    ) -> None:
        self.bins, self.soft, self.fast = bins, soft, fast
        self.centers = torch.from_numpy(bins.centers).to(device)
        self.weights = torch.from_numpy(bins.weights).to(device)

    def targets(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return each value's lower bin (int64) and the share of the bin above it."""
        last = len(self.centers) - 2
        lower = torch.bucketize(values, self.centers[1:-1], right=True).clamp_(0, last)
        width = self.centers[lower + 1] - self.centers[lower]
        share = ((values - self.centers[lower]) / width).clamp_(0, 1)
        return lower, share if self.soft else (share > 0.5).to(share.dtype)

    def __call__(
        self, logits: Tensor, values: Tensor, counted: Tensor | None = None
    ) -> Tensor:
        """Return the loss of logits against true values, a scalar.

        Parameters
        ----------
        logits : (N, Q, h, w) float
        values : (N, k h, k w) float
            True a* or b*; each distribution stands for k x k of them.
        counted : (N,) bool, optional
            Photos that count; all by default. The loss is 0 if none does.
        """
        if counted is None:
            counted = torch.ones(len(logits), dtype=torch.bool, device=values.device)
        if self.fast and logits.dtype == torch.bfloat16:
            fast: Tensor = fastcpu.CrossEntropy.apply(
                logits, values, self.centers, self.weights, counted, self.soft
            )
            return fast
        size = values.shape[-1] // logits.shape[-1]
        blocks = F.pixel_unshuffle(values[:, None], size)
        lower, share = self.targets(blocks)
        pair = torch.cat([lower, lower + 1], 1)
        amounts = torch.cat([1 - share, share], 1) * self.weights[pair]
        amounts = amounts * counted[:, None, None, None]
        wanted = torch.zeros(logits.shape, device=values.device)
        wanted.scatter_add_(1, pair, amounts)
        log_z = logits.float().log_softmax(1)
        return -(wanted * log_z).sum() / wanted.sum().clamp(min=1e-12)

    def of_constant(self) -> float:
        """Return the loss of the best constant prediction, z ~ w p, for the prior p."""
        mass = self.bins.weights.astype(np.float64) * self.bins.prior
        mass /= mass.sum()
        filled = mass[mass > 0]
        return float(-(filled * np.log(filled)).sum())
