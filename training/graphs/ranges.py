"""Pictures over which the ranges of a net in 8 bits are measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from colorize_engine.color import srgb_to_lab
from colorize_engine.pretrained.torch_nets import net_input
from training.photos import Dice, HintShares, draw_hints, square

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from colorize_engine.pretrained import Card

    Floats = NDArray[np.float32]

RANGE_PHOTOS = 120
"""Photos that are enough; the ranges hardly change with more."""
# As in the training of `default`.
_SHARES = HintShares(sparse=0.3, dense_a=0.15, dense_b=0.1)


def range_pictures(
    photos: Iterable[tuple[str, NDArray[np.uint8]]], card: Card, seed: int = 0
) -> list[Floats]:
    """Return inputs of nets, as they meet them, more than half with hints.

    Parameters
    ----------
    photos : iterable of (name, (H, W, 3) uint8 sRGB)
        Cut to squares of the model's working size.
    card
        Of the model.
    seed
        Seed of the hints.

    Returns
    -------
    list of (1, C, side, side) float32
        C is the number of inputs of the nets.

    Raises
    ------
    ValueError
        If there is no photo.
    """
    designs = card.designs.values()
    stride = max(design.stride for design in designs)
    side = -(-card.working_size // stride) * stride
    labs = [srgb_to_lab(square(rgb, side)) for _, rgb in photos]
    if not labs:
        raise ValueError("no photo to measure ranges with")
    planes = torch.from_numpy(np.stack(labs)).movedim(-1, 1)
    inputs = max((design.inputs for design in designs), key=len)
    hints = None
    if len(inputs) > 1:
        dice = Dice((seed,), len(labs))
        hints = draw_hints(planes[:, 1], planes[:, 2], _SHARES, dice).planes
    x = net_input(planes[:, 0], hints, inputs)
    return [row[None].numpy() for row in x]
