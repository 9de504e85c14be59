"""The loss of a run: its heads, its targets and the photos that count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from training.learning.losses import WeightedCrossEntropy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from colorize_engine.bins import ChannelBins
    from training.presets import Run


class Objective:
    """The loss of a run.

    Parameters
    ----------
    run
        The run.
    bins
        Bins of both channels.
    device
        Device of the loss.
    fast
        Whether the kernel of `training.learning.fastcpu` computes the loss of bfloat16
        logits.

    Attributes
    ----------
    heads : tuple of str
        The channels.
    widths : list of int
        Their numbers of bins.
    constant : float
        Loss of the best constant prediction, summed over the heads.
    """

    def __init__(
        self,
        run: Run,
        bins: dict[str, ChannelBins],
        device: torch.device,
        fast: bool = False,
    ) -> None:
        self.heads = ("a", "b") if run.channels == "both" else (run.channels,)
        self.widths = [len(bins[c]) for c in self.heads]
        self._losses = {
            soft: [
                WeightedCrossEntropy(bins[c], soft, device, fast) for c in self.heads
            ]
            for soft in (True, False)
        }
        self.constant = sum(loss.of_constant() for loss in self._losses[True])

    def __call__(
        self,
        logits: Tensor,
        true: Mapping[str, Tensor],
        soft: bool,
        shown: Mapping[str, Tensor] | None = None,
    ) -> Tensor:
        """Return the sum of the losses of the heads, a scalar.

        Parameters
        ----------
        logits : (n, Q, h', w')
            Logits of all heads.
        true : dict of str to (n, h, w) float32
            The channels ``a`` and ``b``.
        soft
            Whether values are shared between their two nearest bins.
        shown : dict of str to (n,) bool, optional
            Photos that were shown all of ``a``, all of ``b``; the head of that channel
            does not learn from them.
        """
        parts = logits.split(self.widths, 1)
        losses = [
            loss(part, true[head], None if shown is None else ~shown[head])
            for loss, part, head in zip(
                self._losses[soft], parts, self.heads, strict=True
            )
        ]
        return torch.stack(losses).sum()
