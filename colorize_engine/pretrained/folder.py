"""Model folders: ``card.json``, ``a.safetensors`` and ``b.safetensors``.

Listing models reads only the cards. Loading verifies the hashes and the design.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

from colorize_engine.pretrained.card import CHANNELS, Card, ModelError, read_card
from colorize_engine.pretrained.model import Model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from colorize_engine.pretrained.unet import NetDesign, UNet


WEIGHTS = Path(__file__).parents[1] / "weights"


def _shipped() -> list[str]:
    """Return the names of the shipped models, ``default`` first."""
    names = (path.parent.name for path in WEIGHTS.glob("*/card.json"))
    return sorted(names, key=lambda name: (name != "default", name))


def find_folder(model: str | Path) -> Path:
    """Return the folder of a shipped model by its name, or a given folder as it is.

    A ``str`` is looked up among the shipped models first; a ``Path`` is not.

    Raises
    ------
    ModelError
        If there is neither a shipped model nor a folder of that name.
    """
    names = _shipped()
    if isinstance(model, str) and model in names:
        return WEIGHTS / model
    if str(model) and Path(model).is_dir():
        return Path(model)
    expected = "".join(f"{name}, " for name in names) + "or a model folder"
    raise ModelError(
        f"there is no model {str(model)!r}; expected {expected.removeprefix('or ')}"
    )


def list_models() -> list[Card]:
    """Return the cards of the shipped models, ``default`` first.

    Raises
    ------
    ModelError
        If a card is broken.
    """
    return [read_card(WEIGHTS / name) for name in _shipped()]


def load(model: str | Path = "default", device: str = "auto") -> Model:
    """Load a shipped model by name, or a model folder.

    Parameters
    ----------
    model
        Name (see ``list_models``) or path of a folder; a ``Path`` is always a folder.
    device
        ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Raises
    ------
    ModelError
        If the folder is missing or broken, or its weights are truncated or belong to
        another model; the message says which.
    ValueError
        If there is no such device.
    """
    from colorize_engine.pretrained.device import choose_device, fast_dtype

    folder = find_folder(model)
    card = read_card(folder)
    chosen = choose_device(device)
    nets = {channel: _load_net(folder, card, channel) for channel in CHANNELS}
    return Model(card, nets, chosen, fast_dtype(chosen))


def _load_net(folder: Path, card: Card, channel: str) -> UNet:
    """Build one net and fill it with verified weights."""
    from safetensors import SafetensorError
    from safetensors.torch import load as from_bytes

    from colorize_engine.pretrained.unet import UNet

    data = _read_verified(folder / f"{channel}.safetensors", card)
    try:
        net = UNet(_design(card, channel))
        net.load_state_dict(from_bytes(data))
    except (SafetensorError, TypeError, ValueError) as error:
        raise ModelError(
            f"cannot load net {channel} of the model {folder}: {error}"
        ) from error
    except RuntimeError as error:
        # The first line of torch's message says nothing, the others name each misfit.
        details = str(error).partition("\n")[2] or str(error)
        raise ModelError(
            f"the weights of net {channel} in {folder} do not fit the design in the "
            f"model's card: {shorten(details, 160, placeholder=' ...')}"
        ) from error
    return net


def _read_verified(path: Path, card: Card) -> bytes:
    """Return the content of a weights file; its hash must be the one in the card."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"cannot read the weights {path}: {error.strerror or error}"
        ) from error
    if hashlib.sha256(data).hexdigest() != card.sha256[path.name]:
        raise ModelError(
            f"the weights {path} do not match the model's card: the file is truncated, "
            "damaged or from another model (its SHA-256 differs); get the model again"
        )
    return data


def _design(card: Card, channel: str) -> NetDesign:
    """Return the design of a net; raise ValueError if it contradicts the card."""
    from colorize_engine.pretrained.unet import NetDesign

    design = NetDesign(**card.nets[channel])
    if design.outputs != len(card.bins[channel]):
        raise ValueError(
            f"its design has {design.outputs} outputs but there are "
            f"{len(card.bins[channel])} bins"
        )
    return design


def save(folder: str | Path, card: Card, nets: Mapping[str, UNet]) -> Card:
    """Write a model folder: first the weights as fp16, then the card.

    Parameters
    ----------
    folder
        Created if missing; the files of a model in it are replaced.
    card
        Its ``nets`` and ``sha256`` are filled in from the nets.
    nets
        Nets ``a`` and ``b``.

    Returns
    -------
    Card
        The card as written.

    Raises
    ------
    ValueError
        If a weight is not finite or too large for fp16; nothing is written.
    """
    from safetensors.torch import save as to_bytes

    files = {f"{c}.safetensors": to_bytes(_half(nets[c])) for c in CHANNELS}
    card = replace(
        card,
        nets={channel: nets[channel].design.to_json() for channel in CHANNELS},
        sha256={name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "card.json").write_text(card.to_json(), encoding="utf-8")
    return card


def _half(net: UNet) -> dict[str, Tensor]:
    """Return the state dict on the CPU with all floats as fp16."""
    import torch

    state: dict[str, Tensor] = {}
    for name, value in net.state_dict().items():
        kind = torch.float16 if value.is_floating_point() else value.dtype
        state[name] = value.detach().to("cpu", kind).contiguous()
        if not state[name].isfinite().all():
            raise ValueError(f"{name} is not finite or too large for fp16")
    return state
