"""Work in a background thread, with progress and a way to stop it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol

from napari.qt.threading import WorkerBase, WorkerBaseSignals
from qtpy.QtCore import Signal  # type: ignore[attr-defined]

if TYPE_CHECKING:
    from collections.abc import Callable

    Report = Callable[[int, int, str], None]


class Cancelled(Exception):
    """The work was canceled."""


class Reporter(Protocol):
    """Where a task reports its progress and learns that it is to stop: a `Worker`."""

    def report(self, done: int, total: int, text: str) -> None:
        """Report the progress; raise `Cancelled` if the task is to stop."""

    def check(self) -> None:
        """Raise `Cancelled` if the task is to stop."""


class _Signals(WorkerBaseSignals):  # type: ignore[misc]
    progressed = Signal(int, int, str)
    emitted = Signal(object)


class Worker(WorkerBase):  # type: ignore[misc]
    """A worker that runs a task in napari's thread pool.

    napari's worker for generators swallows RuntimeError, and running out of memory
    raises one. Here every exception reaches ``errored``, ``Cancelled`` included.

    Signals, received in the receiver's thread: ``progressed(done, total, text)``,
    ``emitted(value)``, ``returned(result)``, ``errored(exception)``, ``finished()``.

    Parameters
    ----------
    task
        A function that gets this worker; its result is emitted by ``returned``.
    """

    def __init__(self, task: Callable[[Worker], Any]) -> None:
        super().__init__(SignalsClass=_Signals)
        self._task = task
        self._cancelled = threading.Event()

    @property
    def cancelled(self) -> bool:
        """Whether the task is to stop."""
        return self._cancelled.is_set() or bool(self.abort_requested)

    def cancel(self) -> None:
        """Stop the task where it next reports; any thread may call this."""
        self._cancelled.set()

    def report(self, done: int, total: int, text: str) -> None:
        """Report the progress of the task.

        Raises
        ------
        Cancelled
            If the task is to stop.
        """
        self.check()
        self.progressed.emit(done, total, text)

    def check(self) -> None:
        """Stop the task here if it is to stop.

        Raises
        ------
        Cancelled
            If it is to stop.
        """
        # napari asks to abort when it is closed.
        if self.cancelled:
            raise Cancelled

    def work(self) -> Any:
        """Run the task."""
        return self._task(self)

    def run(self) -> None:
        """Run the task and tell how it ended; Qt calls this in a thread.

        The one of superqt catches warnings, which is for one thread at a time: of two
        workers that overlap, the second would leave ``warnings.showwarning`` bound to
        the first, and so keep it, its pictures, and all later warnings of the program.
        """
        self.started.emit()
        self._running = True
        try:
            result = self.work()
            if not self.abort_requested:
                self.returned.emit(result)
        except Exception as error:
            self.errored.emit(error)
        self._running = False
        self.finished.emit()
        self._finished.emit(self)
