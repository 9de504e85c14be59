"""Threads that share the pieces of one picture.

NumPy and Pillow release the interpreter lock in their loops, so threads do save time.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

T = TypeVar("T")

_MOST_THREADS = 8
_this_thread = threading.local()  # `alone` is True where `spread` starts no threads


def spread(
    begin: Callable[[], Callable[[T], object]], pieces: Sequence[T], per_thread: int = 1
) -> None:
    """Work on all pieces in threads, one for each processor, eight at most.

    Parameters
    ----------
    begin
        Called once in each thread; returns the function that the thread calls with each
        of its pieces. A call of `spread` within these starts no threads.
    pieces : sequence
        Taken in order, one at a time, by whichever thread is free.
    per_thread : int
        Number of pieces below which a thread does not pay.

    Raises
    ------
    BaseException
        What a thread raised, or Ctrl+C in the caller. The threads then begin no more
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
        _this_thread.alone = True
        work()

    threads = min(processors(), _MOST_THREADS, len(pieces) // per_thread)
    if threads <= 1 or getattr(_this_thread, "alone", False):
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
    """Keep `spread` in this thread, for a scheduler that has its own threads."""
    before = getattr(_this_thread, "alone", False)
    _this_thread.alone = True
    try:
        yield
    finally:
        _this_thread.alone = before


def ahead(items: Generator[T], most: int) -> Generator[T]:
    """Yield items that a thread of its own makes, some of them before they are needed.

    Close this generator to end the thread, which finishes the item that it is at, and
    to close the other one.

    Parameters
    ----------
    items : generator
    most : int
        Number of items that are made before they are asked for.

    Raises
    ------
    BaseException
        What the generator raises.
    """
    end = object()
    with closing(items), ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(next, items, end) for _ in range(most))
        try:
            while (item := waiting.popleft().result()) is not end:
                waiting.append(pool.submit(next, items, end))
                yield cast("T", item)
        finally:
            for future in waiting:
                future.cancel()


def processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
