"""Stochastic depth: while training, residual blocks are left out at random.

Huang, Sun, Liu, Sedra, Weinberger: Deep networks with stochastic depth (2016,
https://arxiv.org/abs/1603.09382), per photo and rarer for early blocks, as EfficientNet
is trained. With few photos for many weights it keeps the net from learning them by
heart.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from colorize_engine.pretrained import InvertedResidual

if TYPE_CHECKING:
    from torch import Tensor, nn

    from colorize_engine.pretrained import UNet
    from training.photos import Dice


class DropPath:
    """Omission of residual blocks of a net's encoder, for some photos of a batch.

    Parameters
    ----------
    net
        Its inverted residual blocks are hooked; a plain encoder has none.
    rate : float
        Share of the photos that the last block is left out for, in 0..1; it falls
        linearly to 0 before the first one.
    """

    def __init__(self, net: UNet, rate: float) -> None:
        blocks = [m for m in net.encoder.modules() if isinstance(m, InvertedResidual)]
        residual = [n for n, block in enumerate(blocks, 1) if block.residual and rate]
        self._rates = [rate * number / len(blocks) for number in residual]
        self._factors = torch.ones(0)
        for place, number in enumerate(residual):
            project = blocks[number - 1].project
            project.register_forward_hook(partial(self._drop, place))

    def draw(self, dice: Dice, device: torch.device) -> None:
        """Choose the photos of the next batch for each block.

        What is kept is enlarged, so that its mean stays.
        """
        if not self._rates:
            return
        kept = [(dice.uniform() >= rate) / (1 - rate) for rate in self._rates]
        factors = torch.stack(kept)[..., None, None, None]
        self._factors = factors.to(device, non_blocking=True)

    def _drop(
        self, place: int, module: nn.Module, _: tuple[Tensor, ...], output: Tensor
    ) -> Tensor:
        """Scale the output of a block's last layers, before the input is added."""
        if not module.training:
            return output
        return output * self._factors[place].to(output.dtype)
