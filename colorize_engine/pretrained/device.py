"""Devices: which there are, and the precision that each gains by."""

from __future__ import annotations

import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

T = TypeVar("T")

_sharing = threading.Lock()
_pair_busy = threading.Lock()


def available_devices() -> list[str]:
    """Names of the devices that torch can use here, the best first; ``cpu`` always."""
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
        ``auto`` for the best there is, or ``cpu``, ``cuda``, ``cuda:N``, ``mps``.

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
    """Precision that networks run fastest in on a device: bfloat16 or float32.

    A CPU gains by bfloat16 only with instructions for it (without, it is many times
    slower), a CUDA device from compute capability 8 on.
    """
    import torch

    if device.type == "cuda":
        fast = torch.cuda.get_device_capability(device) >= (8, 0)
    else:
        fast = device.type == "cpu" and _cpu_has_bfloat16()
    return torch.bfloat16 if fast else torch.float32


def take_share(of: int) -> None:
    """Let torch use one in ``of`` of its threads when the calling thread asks it.

    The others keep theirs.
    """
    import torch

    with _sharing:
        _use_threads(torch.get_num_threads() // of)


def run_side_by_side(first: Callable[[], T], second: Callable[[], T]) -> tuple[T, T]:
    """Run two calls of torch at once on the CPU, each with half of the threads.

    Small nets keep the processors busier side by side than one after the other, each
    spread over all of them (``benchmarks/nets.py``). Where the calling thread has but
    one thread of torch's, or another caller is in here, they run one after the other.

    Parameters
    ----------
    first, second
        What to run.

    Returns
    -------
    tuple
        What each gave.

    Raises
    ------
    BaseException
        What the first that failed raised.
    """
    import torch

    with _sharing:
        total = torch.get_num_threads()
    if total < 2 or not _pair_busy.acquire(blocking=False):
        return first(), second()

    def run(call: Callable[[], T], threads: int) -> T:
        with _sharing:
            if torch.get_num_threads() != threads:
                _use_threads(threads)
        return call()

    try:
        pair = _pair(os.getpid())
        # In threads that stay: new ones would take fresh memory at every call.
        one = pair.submit(run, first, total - total // 2)
        other = pair.submit(run, second, total // 2)
        return one.result(), other.result()
    finally:
        _pair_busy.release()


@cache
def _pair(process: int) -> ThreadPoolExecutor:
    """Give the two threads of a process; a fork has none of its parent's."""
    return ThreadPoolExecutor(2, thread_name_prefix=f"nets of {process}")


def _use_threads(count: int) -> None:
    """Let torch use some threads, at least one, when the calling thread asks it.

    torch's setting is for the calling thread and for those that begin later, so that it
    is set back for the latter, by a thread that ends at once. What a thread finds when
    it asks for the first time stays with it: call this, and ask, under ``_sharing``.
    """
    import torch

    with ThreadPoolExecutor(1) as later:
        default = later.submit(torch.get_num_threads).result()
        torch.set_num_threads(max(1, count))
        later.submit(torch.set_num_threads, default).result()


def _cpu_has_bfloat16() -> bool:
    """Whether Linux lists bfloat16 instructions among the processor's flags."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return re.search(r"\b(avx512_bf16|amx_bf16)\b", text) is not None
