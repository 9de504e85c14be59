"""What the machine decides of a training run, not the preset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch.nn.parallel import DistributedDataParallel

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Machine:
    """What the machine decides, not the preset.

    Attributes
    ----------
    device : torch.device
    dtype : torch.dtype
        Of the forward pass under autocast; float32 for none.
    rank, world : int
        Number of this process and how many there are.
    checkpoint_every : int
        Photos between two checkpoints.
    """

    device: torch.device
    dtype: torch.dtype
    rank: int = 0
    world: int = 1
    checkpoint_every: int = 2000

    def shared(self, net: torch.nn.Module) -> torch.nn.Module:
        """Let several processes average their gradients; one has the net itself."""
        if self.world == 1:
            return net
        cuda = self.device.type == "cuda"
        return DistributedDataParallel(net, [self.device] if cuda else None)
