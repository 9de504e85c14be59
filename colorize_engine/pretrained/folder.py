"""Model folders: the card, and weights and graph of each net.

``card.json`` describes the model and names the SHA-256 of all other files.
``a.safetensors`` and ``b.safetensors`` hold the weights in float16. ``a.onnx`` and
``b.onnx`` hold the graphs, whose weights are those; ``a-int8.onnx`` and ``b-int8.onnx``
are whole nets in 8 bits. Listing models reads only the cards. Loading verifies the
hashes of what it reads, and the designs.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from colorize_engine.parallel import processors
from colorize_engine.pretrained.backend import Backend, has_torch
from colorize_engine.pretrained.card import (
    CHANNELS,
    Card,
    ModelError,
    graph_file,
    read_card,
    small_file,
    weights_file,
)
from colorize_engine.pretrained.model import Model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colorize_engine.pretrained.model import Nets
    from colorize_engine.pretrained.onnx_nets import Graph
    from colorize_engine.pretrained.torch_nets import UNet


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


def load(
    model: str | Path = "default",
    backend: Backend | None = None,
    threads: int | None = None,
) -> Model:
    """Load a shipped model by name, or a model folder.

    Parameters
    ----------
    model
        Name (see ``list_models``) or path of a folder; a ``Path`` is always a folder.
    backend
        What runs the nets; by default the fastest here.
    threads
        Processors that the nets use; all by default.

    Raises
    ------
    ModelError
        If the folder is missing or broken, or its weights are truncated or belong to
        another model; the message says which.
    ValueError
        If there is no such device or runtime.
    """
    folder = find_folder(model)
    card = read_card(folder)
    asked = backend or Backend()
    chosen = asked.resolved()
    lacking = [n for n in map(graph_file, CHANNELS) if n not in card.sha256]
    if chosen.runtime == "onnx" and lacking:
        if asked.runtime == "onnx" or not has_torch():
            raise ModelError(
                f"{_no_graph(folder, lacking[0])}, or install the extra "
                "napari-colorize[torch]"
            )
        chosen = replace(chosen, runtime="torch")
    make = _torch_nets if chosen.runtime == "torch" else _onnx_nets
    return Model(card, make(folder, card, chosen, threads or processors()))


def _onnx_nets(folder: Path, card: Card, backend: Backend, threads: int) -> Nets:
    from colorize_engine.pretrained.onnx_nets import Graph, OnnxNets

    small = backend.precision == "auto" and backend.device == "cpu"
    small = small and all(small_file(channel) in card.sha256 for channel in CHANNELS)
    graphs = {
        channel: Graph(_read_verified(folder / small_file(channel), card))
        if small
        else read_graph(folder, card, channel)
        for channel in CHANNELS
    }
    provider = None if backend.device == "cpu" else backend.device
    try:
        nets = OnnxNets(graphs, "int8" if small else "float32", provider, threads)
    except ValueError as error:
        raise ModelError(f"cannot load the model {folder}: {error}") from error
    for channel, design in card.designs.items():
        wanted, found = (len(design.inputs), design.outputs), nets.channels(channel)
        if found != wanted:
            raise ModelError(
                f"cannot load the model {folder}: the graph of net {channel} has "
                f"{found[0]} inputs and {found[1]} outputs, expected {wanted[0]} and "
                f"{wanted[1]}"
            )
    return nets


def read_graph(folder: Path, card: Card, channel: str) -> Graph:
    """Return the exact graph of one net with its weights, both verified.

    Raises
    ------
    ModelError
        If the model has no graphs, or a file is not that of the card.
    """
    from colorize_engine.pretrained.onnx_nets import Graph

    graph, weights = graph_file(channel), weights_file(channel)
    if graph not in card.sha256:
        raise ModelError(_no_graph(folder, graph))
    return Graph(
        _read_verified(folder / graph, card),
        weights,
        _read_verified(folder / weights, card),
    )


def _no_graph(folder: Path, name: str) -> str:
    return (
        f"the model {folder} has no {name}, as it was made before napari-colorize used "
        f"ONNX Runtime; make it by `python -m training.graphs {folder}` in a checkout"
    )


def _torch_nets(folder: Path, card: Card, backend: Backend, threads: int) -> Nets:
    from colorize_engine.pretrained import torch_nets

    device = torch_nets.choose_device(backend.device)
    dtype = torch_nets.fast_dtype(device, exact=backend.precision == "float32")
    nets = {channel: load_net(folder, card, channel) for channel in CHANNELS}
    return torch_nets.TorchNets(nets, device, dtype, threads)


def load_net(folder: Path, card: Card, channel: str) -> UNet:
    """Return one net in torch, with verified weights.

    Raises
    ------
    ModelError
        If the weights cannot be read, or are not those of the card.
    """
    from colorize_engine.pretrained.torch_nets import net_from

    data = _read_verified(folder / weights_file(channel), card)
    try:
        return net_from(data, card.designs[channel])
    except ValueError as error:
        raise ModelError(
            f"cannot load net {channel} of the model {folder}: {error}"
        ) from error


def _read_verified(path: Path, card: Card) -> bytes:
    """Return the content of a file; its hash must be the one in the card."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from error
    if hashlib.sha256(data).hexdigest() != card.sha256[path.name]:
        raise ModelError(
            f"{path} does not match the model's card: the file is truncated, damaged "
            "or from another model (its SHA-256 differs); get the model again"
        )
    return data


def save(folder: str | Path, card: Card, nets: Mapping[str, UNet]) -> Card:
    """Write a model folder: first the weights in float16, then the card.

    It has no graphs yet, see `training.graphs`.

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
        If a weight is not finite or too large for float16; nothing is written.
    """
    from colorize_engine.pretrained.torch_nets import weights_bytes

    files = {weights_file(c): weights_bytes(nets[c]) for c in CHANNELS}
    designs = {channel: nets[channel].design.to_json() for channel in CHANNELS}
    return write_files(folder, replace(card, nets=designs, sha256={}), files)


def write_files(folder: str | Path, card: Card, files: Mapping[str, bytes]) -> Card:
    """Write files of a model, then the card with their hashes beside its own.

    Parameters
    ----------
    folder
        Created if missing.
    card
        Of the model.
    files
        Name and content of each file.

    Returns
    -------
    Card
        The card as written.
    """
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    card = replace(card, sha256={**card.sha256, **hashes})
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "card.json").write_text(card.to_json(), encoding="utf-8")
    return card
