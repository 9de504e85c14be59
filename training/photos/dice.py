"""Random numbers for the photos of one batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor


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

    def integers(self, high: int, columns: int) -> Tensor:
        """Draw integers in ``0..high``, both ends included: (n, columns) int64."""
        shape = (self._count, columns)
        return torch.randint(0, high + 1, shape, generator=self._random)[self._own]

    def table(self, columns: int) -> Tensor:
        """Draw numbers in 0..1: (n, columns) float32."""
        return torch.rand((self._count, columns), generator=self._random)[self._own]

    def normal(self, shape: tuple[int, ...], device: torch.device) -> Tensor:
        """Draw standard normal numbers on the device: (n, *shape) float32."""
        random = torch.Generator(device).manual_seed(self.common(0, 2**62))
        whole = (self._count, *shape)
        return torch.randn(whole, generator=random, device=device)[self._own]
