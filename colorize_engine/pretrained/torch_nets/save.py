"""Weights of a net as the content of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from safetensors.torch import save as to_bytes

if TYPE_CHECKING:
    from colorize_engine.pretrained.torch_nets.unet import UNet


def weights_bytes(net: UNet) -> bytes:
    """Return the content of a safetensors file with all floats as float16.

    Raises
    ------
    ValueError
        If a weight is not finite or too large for float16.
    """
    state: dict[str, torch.Tensor] = {}
    for name, value in net.state_dict().items():
        kind = torch.float16 if value.is_floating_point() else value.dtype
        state[name] = value.detach().to("cpu", kind).contiguous()
        if not state[name].isfinite().all():
            raise ValueError(f"{name} is not finite or too large for fp16")
    content: bytes = to_bytes(state)
    return content
