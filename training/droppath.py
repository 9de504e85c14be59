"""Stochastic depth: while training, residual blocks are left out at random.

Huang, Sun, Liu, Sedra, Weinberger: Deep networks with stochastic depth (2016,
https://arxiv.org/abs/1603.09382), per photo and rarer for early blocks, as EfficientNet
is trained. With few photos for many weights it keeps the net from learning them by
heart.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from colorize_engine.unet import InvertedResidual

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from colorize_engine.unet import UNet
    from training.batches import Dice


class DropPath:
    """Leaves out residual blocks of a net's encoder, for some photos of a batch.

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
        self._factors: dict[int, Tensor] = {}
        self._rates: dict[int, float] = {}
        for number, block in enumerate(blocks, 1):
            if rate and block.residual:
                self._rates[number] = rate * number / len(blocks)
                block.project.register_forward_hook(partial(self._drop, number))

    def draw(self, dice: Dice, device: torch.device) -> None:
        """Choose the photos of the next batch for each block.

        What is kept is enlarged, so that its mean stays.
        """
        for number, rate in self._rates.items():
            factor = (dice.uniform() >= rate).float() / (1 - rate)
            shaped = factor[:, None, None, None]
            self._factors[number] = shaped.to(device, non_blocking=True)

    def _drop(
        self, number: int, module: nn.Module, _: tuple[Tensor, ...], output: Tensor
    ) -> Tensor:
        """Scale the output of a block's last layers, before the input is added."""
        if not module.training:
            return output
        return output * self._factors[number].to(output.dtype)
