"""Initial weights of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from colorize_engine.pretrained import NetDesign, find_folder, read_card
from colorize_engine.pretrained.torch_nets import UNet
from training.learning.encoders import load_published_encoder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from colorize_engine.bins import ChannelBins
    from colorize_engine.pretrained import Card
    from training.presets import Preset

_HEAD = ("head.weight", "head.bias")
# Share assumed of a bin that is empty in the training photos.
_LEAST_SHARE = 1e-6


def start_net(
    preset: Preset,
    channels: str,
    bins: dict[str, ChannelBins],
    earlier: Path | None = None,
    init_from: str | Path | None = None,
) -> UNet:
    """Build a run's net with its initial weights.

    Parameters
    ----------
    preset
        Describes the net, and says whether it starts from the published encoder.
    channels : {"both", "a", "b"}
        The head or heads of the net.
    bins
        Bins of both channels; a fresh head predicts the best constant under their
        weights.
    earlier
        Weights of the preset's net of both heads to start from, if they exist.
    init_from
        Name or folder of a model to start from; it takes precedence over all else.

    Notes
    -----
    The best z is the distribution of the data times the class weights. If the model to
    start from has other class weights, log(new / old) is added to the bias of the head.

    Raises
    ------
    ValueError
        If the model to start from does not exist, or its nets have another design.
    FileNotFoundError
        If the published encoder is needed but not installed.
    """
    torch.manual_seed(preset.data["seed"])
    net = UNet(preset.design(channels, bins))
    parts = [c for c in ("a", "b") if channels in ("both", c)]
    heads = [bins[c] for c in parts]
    _predict_constant(net, heads)
    if init_from is not None:
        folder = find_folder(init_from)
        card = read_card(folder)
        designs = {c: preset.design(c, bins) for c in parts}
        net.load_state_dict(_from_model(folder, card, designs))
        _reweight(net, heads, [card.bins[c].weights for c in parts])
    elif earlier is not None and earlier.is_file():
        state, count = load_file(earlier), len(bins["a"])
        own = {"a": slice(count), "b": slice(count, None)}[channels]
        net.load_state_dict(state | {key: state[key][own] for key in _HEAD})
    elif preset.net["initial"] == "pretrained":
        load_published_encoder(net)
    return net


def _predict_constant(net: UNet, bins: list[ChannelBins]) -> None:
    """Let a fresh head predict the best constant, z ~ w p, to save learning it."""
    shares = np.concatenate([b.weights * b.prior for b in bins])
    sums = np.concatenate([np.full(len(b), b.weights @ b.prior) for b in bins])
    bias = np.log(np.maximum(shares / sums, _LEAST_SHARE), dtype=np.float32)
    net.head.bias = torch.nn.Parameter(torch.from_numpy(bias))


@torch.no_grad()
def _reweight(
    net: UNet, bins: list[ChannelBins], before: list[NDArray[np.float32]]
) -> None:
    """Adapt the head's bias from the class weights ``before`` to those of the bins."""
    new, old = np.concatenate([b.weights for b in bins]), np.concatenate(before)
    filled = (new > 0) & (old > 0)
    of_new, of_old = (np.log(np.where(filled, w, 1)) for w in (new, old))
    net.head.bias += torch.from_numpy(of_new - of_old)


def _from_model(
    folder: Path, card: Card, designs: Mapping[str, NetDesign]
) -> dict[str, Tensor]:
    """Load a model's net; for both heads, the net of a plus the head of b's net."""
    for part, wanted in designs.items():
        found = NetDesign(**card.nets[part])
        if found != wanted:
            raise ValueError(
                f"cannot start from the model {folder}: expected its net {part} to be "
                f"{wanted.to_json()}, got {found.to_json()}"
            )
    try:
        states = [load_file(folder / f"{part}.safetensors") for part in designs]
    except SafetensorError as error:
        raise ValueError(f"cannot start from the model {folder}: {error}") from error
    heads = {key: torch.cat([state[key] for state in states]) for key in _HEAD}
    return states[0] | heads
