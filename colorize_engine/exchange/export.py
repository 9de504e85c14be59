"""Folders with the nets of a model, for other programs."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from colorize_engine.exchange import description, pages
from colorize_engine.exchange.net import Net
from colorize_engine.files import replacing
from colorize_engine.pretrained import (
    CHANNELS,
    WEIGHTS,
    Backend,
    Card,
    find_folder,
    graph_file,
    load,
    read_card,
    read_graph,
)
from colorize_engine.pretrained.onnx_nets import (
    Graph,
    as_single_file,
    open_session,
    session_options,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


def export_onnx(model: str | Path, out: str | Path, *, overwrite: bool = False) -> Card:
    """Write both nets of a model in float32, each in a folder that explains itself.

    ``out/a`` and ``out/b`` each hold the net as one ONNX file with dynamic sizes, whose
    metadata say all that decoding takes; a description in the format of bioimage.io
    (``rdf.yaml``) with an example of input and output; a page and a cover.

    Parameters
    ----------
    model
        Name of a shipped model, or its folder; a ``Path`` is always a folder.
    out
        Folder to write to, created if missing.
    overwrite
        Whether to replace files that are there.

    Returns
    -------
    Card
        Of the model.

    Raises
    ------
    ModelError
        If the model is missing or broken, or was made before there were graphs.
    FileExistsError
        If a file is there and `overwrite` is false; nothing is written then.
    OSError
        If the folder cannot be written.
    """
    folder = find_folder(model)
    card = read_card(folder)
    graphs = {channel: read_graph(folder, card, channel) for channel in CHANNELS}
    load(folder, Backend("cpu", "onnx", "float32"), 1)  # raises if they don't fit
    shipped = folder.parent == WEIGHTS
    files = {
        Path(out) / channel / name: content
        for channel, graph in graphs.items()
        for name, content in _files(Net(card, channel), graph, shipped).items()
    }
    for path in () if overwrite else files:
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, "the file exists", str(path))
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, overwrite=overwrite) as stream:
            stream.write(content)
    return card


def _files(net: Net, graph: Graph, shipped: bool) -> dict[str, bytes]:
    """Return the name and content of each file of a net."""
    name = graph_file(net.channel)
    content, opset = as_single_file(graph, net.metadata)
    example = net.example()
    session = open_session(Graph(content), session_options(1))
    (logits,) = session.run(None, {session.get_inputs()[0].name: net.scaled(example)})
    described = description.describe(net, name, content, opset, shipped=shipped)
    return {
        name: content,
        description.DESCRIPTION: described.encode(),
        description.README: pages.page(net, shipped=shipped).encode(),
        description.COVER: pages.cover(net),
        description.EXAMPLE: _npy(example),
        description.RESULT: _npy(logits),
    }


def _npy(array: NDArray[np.float32]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()
