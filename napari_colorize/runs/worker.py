"""Work in a thread of its own, with progress and a way to stop it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from napari.qt.threading import WorkerBase, WorkerBaseSignals
from qtpy.QtCore import Signal  # type: ignore[attr-defined]

if TYPE_CHECKING:
    from collections.abc import Callable

    Report = Callable[[int, int, str], None]


class Cancelled(Exception):
    """The work was to stop."""


class _Signals(WorkerBaseSignals):  # type: ignore[misc]
    progressed = Signal(int, int, str)
    emitted = Signal(object)


class Worker(WorkerBase):  # type: ignore[misc]
    """Runs a task in napari's thread pool.

    A generator's worker would swallow RuntimeError, which out of memory is one; here
    each exception reaches ``errored``, ``Cancelled`` included.

    Signals, in the thread of the receiver: ``progressed(done, total, text)``,
    ``emitted(value)``, ``returned(result)``, ``errored(exception)``, ``finished()``.

    Parameters
    ----------
    task
        Called with this worker; its result is returned.
    """

    def __init__(self, task: Callable[[Worker], Any]) -> None:
        super().__init__(SignalsClass=_Signals)
        self._task = task
        self._cancelled = threading.Event()

    @property
    def cancelled(self) -> bool:
        """Whether it is to stop."""
        return self._cancelled.is_set() or bool(self.abort_requested)

    def cancel(self) -> None:
        """Let the task stop where it next reports; may be called from any thread."""
        self._cancelled.set()

    def report(self, done: int, total: int, text: str) -> None:
        """Tell how far the task is.

        Raises
        ------
        Cancelled
            If it is to stop.
        """
        self.check()
        self.progressed.emit(done, total, text)

    def check(self) -> None:
        """Stop the task here if it is to stop.

        Raises
        ------
        Cancelled
            If so.
        """
        # napari asks to abort when it is closed.
        if self.cancelled:
            raise Cancelled

    def work(self) -> Any:
        """Run the task."""
        return self._task(self)
