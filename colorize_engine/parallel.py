"""Work on the pieces of one picture in several threads.

NumPy and Pillow release the interpreter lock in their loops, so that threads do gain.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")

_MOST = 8
_inside = threading.local()


def spread(
    begin: Callable[[], Callable[[T], object]], pieces: Sequence[T], fewest: int = 1
) -> None:
    """Work on all pieces, as many at a time as there are processors, eight at most.

    Parameters
    ----------
    begin
        Called once in each thread; returns what that thread calls with its pieces. A
        call of `spread` in there stays in its thread.
    pieces : sequence
        Taken in order, one at a time, by whichever thread is free.
    fewest : int
        How many pieces make a thread pay.

    Raises
    ------
    BaseException
        What a thread raised, or the caller's Ctrl+C; the threads then begin no more
        pieces.
    """
    waiting = iter(pieces)
    failed = threading.Event()

    def work() -> None:
        try:
            one = begin()
            for piece in waiting:  # shared: each thread takes the next one
                if failed.is_set():
                    return
                one(piece)
        except BaseException:
            failed.set()
            raise

    def work_alone(_: int) -> None:
        _inside.now = True
        work()

    threads = min(processors(), _MOST, len(pieces) // fewest)
    if threads <= 1 or getattr(_inside, "now", False):
        work()
        return
    with ThreadPoolExecutor(threads) as pool:
        try:
            list(pool.map(work_alone, range(threads)))
        except BaseException:
            failed.set()
            raise


@contextmanager
def alone() -> Iterator[None]:
    """Have `spread` stay in this thread, where a scheduler fills the others."""
    before = getattr(_inside, "now", False)
    _inside.now = True
    try:
        yield
    finally:
        _inside.now = before


def processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
