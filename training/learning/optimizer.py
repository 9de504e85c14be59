"""Optimizer, learning rate and moving average of a training run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.optim.swa_utils import get_ema_multi_avg_fn

if TYPE_CHECKING:
    from colorize_engine.pretrained.torch_nets import UNet
    from training.presets import Preset


class Ema:
    """Exponential moving average of all weights and batch-norm statistics."""

    def __init__(self, net: UNet, decay: float) -> None:
        self.decay, self.steps = decay, 0
        self.state = {k: v.detach().clone() for k, v in net.state_dict().items()}

    def update(self, net: UNet) -> None:
        """Add the net to the average; early steps weigh more, to forget the start."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        state = net.state_dict()
        floats = [name for name, value in state.items() if value.is_floating_point()]
        average = get_ema_multi_avg_fn(decay)
        average([self.state[n] for n in floats], [state[n] for n in floats], None)
        for name in state.keys() - floats:
            self.state[name].copy_(state[name])


def learning_rate(done: int, total: int, warm_up: float) -> float:
    """Return the factor of the rate, 0..1, after ``done`` of ``total`` photos.

    It rises linearly over the share ``warm_up`` of the run, then falls as a cosine.
    """
    position = done / total
    if position < warm_up:
        return position / warm_up
    return 0.5 * (1 + math.cos(math.pi * (position - warm_up) / (1 - warm_up)))


def make_optimizer(net: UNet, preset: Preset) -> torch.optim.AdamW:
    """Return AdamW with two groups, encoder and rest, whose rates are in ``base``."""
    training = preset.training
    encoder = list(net.encoder.parameters())
    inside = {id(p) for p in encoder}
    rest = [p for p in net.parameters() if id(p) not in inside]
    return torch.optim.AdamW(
        [
            {"params": encoder, "base": training["encoder_learning_rate"]},
            {"params": rest, "base": training["learning_rate"]},
        ],
        lr=0.0,
        weight_decay=training["weight_decay"],
        fused=encoder[0].device.type == "cuda",
    )
