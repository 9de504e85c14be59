"""A panel that is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QWidget


class Undocked(QObject):
    """Calls a function when a widget is taken out of its dock.

    The X of a dock neither closes nor destroys what is in it: napari takes it out and
    destroys the dock.

    Parameters
    ----------
    widget
        The widget.
    react
        The function.
    """

    def __init__(self, widget: QWidget, react: Callable[[], None]) -> None:
        super().__init__(widget)
        self._widget, self._react = widget, react
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """React when the widget has no parent any more."""
        left = event is not None and event.type() == QEvent.Type.ParentChange
        if left and watched is self._widget and self._widget.parent() is None:
            self._react()
        return False
