"""torch's devices, and the fastest precision on each."""

from __future__ import annotations

import re
from pathlib import Path

import torch


def torch_devices() -> list[str]:
    """Return the names of torch's devices here, the best first; ``cpu`` is the last."""
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
    names = torch_devices()
    if name == "auto":
        return torch.device(names[0])
    if name in names or (name == "cuda" and "cuda:0" in names):
        return torch.device(name)
    raise ValueError(
        f"there is no device {name!r} here; expected auto or one of {', '.join(names)}"
    )


def fast_dtype(device: torch.device, *, exact: bool = False) -> torch.dtype:
    """Return the precision in which nets run fastest on a device, or an exact one.

    The fastest is bfloat16 on CUDA devices from compute capability 8 on, and on CPUs
    with matrix units for it (AMX). On other CPUs it is slower than float32, also on
    those with vector instructions for bfloat16. Elsewhere it is float32.
    """
    if exact:
        return torch.float32
    if device.type == "cuda":
        fast = torch.cuda.get_device_capability(device) >= (8, 0)
    else:
        fast = device.type == "cpu" and _cpu_multiplies_bfloat16()
    return torch.bfloat16 if fast else torch.float32


def _cpu_multiplies_bfloat16() -> bool:
    """Return whether Linux lists AMX for bfloat16 among the processor's flags."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return re.search(r"\bamx_bf16\b", text) is not None
