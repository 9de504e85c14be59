"""Available devices, and the fastest precision on each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def available_devices() -> list[str]:
    """Return the names of the devices here, the best first; ``cpu`` is the last."""
    import torch

    names = [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    return [*names, "cpu"]


def choose_device(name: str = "auto") -> torch.device:
    """Turn a name into a device.

    Parameters
    ----------
    name
        ``auto`` for the best one here, or ``cpu``, ``cuda``, ``cuda:N``, ``mps``.

    Raises
    ------
    ValueError
        If this machine has no such device.
    """
    import torch

    names = available_devices()
    if name == "auto":
        return torch.device(names[0])
    if name in names or (name == "cuda" and "cuda:0" in names):
        return torch.device(name)
    raise ValueError(
        f"there is no device {name!r} here; expected auto or one of {', '.join(names)}"
    )


def fast_dtype(device: torch.device) -> torch.dtype:
    """Return the precision in which nets run fastest on a device.

    This is bfloat16 on CUDA devices from compute capability 8 on, and on CPUs with
    instructions for it (without them it is many times slower). Elsewhere it is float32.
    """
    import torch

    if device.type == "cuda":
        fast = torch.cuda.get_device_capability(device) >= (8, 0)
    else:
        fast = device.type == "cpu" and _cpu_has_bfloat16()
    return torch.bfloat16 if fast else torch.float32


def _cpu_has_bfloat16() -> bool:
    """Return whether Linux lists bfloat16 instructions among the processor's flags."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return re.search(r"\b(avx512_bf16|amx_bf16)\b", text) is not None
