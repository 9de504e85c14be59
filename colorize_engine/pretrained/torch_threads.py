"""Shares of torch's threads, and two nets side by side."""

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
