"""Nets that run for the widget: the worker, its progress, Cancel and the button."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

from qtpy.QtCore import Qt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from magicgui.widgets import PushButton
    from napari.layers import Image, Layer

    from napari_colorize.batch import ManyButton
    from napari_colorize.runs import Worker
    from napari_colorize.widget.controls import Status

in_work: WeakSet[Layer] = WeakSet()
"""Layers that any widget is coloring now."""


class Work:
    """The worker that colors for a widget; there is one at a time.

    Parameters
    ----------
    state
        Shows the progress, and cancels.
    run_button, many_button
        What begins work.
    over
        Called when a worker is done.

    Attributes
    ----------
    closed : bool
        Whether the widget does not exist any more.
    """

    def __init__(
        self,
        state: Status,
        run_button: PushButton,
        many_button: ManyButton,
        over: Callable[[], None],
    ) -> None:
        self._state, self._over = state, over
        self._run_button, self._many_button = run_button, many_button
        self._worker: Worker | None = None
        self._only: Layer | None = None
        self.closed = False

    @property
    def busy(self) -> bool:
        """Whether the nets are running."""
        return self._worker is not None

    @property
    def cancelled(self) -> bool:
        """Whether they run, but are to stop."""
        return self._worker is not None and self._worker.cancelled

    def begin(
        self, worker: Worker, layers: Sequence[Image], only: Image | None = None
    ) -> None:
        """Start a worker that colors these layers, or one only."""
        worker.progressed.connect(self._on_progress)
        worker.finished.connect(lambda: self._on_finished(layers))
        self._worker, self._only = worker, only
        in_work.update(layers)
        self._show_busy(True)
        worker.start()

    def cancel(self) -> bool:
        """Stop the nets; return whether any run."""
        if self._worker is not None:
            self._worker.cancel()
        return self.busy

    def leave(self, layer: Layer) -> bool:
        """Stop if this layer alone is colored; return whether it is."""
        return self._only is not None and self._only is layer and self.cancel()

    def close(self) -> None:
        """Stop; the Qt widgets do not exist any more."""
        self.closed = True
        self.cancel()

    def _on_progress(self, done: int, total: int, text: str) -> None:
        # A signal sent before the widget was closed may arrive afterward.
        if not self.closed:
            self._state.show_progress(done, total, text)

    def _on_finished(self, layers: Sequence[Image]) -> None:
        in_work.difference_update(layers)
        self._worker = self._only = None
        self._over()
        if not self.closed:
            self._show_busy(False)

    def _show_busy(self, busy: bool) -> None:
        """Enable Cancel or Colorize, and move the focus from one to the other."""
        colorize, cancel = self._run_button.native, self._state.cancel.native
        handed_on = (colorize if busy else cancel).hasFocus()
        if not busy:
            self._run_button.enabled = True
            if handed_on:
                colorize.setFocus(Qt.FocusReason.OtherFocusReason)
        self._state.running(busy)
        self._many_button.open_images.setEnabled(not busy)
        if busy:
            if handed_on:
                cancel.setFocus(Qt.FocusReason.OtherFocusReason)
            self._run_button.enabled = False
