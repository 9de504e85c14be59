"""Limit on torch's CPU threads, for one of the threads that call it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import torch

_changing = threading.Lock()


def limit_threads(count: int) -> None:
    """Set the number of torch's threads for the calling thread only.

    torch's setting applies to the calling thread and to threads that start later. A
    thread that ends at once restores it for the latter. Each thread keeps the number
    that it reads first, so the number is read under a lock.
    """
    with _changing:
        if torch.get_num_threads() == count:
            return
        with ThreadPoolExecutor(1) as later:
            default = later.submit(torch.get_num_threads).result()
            torch.set_num_threads(count)
            later.submit(torch.set_num_threads, default).result()
