"""Likely colors of a pixel, asked for in a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_colorize.runs import Worker

if TYPE_CHECKING:
    from napari_colorize.runs import Run


class Suggesting:
    """Questions for likely colors, of which the last one is answered.

    Attributes
    ----------
    answered : Signal
        Emitted with a list of Suggestion and the L* of the pixel.
    failed : Signal
        Emitted with the exception of the worker.
    """

    answered = Signal(list, float)
    failed = Signal(object)

    def __init__(self) -> None:
        self._asked: Worker | None = None

    def ask(self, run: Run, frame: tuple[int, ...], row: float, column: float) -> None:
        """Ask the nets of a run about a pixel of its source."""
        steering = run.results.steering
        worker = Worker(lambda _worker: steering.suggest(frame, row, column))
        self._asked = worker
        worker.returned.connect(lambda found: self._on_answer(worker, found))
        worker.errored.connect(lambda error: self._on_error(worker, error))
        worker.start()

    def forget(self) -> None:
        """Wait for no answer any more."""
        self._asked = None

    def _on_answer(self, worker: Worker, found: Any) -> None:
        if worker is self._asked:
            self._asked = None
            self.answered.emit(*found)

    def _on_error(self, worker: Worker, error: Exception) -> None:
        if worker is self._asked:
            self._asked = None
            self.failed.emit(error)
