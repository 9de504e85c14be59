"""A finished model as teacher of another: its distributions in place of true colors.

A photo has one color where a net has to learn how likely each is; a teacher that knows
tells at once, so that a net from nothing learns several times as fast (distillation:
Hinton, Vinyals, Dean 2015, https://arxiv.org/abs/1503.02531).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F

from colorize_engine.pretrained import load, net_input

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from colorize_engine.bins import ChannelBins

# Values that stand for those of the teacher's bins, in Lab units apart.
_STEP = 0.25


def regrouping(source: ChannelBins, target: ChannelBins, soft: bool) -> Tensor:
    """Return the share of each bin that goes to each bin of another scheme.

    Parameters
    ----------
    source
        Bins that values are shared between linearly.
    target
        Bins that are wanted.
    soft
        Whether these share values linearly, too; else the nearest one takes all.

    Returns
    -------
    (Q, K) float32
        Of K bins of the source and Q of the target; sums to 1 over Q. With soft targets
        a bin's center stands for it, so that means stay; with hard ones all values that
        are shared with it do, as if they were equally likely.
    """
    centers = source.centers
    if soft:
        values, shares = centers, np.eye(len(source))
    else:
        count = round((centers[-1] - centers[0]) / _STEP) + 1
        values = np.linspace(centers[0], centers[-1], count)
        shares = _encoded(source, values, soft=True)
    joint = _encoded(target, values, soft) @ shares.T
    return torch.from_numpy(np.asarray(joint / joint.sum(0), np.float32))


def _encoded(
    bins: ChannelBins, values: NDArray[np.floating], soft: bool
) -> NDArray[np.float64]:
    """Return the share (Q, n) of each bin in each of n values."""
    shares, at = np.zeros((len(bins), len(values))), np.arange(len(values))
    if soft:
        lower, share = bins.encode_soft(values)
        shares[lower, at], shares[lower + 1, at] = 1 - share, share
    else:
        shares[bins.encode_hard(values), at] = 1
    return shares


class Teacher:
    """The distributions of a model, over the bins of the nets that are trained.

    Parameters
    ----------
    model
        Name or folder of the model; its nets must take L alone.
    bins
        Of both channels, of the nets that are trained.
    soft
        Whether values are shared between two of these bins.
    device
        Where the model runs, in the precision that it would be used in.

    Attributes
    ----------
    model_hash : str
        Of the model's weights, see `colorize_engine.pretrained.card.Card`.

    Raises
    ------
    ValueError
        If there is no such model, it is broken, or it takes more than L.
    """

    def __init__(
        self,
        model: str | Path,
        bins: Mapping[str, ChannelBins],
        soft: bool,
        device: torch.device,
    ) -> None:
        self._model = load(model, str(device))
        card = self._model.card
        self.model_hash = card.model_hash
        self._maps: dict[str, Tensor] = {}
        self._offsets: dict[str, Tensor] = {}
        for channel, net in self._model.nets.items():
            if net.design.inputs != ("L",):
                raise ValueError(f"the teacher {card.name} must take L alone")
            net.enlarge = False
            source = card.calibrated_bins[channel]
            self._maps[channel] = regrouping(source, bins[channel], soft).to(device)
            # -inf for bins that are empty.
            with np.errstate(divide="ignore"):
                logs = np.where(source.weights > 0, -np.log(source.weights), -np.inf)
            self._offsets[channel] = torch.from_numpy(logs).float().to(device)
        self._priors = {
            c: torch.from_numpy(b.prior).float().to(device) for c, b in bins.items()
        }

    def match_priors(self, lightness: Sequence[Tensor]) -> None:
        """Match the mean over photos to the prior of the bins that are trained.

        What a softmax leaves in bins that hardly ever occur is as good as nothing, but
        not once class weights multiply it.

        Parameters
        ----------
        lightness : sequence of (N, h, w) float32
            L* in 0..100, of photos that stand for all.
        """
        for channel, prior in self._priors.items():
            size = [side // 4 for side in lightness[0].shape[1:]]
            means = [
                self(light, [channel], size)[0].mean((0, 2, 3)) for light in lightness
            ]
            mean = torch.stack(means).mean(0)
            factor = torch.where(mean > 0, prior / mean, 0)
            self._maps[channel] = self._maps[channel] * factor[:, None]

    @torch.inference_mode()
    def __call__(
        self, lightness: Tensor, channels: Sequence[str], size: Sequence[int]
    ) -> list[Tensor]:
        """Return the distributions of each of these channels, class weights undone.

        Parameters
        ----------
        lightness : (N, h, w) float32
            L* in 0..100; h and w are multiples of the model's stride.
        channels : sequence of {"a", "b"}
        size : (h', w')
            Of the result; both divide those of the lightness, or are the same.

        Returns
        -------
        list of (N, Q, h', w') float32
            Each sums to 1 over Q.
        """
        x = net_input(lightness).to(self._model.dtype)
        x = x.contiguous(memory_format=torch.channels_last)
        return [self._distributions(x, channel, size) for channel in channels]

    def _distributions(self, x: Tensor, channel: str, size: Sequence[int]) -> Tensor:
        logits = self._model.nets[channel](x)
        scaled = logits.float() / self._model.card.calibration[channel]
        z = (scaled + self._offsets[channel][:, None, None]).softmax(1)
        shares = torch.einsum("qk,nkhw->nqhw", self._maps[channel], z)
        shares = shares / shares.sum(1, keepdim=True)
        return F.interpolate(shares, tuple(size), mode="bilinear")
