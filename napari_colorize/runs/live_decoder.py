"""Decoding again while a slider moves, without the nets and without a queue."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from napari_colorize.runs.worker import Cancelled, Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from colorize_engine.decode import DecodeSettings
    from colorize_engine.hints import Hint
    from napari_colorize.runs.frame_arrays import Arrays
    from napari_colorize.runs.results import Results

    Index = tuple[int, ...]


class LiveDecoder:
    """A decoder of all frames of results in one worker, the shown frame first.

    However often ``request`` is called, one decoding runs and at most one waits, with
    the last settings and hints. Frames decoded with earlier settings are stale until
    they are decoded again. The nets run only where the hints have changed.

    Parameters
    ----------
    results
        The results to decode.
    show
        Called in the GUI's thread with the index of a frame and its new arrays. For a
        stack the arrays are left out, as they are in the store by then.
    fail
        Called in the GUI's thread with the exception that ended the decoding.
    """

    def __init__(
        self,
        results: Results,
        show: Callable[[Index, Arrays], None],
        fail: Callable[[Exception], None],
    ) -> None:
        self._results, self._show, self._fail = results, show, fail
        self._lock = threading.Lock()
        self._settings: DecodeSettings | None = None
        self._hints: tuple[Hint, ...] | None = None
        self._stale: set[Index] = set()
        # Stale frames that are shown as far as they can be now.
        self._previewed: set[Index] = set()
        self._focus: Index | None = None
        self._worker: Worker | None = None
        self._closed = self._looking = self._held = False
        # What was asked for while it was held.
        self._waiting: tuple[DecodeSettings, tuple[Hint, ...] | None] | None = None
        self._unshown = 0

    @property
    def busy(self) -> bool:
        """Whether frames are to be decoded, not counting what is rendered ahead."""
        return self._worker is not None or self._unshown > 0

    def request(
        self, settings: DecodeSettings, hints: tuple[Hint, ...] | None = None
    ) -> None:
        """Decode all frames with these settings; forget settings that were waiting.

        None leaves the hints as they are.
        """
        with self._lock:
            if self._closed:
                return
            if self._held:
                if hints is None and self._waiting is not None:
                    hints = self._waiting[1]
                self._waiting = settings, hints
                return
            self._settings = settings
            self._hints = self._hints if hints is None else hints
            self._stale = set(self._results.source.indices())
            self._previewed = set()
            if self._worker is not None:
                return
            self._worker = Worker(self._work)
        self._worker.emitted.connect(self._on_frame)
        self._worker.errored.connect(self._on_error)
        self._worker.start()

    def hold(self) -> None:
        """Let requests wait from now on, so that what is shown stays as it is."""
        with self._lock:
            self._held = True

    def release(self) -> None:
        """Decode again what is asked for, and what was asked for last meanwhile."""
        with self._lock:
            waiting, self._waiting, self._held = self._waiting, None, False
        if waiting is not None:
            self.request(*waiting)

    def look_ahead(self) -> None:
        """Render what may be looked at next, unless there is something to decode."""
        with self._lock:
            if self._closed or self._worker is not None or self._looking:
                return
            self._looking = True
        Worker(self._look_ahead).start()

    def look_at(self, index: Index) -> None:
        """Decode this frame next, if it is stale."""
        with self._lock:
            self._focus = index

    def close(self) -> None:
        """Stop decoding; a running decoding ends after its present frame."""
        with self._lock:
            self._closed = True
            self._stale.clear()
            worker = self._worker
        if worker is not None:
            worker.cancel()

    def _next(
        self,
    ) -> tuple[Index, DecodeSettings, tuple[Hint, ...] | None] | None:
        """Return the next stale frame, its settings and hints; None ends the worker."""
        with self._lock:
            if not self._stale or self._settings is None:
                self._worker = None
                return None
            focus = self._focus
            first = focus in self._stale - self._previewed
            index = focus if focus is not None and first else min(self._stale)
            self._stale.discard(index)
            return index, self._settings, self._hints

    def _work(self, worker: Worker) -> None:
        try:
            while (job := self._next()) is not None:
                index, settings, hints = job
                if hints is not None:
                    self._results.steering.hints = hints
                arrays = self._results.decode(index, settings)
                # The lock keeps the store from being removed meanwhile.
                with self._lock:
                    if self._closed:
                        return
                    if self._results.source.is_stack:
                        self._results.put(index, arrays)
                        arrays = {}
                    if not self._results.is_final(index):
                        self._stale.add(index)
                        if (settings, hints) == (self._settings, self._hints):
                            self._previewed.add(index)
                    self._unshown += 1
                worker.emitted.emit((index, arrays))
        finally:
            with self._lock:
                if self._worker is worker:
                    self._worker = None

    def _look_ahead(self, worker: Worker) -> None:
        def check() -> None:
            worker.check()
            if self._closed or self._worker is not None:
                raise Cancelled

        try:
            with suppress(Cancelled):
                self._results.look_ahead(check)
        finally:
            self._looking = False

    def _on_frame(self, frame: tuple[Index, Arrays]) -> None:
        with self._lock:
            self._unshown -= 1
        if not self._closed:
            self._show(*frame)

    def _on_error(self, error: Exception) -> None:
        if not self._closed:
            self._fail(error)
