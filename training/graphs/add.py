"""Graphs added to a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from colorize_engine.pretrained import (
    CHANNELS,
    Card,
    graph_file,
    load_net,
    read_card,
    small_file,
    weights_file,
    write_files,
)
from training.graphs.eight_bits import eight_bit_graph
from training.graphs.exact import exact_graph
from training.graphs.ranges import range_pictures

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray


def add_graphs(
    folder: str | Path,
    photos: Iterable[tuple[str, NDArray[np.uint8]]] | None = None,
) -> Card:
    """Write the graphs of a model into its folder, and their hashes into its card.

    The weights stay as they are.

    Parameters
    ----------
    folder
        Model folder.
    photos : iterable of (name, (H, W, 3) uint8 sRGB), optional
        Color photos to measure ranges with; the nets in 8 bits are made only with them.

    Returns
    -------
    Card
        The card as written.

    Raises
    ------
    ModelError
        If the folder is not one of a model.
    ValueError
        If there is no photo.
    """
    folder = Path(folder)
    card = read_card(folder)
    exact = {}
    for channel in CHANNELS:
        name = weights_file(channel)
        net = load_net(folder, card, channel)
        weights = (folder / name).read_bytes()
        exact[graph_file(channel)] = exact_graph(net, weights, name)
    card = write_files(folder, card, exact)
    if photos is None:
        return card
    pictures = range_pictures(photos, card)
    small = {}
    for channel in CHANNELS:
        inputs = len(card.designs[channel].inputs)
        own = [planes[:, :inputs] for planes in pictures]
        small[small_file(channel)] = eight_bit_graph(folder / graph_file(channel), own)
    return write_files(folder, card, small)
