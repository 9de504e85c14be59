"""The buttons "Show gray" and "Split", and the key that shows the gray picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QApplication, QHBoxLayout, QPushButton, QWidget

from napari_colorize.comparing.comparison import Comparison
from napari_colorize.comparing.split_line import SplitLine

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from qtpy.QtGui import QHideEvent

_KEY = Qt.Key.Key_G  # napari 0.9 binds G with Ctrl only
# Shares of the canvas.
_STEPS: dict[int, float] = {Qt.Key.Key_Left: -0.02, Qt.Key.Key_Right: 0.02}


class CompareButtons(QWidget):
    """Two buttons that compare the colors with the gray picture.

    While G is held down, on the canvas or in a widget that is listened to, the gray
    picture is shown in place.

    Parameters
    ----------
    viewer
        The viewer of the layers.

    Attributes
    ----------
    comparison : Comparison
        What is shown.
    gray_button, split_button : QPushButton
        The buttons.
    line : SplitLine or None
        The line over the canvas, while there is one.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self.comparison = Comparison(viewer)
        self.line: SplitLine | None = None
        self.gray_button = QPushButton("Show gray")
        self.gray_button.setToolTip(
            "Hold the button down to see the gray picture instead of the colors. The "
            "key G does the same."
        )
        self.split_button = QPushButton("Split")
        self.split_button.setCheckable(True)
        self.split_button.setToolTip(
            "Show gray on the left of a line, and on its right the picture in color or "
            "the selected layer at the same place. Drag the line, or press Left and "
            "Right here."
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for button in (self.gray_button, self.split_button):
            row.addWidget(button)
        self.split_button.installEventFilter(self)
        self.gray_button.pressed.connect(lambda: self.comparison.show_gray(True))
        self.gray_button.released.connect(lambda: self.comparison.show_gray(False))
        self.split_button.toggled.connect(self.comparison.show_split)
        self.comparison.changed.connect(self._show)
        # A model of a viewer has no window. napari has no public way to its canvas.
        window: Any = getattr(viewer, "window", None)
        self._canvas = None
        if window is not None:
            self._canvas = window._qt_viewer.canvas
            self.listen_to(window._qt_viewer)
            self.listen_to(self._canvas.native)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_focus)
        self._show()

    def listen_to(self, widget: QWidget) -> None:
        """Let the key work while a widget, or a part of it, has the focus."""
        widget.installEventFilter(self)

    def release(self) -> None:
        """End the comparison, as the buttons are gone."""
        self.comparison.changed.disconnect(self._show)
        self.comparison.release()
        self._drop_line()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Show gray while the key is held; move the line by the arrow keys."""
        if not isinstance(event, QKeyEvent):
            return False
        pressed = event.type() == QEvent.Type.KeyPress
        if watched is self.split_button and self.comparison.split:
            step = _STEPS.get(event.key(), 0.0)
            if pressed and step:
                self.comparison.move(self.comparison.position + step)
                return True
        if event.key() == _KEY and not event.isAutoRepeat():
            if pressed and event.modifiers() == Qt.KeyboardModifier.NoModifier:
                self._hold(True)
            elif event.type() == QEvent.Type.KeyRelease:
                self._hold(False)
        return False

    def _hold(self, on: bool) -> None:
        if self.gray_button.isEnabled() and on != self.comparison.gray:
            self.gray_button.setDown(on)
            self.comparison.show_gray(on)

    def _on_focus(self) -> None:
        """Let the key go; where the focus is now, nobody tells of its release."""
        self._hold(False)

    def hideEvent(self, event: QHideEvent | None) -> None:
        """End the comparison when the widget is closed, not when it is minimized."""
        if event is not None and not event.spontaneous():
            self._hold(False)
            self.split_button.setChecked(False)

    def _show(self) -> None:
        """Show what can be done, and the line if it is wanted."""
        comparison = self.comparison
        possible = comparison.pair is not None
        self.gray_button.setEnabled(possible)
        self.split_button.setEnabled(possible and self._canvas is not None)
        self.split_button.setChecked(comparison.split)
        if not comparison.split:
            self._drop_line()
        elif self.line is not None:
            self.line.follow()
        elif self._canvas is not None:
            self.line = SplitLine(self._canvas, comparison)

    def _drop_line(self) -> None:
        if self.line is not None:
            self.line.end()
            self.line = None
