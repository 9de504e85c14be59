"""One column for the labels of several forms, so that their controls line up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QLabel, QWidget

if TYPE_CHECKING:
    from magicgui.widgets import Container

# After these a label may need another width.
_RESTYLED = (QEvent.Type.Show, QEvent.Type.StyleChange, QEvent.Type.FontChange)


class LabelColumn(QObject):
    """The labels of forms, all as wide as the widest.

    magicgui measures labels before the theme of napari has set their font.

    Parameters
    ----------
    panel
        The widget that holds the forms.
    forms
        The forms. A row without a label gets the whole width.
    """

    def __init__(self, panel: QWidget, *forms: Container[Any]) -> None:
        super().__init__(panel)
        self._labels: list[QLabel] = []
        for label in (found for form in forms for found in _labels_of(form)):
            if label.text():
                self._labels.append(label)
            else:
                label.hide()
        panel.installEventFilter(self)
        self._align()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Align the labels again once the panel has another style."""
        if event is not None and event.type() in _RESTYLED:
            self._align()
        return bool(super().eventFilter(watched, event))

    def _align(self) -> None:
        for label in self._labels:
            label.ensurePolished()
        width = max(label.sizeHint().width() for label in self._labels)
        for label in self._labels:
            label.setFixedWidth(width)


def _labels_of(form: Container[Any]) -> list[QLabel]:
    """Return the labels of the rows of a form, empty ones too."""
    direct = Qt.FindChildOption.FindDirectChildrenOnly
    rows = {widget.native.parentWidget() for widget in form} - {form.native, None}
    return [label for row in rows for label in row.findChildren(QLabel, options=direct)]
