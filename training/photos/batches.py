"""Batches of photos in a reproducible order, augmented, on the training device.

All that is random depends only on the seed and the number of the batch, never on what
ran before. So a resumed training sees bit for bit the same photos, and several
processes together see the photos that one process would see.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F

from training.photos.data_set import CHANNELS, DataSet

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


@dataclass(frozen=True)
class Augmentation:
    """Random changes to the photos of a batch.

    Attributes
    ----------
    crop : float
        Smallest side of a random crop, as a share of the photo's side; 1 for none.
    aged : float
        Share of the photos whose L gets the tone curve, contrast, blur and grain of old
        photos.
    flip : bool
        Whether half of the photos are mirrored.
    """

    crop: float = 1.0
    aged: float = 0.0
    flip: bool = False


class Dice:
    """Random numbers for the photos of one batch.

    Each of several processes draws the numbers of the whole batch and keeps those of
    its own photos. All but those of ``normal`` are the same on every device.

    Parameters
    ----------
    seeds
        Integers that determine the numbers.
    count
        Photos in the whole batch.
    own
        Photos of this process.
    """

    def __init__(
        self, seeds: tuple[int, ...], count: int, own: slice = slice(None)
    ) -> None:
        state = np.random.SeedSequence(seeds).generate_state(1)
        self._random = torch.Generator().manual_seed(int(state[0]))
        self._count, self._own = count, own

    def common(self, low: int, high: int) -> int:
        """Draw one integer in ``low..high`` for all photos, both ends included."""
        return int(torch.randint(low, high + 1, (), generator=self._random))

    def integers(self, high: int, columns: int = 1) -> Tensor:
        """Draw integers in ``0..high``, both ends included: (n, columns) int64."""
        shape = (self._count, columns)
        return torch.randint(0, high + 1, shape, generator=self._random)[self._own]

    def uniform(self) -> Tensor:
        """Draw numbers in 0..1: (n,) float32."""
        return torch.rand(self._count, generator=self._random)[self._own]

    def normal(self, shape: tuple[int, ...], device: torch.device) -> Tensor:
        """Draw standard normal numbers on the device: (n, *shape) float32."""
        seeds = self.integers(2**62)[:, 0].tolist()
        random = torch.Generator(device)
        return torch.stack(
            [
                torch.randn(shape, generator=random.manual_seed(seed), device=device)
                for seed in seeds
            ]
        )


class Batches:
    """Random access to batches of a data set.

    Parameters
    ----------
    photos
        The data set.
    rows
        Rows of it to draw from.
    batch
        Photos in a batch, over all processes together.
    seed
        Seed of order and augmentation.
    device
        Device of the batches. A GPU keeps the bytes of all photos in its memory, if
        they take less than half of what is free.
    rank, world
        This process takes every ``world``-th photo of a batch from ``rank`` on.

    Raises
    ------
    ValueError
        If there are no rows, or the processes cannot share a batch evenly.
    """

    def __init__(
        self,
        photos: DataSet,
        rows: NDArray[np.int64],
        batch: int,
        seed: int,
        device: torch.device,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        if not len(rows):
            raise ValueError("expected at least one photo in the split, got none")
        if batch % world:
            raise ValueError(
                f"expected a number of processes that divides the batch of {batch} "
                f"photos, got {world}"
            )
        self.batch, self.seed, self.device, self.rows = batch, seed, device, rows
        self._own = slice(rank, None, world)
        self._planes = {c: torch.from_numpy(photos.planes[c]) for c in CHANNELS}
        size = 3 * len(rows) * photos.planes["L"][0].size
        if device.type == "cuda" and size < torch.cuda.mem_get_info(device)[0] / 2:
            at = torch.from_numpy(rows)
            self._planes = {c: p[at].to(device) for c, p in self._planes.items()}
            self.rows = np.arange(len(rows))

    def order(self, first: int, count: int) -> NDArray[np.int64]:
        """Return the rows of the training's photos ``first`` .. ``first + count``.

        Each pass over the rows is shuffled in another order.
        """
        size = len(self.rows)
        passes = range(first // size, (first + count - 1) // size + 1)
        shuffled = [_shuffled(self.seed, p, size) for p in passes]
        start = first - passes[0] * size
        return self.rows[np.concatenate(shuffled)[start : start + count]]

    def dice(self, first: int, purpose: int) -> Dice:
        """Return the random numbers of a batch; each purpose has its own."""
        return Dice((self.seed, first, purpose), self.batch, self._own)

    def get(
        self, first: int, size: int, augmentation: Augmentation
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the batch that begins with photo number ``first`` of the training.

        Parameters
        ----------
        first
            Photos seen before this batch.
        size
            Side of the squares in pixels.
        augmentation
            Random changes to the photos.

        Returns
        -------
        L, a, b : (n, size, size) float32
            L* in 0..100, a* and b* of the n photos of this process.
        """
        at = torch.from_numpy(self.order(first, self.batch)[self._own])
        at = at.to(self._planes["L"].device, non_blocking=True)
        dice = self.dice(first, 0)
        whole = torch.stack([self._planes[c][at] for c in CHANNELS], 1)
        cut = _crop(whole, augmentation, dice).to(self.device).float()
        if cut.shape[-1] != size:
            cut = F.interpolate(cut, (size, size), mode="bilinear", antialias=True)
        lightness = cut[:, 0] / 255
        if augmentation.aged:
            old = age(lightness, dice)
            chosen = (dice.uniform() < augmentation.aged)[:, None, None]
            chosen = chosen.to(self.device, non_blocking=True)
            lightness = torch.where(chosen, old, lightness)
        return lightness * 100, cut[:, 1] - 128, cut[:, 2] - 128


@lru_cache(maxsize=2)
def _shuffled(seed: int, number: int, size: int) -> NDArray[np.int64]:
    """Return the order of one pass over ``size`` rows."""
    return np.random.default_rng([seed, number]).permutation(size)


def _crop(whole: Tensor, augmentation: Augmentation, dice: Dice) -> Tensor:
    """Cut squares of one common side at random places; mirror some of them."""
    side = whole.shape[-1]
    cut = dice.common(round(augmentation.crop * side), side)
    places = dice.integers(side - cut, 2).tolist()
    mirrored = (dice.uniform() < 0.5 * augmentation.flip).tolist()
    pieces = [
        photo[:, y : y + cut, x : x + cut].flip(-1)
        if flip
        else photo[:, y : y + cut, x : x + cut]
        for photo, (y, x), flip in zip(whole, places, mirrored, strict=True)
    ]
    return torch.stack(pieces)


def age(lightness: Tensor, dice: Dice) -> Tensor:
    """Make L look old: tone curve, fading, blur, grain, each in half of the photos.

    Parameters
    ----------
    lightness : (n, h, w) float in 0..1
    dice
        Source of the random numbers.

    Returns
    -------
    (n, h, w) float in 0..1
    """
    device = lightness.device

    def some(low: float, high: float, neutral: float) -> Tensor:
        drawn = dice.uniform() * (high - low) + low
        value = torch.where(dice.uniform() < 0.5, drawn, neutral)
        return value[:, None, None].to(device, non_blocking=True)

    curved = lightness.clamp(min=1e-4) ** torch.exp(some(-0.5, 0.5, 0))
    black, white = some(0, 0.15, 0), some(0.8, 1, 1)
    faded = black + (white - black) * curved
    soft = F.avg_pool2d(F.pad(faded[:, None], (1, 1, 1, 1), "replicate"), 3, 1)[:, 0]
    blurred = torch.lerp(faded, soft, some(0, 1, 0))
    grain = dice.normal(tuple(lightness.shape[1:]), device)
    return (blurred + grain * some(0, 0.04, 0)).clamp(0, 1)
