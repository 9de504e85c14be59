"""The two nets of a model in torch."""

from __future__ import annotations

from functools import partial
from textwrap import shorten
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as from_bytes

from colorize_engine.pretrained.side_by_side import run_side_by_side
from colorize_engine.pretrained.torch_nets.threads import limit_threads
from colorize_engine.pretrained.torch_nets.unet import UNet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from colorize_engine.pretrained.design import NetDesign

    Floats = NDArray[np.float32]


def net_from(weights: bytes, design: NetDesign) -> UNet:
    """Return a net with the weights of a safetensors file.

    Raises
    ------
    ValueError
        If the file is damaged, or holds the weights of another design.
    """
    net = UNet(design)
    try:
        net.load_state_dict(from_bytes(weights))
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    except RuntimeError as error:
        # The first line of torch's message says nothing, the others name each misfit.
        details = str(error).partition("\n")[2] or str(error)
        raise ValueError(
            "its weights do not fit the design in the model's card: "
            + shorten(details, 160, placeholder=" ...")
        ) from error
    return net


class TorchNets:
    """Nets ``a`` and ``b`` in torch, see `model.Nets`.

    Parameters
    ----------
    nets
        Nets with their weights; their batch norms are folded in place.
    device
        Device to run them on.
    dtype
        Precision to run them in.
    threads
        Processors to use on the CPU.
    """

    runtime = "torch"

    def __init__(
        self,
        nets: Mapping[str, UNet],
        device: torch.device,
        dtype: torch.dtype,
        threads: int,
    ) -> None:
        self._nets = {
            channel: net.fold().to(device, dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
            for channel, net in nets.items()
        }
        self._device, self._dtype, self._threads = device, dtype, threads
        self.device, self.precision = str(device), str(dtype).removeprefix("torch.")
        # At reduced precision the results of a batch are rounded differently.
        self.batched = dtype == torch.float32
        self.concurrent = device.type == "cpu"

    def __call__(self, planes: Floats, channels: str = "ab") -> tuple[Floats, ...]:
        """Predict logits, see `model.Nets`."""
        x = torch.from_numpy(np.require(planes, requirements=["C", "W"]))
        x = x.to(self._device, self._dtype, memory_format=torch.channels_last)
        if self.concurrent and channels == "ab":
            return run_side_by_side(
                partial(self._run, "a", x), partial(self._run, "b", x)
            )
        return tuple(self._run(channel, x) for channel in channels)

    def _run(self, channel: str, x: torch.Tensor) -> Floats:
        net = self._nets[channel]
        if self.concurrent:
            limit_threads(max(1, self._threads // 2))
        with torch.inference_mode():  # applies to this thread only
            logits = net(x[:, : len(net.design.inputs)])
            result: Floats = logits.float().contiguous().cpu().numpy()
        return result
