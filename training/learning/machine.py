"""Settings of a training run that depend on the machine, not on the preset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch.nn.parallel import DistributedDataParallel

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Machine:
    """Device, precision, processes and checkpoints of a training run.

    Attributes
    ----------
    device : torch.device
    dtype : torch.dtype
        Precision of the forward pass under autocast; float32 means no autocast.
    rank, world : int
        Number of this process, and the number of processes.
    checkpoint_every : int
        Photos between two checkpoints.
    """

    device: torch.device
    dtype: torch.dtype
    rank: int = 0
    world: int = 1
    checkpoint_every: int = 20000

    def shared(self, net: torch.nn.Module) -> torch.nn.Module:
        """Return the net, wrapped to average the gradients of several processes."""
        if self.world == 1:
            return net
        cuda = self.device.type == "cuda"
        return DistributedDataParallel(net, [self.device] if cuda else None)
