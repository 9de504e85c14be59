"""Batches of photos in a reproducible order, augmented, on the training device.

All that is random depends only on the seed and the number of the batch, never on what
ran before. So a resumed training sees bit for bit the same photos, and several
processes together see the photos that one process would see.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F

from training.photos.data_set import CHANNELS, DataSet
from training.photos.dice import Dice
from training.photos.variation import vary

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


class Batches:
    """Random access to batches of a data set.

    Parameters
    ----------
    photos
        The data set.
    rows
        Rows of it to draw from.
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
        If there are no rows.
    """

    def __init__(
        self,
        photos: DataSet,
        rows: NDArray[np.int64],
        seed: int,
        device: torch.device,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        if not len(rows):
            raise ValueError("expected at least one photo in the split, got none")
        self.seed, self.device, self.rows = seed, device, rows
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

    def dice(self, first: int, count: int, purpose: int) -> Dice:
        """Return the random numbers of a batch; each purpose has its own."""
        return Dice((self.seed, first, purpose), count, self._own)

    def get(self, first: int, count: int, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return a batch of photos as they are.

        Parameters
        ----------
        first
            Photos seen before this batch.
        count
            Photos of the batch, over all processes together.
        size
            Side of the squares in pixels.

        Returns
        -------
        L, a, b : (n, size, size) float32
            L* in 0..100, a* and b* of the n photos of this process.
        """
        at = self._rows(first, count)
        return self._scaled([self._planes[c][at] for c in CHANNELS], size)

    def augmented(
        self, first: int, count: int, size: int, crop: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return a batch of random crops, half of them mirrored, with varied L.

        The crops have one common side, between the share ``crop`` of the photos' side
        and all of it. L is varied by `vary`. The rest is as for `get`.
        """
        side = self._planes["L"].shape[-1]
        dice = self.dice(first, count, 0)
        cut = dice.common(round(crop * side), side)
        at, device = self._rows(first, count)[:, None, None], self._planes["L"].device
        place = dice.integers(side - cut, 2).to(device, non_blocking=True)
        mirrored = (dice.table(1) < 0.5).to(device, non_blocking=True)
        steps = torch.arange(cut, device=device)
        y = place[:, :1] + steps
        x = place[:, 1:] + torch.where(mirrored, cut - 1 - steps, steps)
        window = at, y[:, :, None], x[:, None, :]
        lightness, a, b = self._scaled(
            [self._planes[c][window] for c in CHANNELS], size
        )
        return vary(lightness / 100, dice) * 100, a, b

    def _rows(self, first: int, count: int) -> Tensor:
        """Return the rows of this process, where the planes are."""
        rows = torch.from_numpy(self.order(first, count)[self._own])
        return rows.to(self._planes["L"].device, non_blocking=True)

    def _scaled(self, planes: list[Tensor], size: int) -> tuple[Tensor, Tensor, Tensor]:
        """Scale L, a and b of 8 bits to a size and to the units of Lab."""
        whole = torch.stack(planes, 1).to(self.device).float()
        if whole.shape[-1] != size:
            whole = F.interpolate(whole, (size, size), mode="bilinear", antialias=True)
        return whole[:, 0] / 2.55, whole[:, 1] - 128, whole[:, 2] - 128


@lru_cache(maxsize=2)
def _shuffled(seed: int, number: int, size: int) -> NDArray[np.int64]:
    """Return the order of one pass over ``size`` rows."""
    return np.random.default_rng([seed, number]).permutation(size)
