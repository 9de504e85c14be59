"""Two nets at once, in threads of their own."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_busy = threading.Lock()


def run_side_by_side(first: Callable[[], T], second: Callable[[], T]) -> tuple[T, T]:
    """Call two functions at once, each in a thread that is kept.

    Two small nets use the processors better side by side, each on half of them, than
    one after the other on all (``benchmarks/nets.py``). The calls run one after the
    other, in the calling thread, while this function runs for another caller.

    Returns
    -------
    tuple
        Both results.

    Raises
    ------
    BaseException
        The error of ``first``, or else that of ``second``.
    """
    if not _busy.acquire(blocking=False):
        return first(), second()
    try:
        pair = _thread_pair(os.getpid())
        # The threads are kept: new ones would allocate fresh memory at every call.
        one, other = pair.submit(first), pair.submit(second)
        return one.result(), other.result()
    finally:
        _busy.release()


@cache
def _thread_pair(process: int) -> ThreadPoolExecutor:
    """Return the two threads of a process; a fork does not inherit its parent's."""
    return ThreadPoolExecutor(2, thread_name_prefix=f"nets of {process}")
