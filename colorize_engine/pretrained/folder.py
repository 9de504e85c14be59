"""Model folders: ``card.json``, ``a.safetensors`` and ``b.safetensors``.

Listing models reads the cards alone. Loading verifies the hashes and the design.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

import numpy as np

from colorize_engine.decode import Distribution
from colorize_engine.pretrained.card import CHANNELS, Card, ModelError, read_card
from colorize_engine.pretrained.device import run_side_by_side

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from colorize_engine.pretrained.unet import NetDesign, UNet

__all__ = [
    "WEIGHTS",
    "Card",
    "Model",
    "ModelError",
    "find_folder",
    "list_models",
    "load",
    "read_card",
    "save",
]

WEIGHTS = Path(__file__).parents[1] / "weights"


def _shipped() -> list[str]:
    """Names of the shipped models, ``default`` first."""
    names = (path.parent.name for path in WEIGHTS.glob("*/card.json"))
    return sorted(names, key=lambda name: (name != "default", name))


def find_folder(model: str | Path) -> Path:
    """Folder of a shipped model by its name, or a folder as it is given.

    A ``str`` is looked up among the shipped models first, a ``Path`` is not.

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
    """Cards of the shipped models, ``default`` first.

    Raises
    ------
    ModelError
        If a card is broken.
    """
    return [read_card(WEIGHTS / name) for name in _shipped()]


class Model:
    """The two nets of a model folder, ready to run.

    Calling it turns lightness into logits of a and of b, calibrated.

    Attributes
    ----------
    stride : int
        Heights and widths must be multiples of it.
    batched : bool
        Whether pictures may be given several at once. At reduced precision a batch is
        rounded otherwise than its pictures one by one, so there they run one by one.
    concurrent : bool
        Whether several threads gain by calling it at once, each with a share of the
        processors.

    Parameters
    ----------
    card
        The model's card.
    nets
        Nets ``a`` and ``b`` with their weights; their batch norms get folded.
    device
        Where to run them.
    dtype
        Precision of the run.
    """

    def __init__(
        self,
        card: Card,
        nets: Mapping[str, UNet],
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        import torch

        self.card, self.device, self.dtype = card, device, dtype
        self.nets = {
            channel: net.fold().to(device, dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
            for channel, net in nets.items()
        }
        # Strides are powers of two, so the largest is a multiple of the other.
        self.stride = max(net.stride for net in nets.values())
        self.batched = dtype == torch.float32
        self.concurrent = device.type == "cpu"

    def __call__(
        self, lightness: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Predict.

        Parameters
        ----------
        lightness : (h, w) or (n, h, w) float32
            L* in 0..100; h and w are multiples of ``stride``.

        Returns
        -------
        a, b : (Qa, h, w) and (Qb, h, w) float32, or with a leading n
            Logits over the card's bins, for its ``calibrated_bins``.
        """
        import torch

        # A copy, because torch warns of arrays that are read-only.
        planes = torch.from_numpy(np.array(lightness, np.float32, order="C"))
        planes = planes.to(self.device)
        single = planes.ndim == 2
        batch = planes[None] if single else planes
        if "a" in self.nets["b"].design.inputs:
            a = self._run("a", batch)
            guess = torch.from_numpy(self._decoded(a)).to(self.device)
            b = self._run("b", batch, guess)
        elif self.concurrent:
            a, b = run_side_by_side(
                partial(self._run, "a", batch), partial(self._run, "b", batch)
            )
        else:
            a, b = self._run("a", batch), self._run("b", batch)
        return (a[0], b[0]) if single else (a, b)

    def _run(
        self, channel: str, lightness: Tensor, a: Tensor | None = None
    ) -> NDArray[np.float32]:
        import torch

        from colorize_engine.pretrained.unet import net_input

        with torch.inference_mode():  # holds in one thread only
            x = net_input(lightness, a).to(self.dtype)
            logits = self.nets[channel](x.contiguous(memory_format=torch.channels_last))
            scaled = logits.float() / self.card.calibration[channel]
            result: NDArray[np.float32] = scaled.contiguous().cpu().numpy()
        return result

    def _decoded(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Decode a (n, Qa, h, w) as the card says, for the chain rule's b-net."""
        bins, card = self.card.calibrated_bins["a"], self.card
        return np.stack(
            [
                Distribution(one, bins).decode(card.temperature, card.rebalance)
                for one in logits
            ]
        )


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
        If the folder is missing, broken, truncated or foreign; the message says which.
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

    data = _verified(folder / f"{channel}.safetensors", card)
    try:
        net = UNet(_design(card, channel))
        net.load_state_dict(from_bytes(data))
    except (SafetensorError, TypeError, ValueError) as error:
        raise ModelError(
            f"cannot load net {channel} of the model {folder}: {error}"
        ) from error
    except RuntimeError as error:
        # After a first line that says nothing, torch names all that does not fit.
        details = str(error).partition("\n")[2] or str(error)
        raise ModelError(
            f"the weights of net {channel} in {folder} do not fit the design in the "
            f"model's card: {shorten(details, 160, placeholder=' ...')}"
        ) from error
    return net


def _verified(path: Path, card: Card) -> bytes:
    """Content of a weights file, if it is the one that the card names."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"cannot read the weights {path}: {error.strerror or error}"
        ) from error
    if hashlib.sha256(data).hexdigest() != card.sha256[path.name]:
        raise ModelError(
            f"the weights {path} are not those that the model's card names: the file "
            "is truncated, damaged or foreign (its SHA-256 differs); get the model anew"
        )
    return data


def _design(card: Card, channel: str) -> NetDesign:
    """Design of a net, if it fits the rest of the card."""
    from colorize_engine.pretrained.unet import NetDesign

    design = NetDesign(**card.nets[channel])
    if design.outputs != len(card.bins[channel]):
        raise ValueError(
            f"its design has {design.outputs} outputs but there are "
            f"{len(card.bins[channel])} bins"
        )
    if channel == "a" and "a" in design.inputs:
        raise ValueError("it cannot take a, which it is to predict")
    return design


def save(folder: str | Path, card: Card, nets: Mapping[str, UNet]) -> Card:
    """Write a model folder, weights as fp16, the card last.

    Parameters
    ----------
    folder
        Created if missing; files of a model that is there are replaced.
    card
        Its ``nets`` and ``sha256`` are filled in from the nets.
    nets
        Nets ``a`` and ``b``.

    Returns
    -------
    Card
        As it was written.

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
    """State dict on the CPU with all floats as fp16."""
    import torch

    state: dict[str, Tensor] = {}
    for name, value in net.state_dict().items():
        kind = torch.float16 if value.is_floating_point() else value.dtype
        state[name] = value.detach().to("cpu", kind).contiguous()
        if not state[name].isfinite().all():
            raise ValueError(f"{name} is not finite or too large for fp16")
    return state
