"""Hints for training: true colors at points, or one channel everywhere."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn import functional as F

from colorize_engine.hints.painting import SCALE
from training.photos.variation import blur

if TYPE_CHECKING:
    from torch import Tensor

    from training.photos.dice import Dice

# Squares of a photo: their number is geometric, with the share _STOP at each of them
# that it is the last one.
_MOST, _STOP = 24, 1 / 8
_LARGEST_RADIUS = 4


class HintShares(NamedTuple):
    """Shares of the photos that are shown hints; the rest is shown none.

    Attributes
    ----------
    sparse : float
        Squares of the photo's mean color there.
    dense_a, dense_b : float
        All of a or all of b, blurred, shrunken and noisy. The other head learns to
        follow it.
    """

    sparse: float
    dense_a: float
    dense_b: float


class Hints(NamedTuple):
    """Hints of a batch.

    Attributes
    ----------
    planes : (n, 4, h, w) float32
        In the order of `colorize_engine.pretrained.torch_nets.unet.HINTS`.
    dense : dict of str to (n,) bool
        Whether a photo is shown all of ``a``, all of ``b``.
    """

    planes: Tensor
    dense: dict[str, Tensor]


def draw_hints(a: Tensor, b: Tensor, shares: HintShares, dice: Dice) -> Hints:
    """Draw which photos of a batch are shown which hints.

    Parameters
    ----------
    a, b : (n, h, w) float32
        True a* and b*.
    shares
        Shares of the photos with each kind of hints.
    dice
        Source of all that is random.
    """
    edges = torch.tensor(shares).cumsum(0)
    kind = torch.bucketize(dice.table(1)[:, 0].contiguous(), edges, right=True)
    sparse, *dense = ((kind == number).nonzero()[:, 0] for number in range(3))
    points = _draw_points(a.shape[1], a.shape[2], dice)
    change, noise = dice.table(3), dice.normal((8, 8), a.device)
    planes = a.new_zeros((len(a), 4, *a.shape[1:]))

    def of(rows: Tensor, *tensors: Tensor) -> list[Tensor]:
        return [t[rows].to(a.device, non_blocking=True) for t in tensors]

    if len(sparse):
        chroma = torch.stack([a[sparse], b[sparse]], 1)
        planes[sparse] = _squares(chroma, *of(sparse, *points))
    for rows, plane, first in zip(dense, (a, b), (0, 2), strict=True):
        if len(rows):
            planes[rows, first] = _dense(plane[rows], *of(rows, change), noise[rows])
            planes[rows, first + 1] = 1
    shown = {c: (kind == number).to(a.device) for c, number in (("a", 1), ("b", 2))}
    return Hints(planes, shown)


def _draw_points(height: int, width: int, dice: Dice) -> tuple[Tensor, ...]:
    """Draw the number of squares (n, 1), and row, column and radius of each (n, 24)."""
    several = torch.log1p(-0.999 * dice.table(1)) / math.log(1 - _STOP)
    sizes = (height - 1, width - 1, _LARGEST_RADIUS)
    return several.ceil().clamp(1, _MOST), *(dice.integers(n, _MOST) for n in sizes)


def _squares(
    chroma: Tensor, several: Tensor, rows: Tensor, columns: Tensor, radii: Tensor
) -> Tensor:
    """Paint squares of their mean color (m, 2, h, w), the later above the earlier."""
    count, _, height, width = chroma.shape
    device = chroma.device
    pools = torch.stack(
        [
            F.avg_pool2d(chroma, 2 * radius + 1, 1, radius, count_include_pad=False)
            for radius in range(_LARGEST_RADIUS + 1)
        ]
    )
    photos = torch.arange(count, device=device)[:, None]
    colors = pools[radii, photos, :, rows, columns]
    number = torch.arange(1, _MOST + 1, dtype=torch.uint8, device=device)
    number = number * (number <= several)

    def near(places: Tensor, length: int) -> Tensor:
        distance = torch.arange(length, device=device) - places[..., None]
        return distance.abs() <= radii[..., None]

    inside = near(rows, height)[..., None] & near(columns, width)[:, :, None]
    above = (inside * number[..., None, None]).amax(1).long()
    # Number 0 is where there is no square.
    shown = F.pad(colors, (0, 0, 1, 0))[photos[..., None], above] / SCALE
    mask = (above > 0).float()
    return torch.stack([shown[..., 0], mask, shown[..., 1], mask], 1)


def _dense(plane: Tensor, change: Tensor, noise: Tensor) -> Tensor:
    """Blur and shrink a channel (m, h, w), and add soft noise of up to 6 units."""
    soft, small, strength = change.T[..., None, None]
    rough = F.interpolate(noise[:, None], plane.shape[1:], mode="bilinear")[:, 0]
    blurred = blur(plane, 0.5 + 2.5 * soft[:, 0, 0])
    return (blurred * (0.55 + 0.45 * small) + rough * (6 * strength)) / SCALE
