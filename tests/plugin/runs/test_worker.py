"""Workers beside each other, and the warnings of their tasks."""

from __future__ import annotations

import gc
import threading
import warnings
from typing import TYPE_CHECKING
from weakref import ref

import numpy as np
import pytest

from napari_colorize.runs import Worker

if TYPE_CHECKING:
    from qtpy.QtWidgets import QApplication


def overlapped() -> list[ref[object]]:
    """Run two workers, the second begun before the first has ended, and the reverse.

    Return their pictures.
    """
    began, beside = threading.Event(), threading.Event()
    pictures = [np.zeros((20, 20)) for _ in range(2)]

    def first(_worker: Worker, picture: np.ndarray = pictures[0]) -> float:
        began.set()
        beside.wait(20)
        return picture.max()

    def second(_worker: Worker, picture: np.ndarray = pictures[1]) -> float:
        beside.set()
        threads[0].join(20)
        return picture.max()

    workers = [Worker(first), Worker(second)]
    threads = [threading.Thread(target=worker.run) for worker in workers]
    threads[0].start()
    began.wait(20)
    threads[1].start()
    for thread in threads:
        thread.join(20)
    return [ref(picture) for picture in pictures]


def test_workers_that_overlap_leave_nothing_behind(qapp: QApplication) -> None:
    show = warnings.showwarning
    pictures = overlapped()
    gc.collect()
    assert warnings.showwarning is show
    assert [picture() for picture in pictures] == [None, None]


def test_a_warning_of_a_task_is_told_as_any_other(qapp: QApplication) -> None:
    worker = Worker(lambda _: warnings.warn("dark", UserWarning, stacklevel=1))
    with pytest.warns(UserWarning, match="dark"):
        worker.run()
