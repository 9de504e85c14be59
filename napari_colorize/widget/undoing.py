"""Undo and redo of the sliders and hints of the chosen image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QKeySequence, QShortcut  # type: ignore[attr-defined]

from napari_colorize.hints import hints_for
from napari_colorize.runs import history_of

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from colorize_engine.edit import State
    from napari_colorize.hints import ImageHints
    from napari_colorize.runs import ImageHistory, Run
    from napari_colorize.widget.controls import Sliders

# A slider that rests for so long has come to the end of a step.
_REST = 1000  # milliseconds


class Undoing:
    """The record of the sliders, and the buttons and keys that undo and redo.

    Parameters
    ----------
    sliders
        The sliders, with the buttons.
    panel
        While it has the focus, Ctrl+Z and Ctrl+Shift+Z undo and redo.
    """

    def __init__(self, sliders: Sliders, panel: QWidget) -> None:
        self._sliders = sliders
        self._history: ImageHistory | None = None
        self._hints: ImageHints | None = None
        self._rest = QTimer(panel)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST)
        self._rest.timeout.connect(self._settle)
        sliders.undo.clicked.connect(self.undo)
        sliders.redo.clicked.connect(self.redo)
        for keys, act in (
            ("Ctrl+Z", self.undo),
            ("Ctrl+Shift+Z", self.redo),
        ):
            shortcut = QShortcut(QKeySequence(keys), panel)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)
        self._show()

    def follow(self, run: Run | None) -> None:
        """Undo what is done to the image of a run; None for nothing."""
        history = None if run is None else history_of(run)
        self._hints = None if run is None else hints_for(run)
        if run is not None and self._hints is not None:
            self._hints.listen_to(run.layers.values())
        if history is not self._history:
            self._settle()
            if self._history is not None:
                self._history.changed.disconnect(self._show)
                self._history.restored.disconnect(self._on_restored)
            self._history = history
            if history is not None:
                history.changed.connect(self._show)
                history.restored.connect(self._on_restored)
        self._show()

    def record(self, slider: str) -> None:
        """Record where a slider is now; steps of one that goes on are one change."""
        if self._history is not None:
            self._history.set_settings(self._sliders.settings(), slider or None)
            self._rest.start()

    def undo(self) -> None:
        """Take back the last change of the chosen image."""
        if self._hints is not None:
            self._hints.undo()

    def redo(self) -> None:
        """Do the change again that was undone last."""
        if self._hints is not None:
            self._hints.redo()

    def _settle(self) -> None:
        if self._history is not None and not self._sliders.held:
            self._history.settle()

    def _on_restored(self, state: State) -> None:
        if state.settings is not None:
            self._sliders.set(state.settings)

    def _show(self) -> None:
        hints, sliders = self._hints, self._sliders
        sliders.undo.enabled = hints is not None and hints.can_undo
        sliders.redo.enabled = hints is not None and hints.can_redo
