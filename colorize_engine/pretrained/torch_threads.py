"""Division of torch's CPU threads between callers and between nets."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable


T = TypeVar("T")

_sharing = threading.Lock()

_pair_busy = threading.Lock()


def take_share(of: int) -> None:
    """Divide the number of torch's threads by ``of``, for the calling thread only."""
    import torch

    with _sharing:
        _use_threads(torch.get_num_threads() // of)


def run_side_by_side(first: Callable[[], T], second: Callable[[], T]) -> tuple[T, T]:
    """Run two torch calls at once on the CPU, each with half of the threads.

    Two small nets use the processors better side by side than one after the other on
    all threads (``benchmarks/nets.py``). The calls run one after the other if the
    calling thread has only one torch thread, or while this function runs for another
    caller.

    Parameters
    ----------
    first, second
        Functions to call.

    Returns
    -------
    tuple
        Both results.

    Raises
    ------
    BaseException
        The error of ``first``, or else that of ``second``.
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
        pair = _thread_pair(os.getpid())
        # The threads are kept: new ones would allocate fresh memory at every call.
        one = pair.submit(run, first, total - total // 2)
        other = pair.submit(run, second, total // 2)
        return one.result(), other.result()
    finally:
        _pair_busy.release()


@cache
def _thread_pair(process: int) -> ThreadPoolExecutor:
    """Return the two threads of a process; a fork does not inherit its parent's."""
    return ThreadPoolExecutor(2, thread_name_prefix=f"nets of {process}")


def _use_threads(count: int) -> None:
    """Set the number of torch's threads, at least one, for the calling thread only.

    torch's setting applies to the calling thread and to threads that start later. A
    thread that ends at once restores it for the latter. Each thread keeps the number
    that it reads first, so hold ``_sharing`` to call this and to read the number.
    """
    import torch

    with ThreadPoolExecutor(1) as later:
        default = later.submit(torch.get_num_threads).result()
        torch.set_num_threads(max(1, count))
        later.submit(torch.set_num_threads, default).result()
