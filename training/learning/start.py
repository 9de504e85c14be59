"""What the weights of a run start from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from colorize_engine.pretrained import NetDesign, UNet, find_folder, read_card
from training.learning.checkpoints import WEIGHTS
from training.learning.encoders import load_published_encoder
from training.presets import weighted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from colorize_engine.bins import ChannelBins
    from colorize_engine.pretrained import Card
    from training.presets import Preset, Run

_HEAD = ("head.weight", "head.bias")
# Of a bin that is empty in the training photos.
_EMPTY_SHARE = 1e-4


class Earlier(NamedTuple):
    """A finished run of both heads.

    Attributes
    ----------
    path : Path
        Its weights.
    weights : dict
        Class weights that it ended with, (Q,) float32 of each channel.
    """

    path: Path
    weights: Mapping[str, NDArray[np.float32]]


def earlier_run(
    preset: Preset, run: Run, bins: dict[str, ChannelBins], out: Path
) -> Earlier | None:
    """Give the run of both heads that one goes on from; None if it is the first."""
    before = preset.before(run)
    if before is None:
        return None
    rule = preset.class_weights(before)
    weights = {c: weighted(b, rule).weights for c, b in bins.items()}
    return Earlier(out / before.name / WEIGHTS, weights)


def start_net(
    preset: Preset,
    channels: str,
    bins: dict[str, ChannelBins],
    earlier: Earlier | None = None,
    init_from: str | Path | None = None,
    encoder: str = "",
) -> UNet:
    """Build a run's net, started from what there is.

    Parameters
    ----------
    preset
        Says how the net is built, and whether it starts from the published encoder.
    channels : {"both", "a", "b"}
        Which head or heads it has.
    bins
        Of both channels; a fresh head predicts the best constant under their weights.
    earlier
        Run of both heads to start from, where its weights exist.
    init_from
        Name or folder of a model to start from; it comes before all else.
    encoder
        In place of the preset's.

    Notes
    -----
    The best z is that of the data times the class weights. A net that was trained with
    others is started from with its head's bias moved by the logarithm of new over old.

    Raises
    ------
    ValueError
        If the model to start from is none, or its nets are built in another way.
    FileNotFoundError
        If the published encoder is wanted and not installed.
    """
    torch.manual_seed(preset.data["seed"])
    net = UNet(preset.design(channels, bins, encoder))
    parts = [c for c in ("a", "b") if channels in ("both", c)]
    heads = [bins[c] for c in parts]
    _expect_constant(net, heads)
    if init_from is not None:
        folder = find_folder(init_from)
        card = read_card(folder)
        designs = {c: preset.design(c, bins) for c in parts}
        _fill(net, _from_model(folder, card, designs))
        _reweight(net, heads, [card.bins[c].weights for c in parts])
    elif earlier is not None and earlier.path.is_file():
        state, count = load_file(earlier.path), len(bins["a"])
        first, last = {"both": (0, None), "a": (0, count), "b": (count, None)}[channels]
        _fill(net, state | {key: state[key][first:last] for key in _HEAD})
        _reweight(net, heads, [earlier.weights[c] for c in parts])
    elif preset.net["initial"] == "pretrained":
        load_published_encoder(net)
    return net


def _expect_constant(net: UNet, bins: list[ChannelBins]) -> None:
    """Let a fresh head predict the best constant, z ~ w p, so as not to learn it."""
    shares = np.concatenate([b.weights * b.prior for b in bins])
    sums = np.concatenate([np.full(len(b), b.weights @ b.prior) for b in bins])
    bias = np.log(np.where(shares > 0, shares / sums, _EMPTY_SHARE), dtype=np.float32)
    net.head.bias = torch.nn.Parameter(torch.from_numpy(bias))


@torch.no_grad()
def _reweight(
    net: UNet, bins: list[ChannelBins], before: list[NDArray[np.float32]]
) -> None:
    """Turn z ~ w p of other class weights w into that of these bins' own."""
    new, old = np.concatenate([b.weights for b in bins]), np.concatenate(before)
    filled = (new > 0) & (old > 0)
    of_new, of_old = (np.log(np.where(filled, w, 1)) for w in (new, old))
    net.head.bias += torch.from_numpy(of_new - of_old)


def _from_model(
    folder: Path, card: Card, designs: Mapping[str, NetDesign]
) -> dict[str, Tensor]:
    """Weights of a model's net; for both heads, a's net with the head of b's too."""
    for part, wanted in designs.items():
        found = NetDesign(**card.nets[part])
        more = set(found.inputs) - set(wanted.inputs)
        if more or replace(found, inputs=wanted.inputs) != wanted:
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


def _fill(net: UNet, state: dict[str, Tensor]) -> None:
    """Load weights; a further input channel of the first layer starts at zero."""
    fitted: dict[str, Tensor] = {}
    for key, wanted in net.state_dict().items():
        value = state[key].to(wanted.dtype)
        if value.ndim == 4 and value.shape[1] < wanted.shape[1]:
            value = torch.cat([value, torch.zeros_like(wanted[:, value.shape[1] :])], 1)
        fitted[key] = value
    net.load_state_dict(fitted)
