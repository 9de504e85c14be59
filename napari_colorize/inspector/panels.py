"""Parts of the inspector: the panel of one pixel, and fields to type its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_colorize.hints import Swatches
from napari_colorize.inspector.bar_chart import BarChart
from napari_colorize.inspector.pixel_text import summary

if TYPE_CHECKING:
    from napari_colorize.inspector.pixel_numbers import PixelNumbers


class PixelPanel(QWidget):
    """Heading, both charts and the numbers of one pixel.

    Parameters
    ----------
    heading
        The heading, which says which pixel it is.
    more
        Shown below the numbers.
    """

    def __init__(self, heading: str, *more: QWidget) -> None:
        super().__init__()
        self._numbers: PixelNumbers | None = None
        self.setAccessibleName(heading)
        title = QLabel(f"<b>{heading}</b>")
        self.text = QLabel()
        flag = Qt.TextInteractionFlag
        self.text.setTextInteractionFlags(
            flag.TextSelectableByMouse | flag.TextSelectableByKeyboard
        )
        self.text.setToolTip("The numbers as text. L*, a* and b* are those of CIE Lab.")
        self.charts = (BarChart(), BarChart())
        for chart, channel in zip(self.charts, "ab", strict=True):
            chart.setAccessibleName(f"{heading}: distribution of {channel}*")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(title, 0, 0, 1, 2)
        layout.addWidget(self.charts[0], 1, 0)
        layout.addWidget(self.charts[1], 1, 1)
        for number, widget in enumerate((self.text, *more)):
            layout.addWidget(widget, 2 + number, 0, 1, 2)
        layout.setRowStretch(1, 1)
        # Taller charts would show no more and would push the texts apart.
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Preferred, policy.Maximum)
        layout.setHorizontalSpacing(12)
        self.hide()

    def show_numbers(self, numbers: PixelNumbers | None) -> None:
        """Show the numbers of a pixel; hide the panel without one."""
        if numbers is self._numbers:
            return
        self._numbers = numbers
        self.charts[0].show_channel(numbers.a if numbers else None)
        self.charts[1].show_channel(numbers.b if numbers else None)
        self.text.setText(summary(numbers) if numbers else "")
        self.setVisible(numbers is not None)


class HintRow(QWidget):
    """The line "Use as hint" with the likely colors of a pixel.

    Attributes
    ----------
    swatches : Swatches
    """

    def __init__(self) -> None:
        super().__init__()
        self.swatches = Swatches()
        title = QLabel("Use as hint:")
        title.setToolTip("Click a color, or a bar of a chart, to make it a hint.")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(title)
        row.addWidget(self.swatches, 1)
        self.hide()


class Scrolled(QScrollArea):
    """A column of widgets with a scroll bar for screens that are too low.

    Parameters
    ----------
    widgets
        The widgets from top to bottom.
    """

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        self._content = QWidget()
        layout = QVBoxLayout(self._content)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in widgets:
            layout.addWidget(widget)
        layout.addStretch()
        self.setWidget(self._content)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # The Tab key goes straight to the texts inside and scrolls to them.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def sizeHint(self) -> QSize:
        """Return the size at which nothing is hidden."""
        return self._content.sizeHint() + self._scroll_bar_size()

    def minimumSizeHint(self) -> QSize:
        """Return the width at which nothing is cut off, and a small height."""
        least = self._content.minimumSizeHint() + self._scroll_bar_size()
        return QSize(least.width(), super().minimumSizeHint().height())

    def _scroll_bar_size(self) -> QSize:
        bar = self.verticalScrollBar()
        return QSize(0 if bar is None else bar.sizeHint().width(), 0)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Ask for a new size when the content does."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return bool(super().eventFilter(watched, event))


class PlaceFields(QWidget):
    """Fields for the row and column of a pixel, to pin it without a mouse.

    Attributes
    ----------
    changed : Signal
        Emitted after a person changed one of them.
    row, column : QSpinBox
        The fields, in pixels of the full picture, from 0.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.row, self.column = QSpinBox(), QSpinBox()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for field, text in ((self.row, "r&ow"), (self.column, "colum&n")):
            name = text.replace("&", "")
            label = QLabel(text)
            label.setBuddy(field)
            field.setAccessibleName(name)
            field.setToolTip(f"The {name} of the pixel to pin, in pixels from 0.")
            # Otherwise every digit typed would move the pin.
            field.setKeyboardTracking(False)
            field.valueChanged.connect(self.changed)
            layout.addWidget(label)
            layout.addWidget(field, 1)

    @property
    def place(self) -> tuple[int, int]:
        """Row and column."""
        return self.row.value(), self.column.value()

    def set_place(self, row: int, column: int) -> None:
        """Show another place without emitting ``changed``."""
        for field, value in ((self.row, row), (self.column, column)):
            with QSignalBlocker(field):
                field.setValue(value)

    def set_extent(self, corner: tuple[int, int], shape: tuple[int, int]) -> None:
        """Limit the fields to a picture; begin in the middle if the limits change.

        Parameters
        ----------
        corner
            First row and column.
        shape
            Number of rows and columns.
        """
        before = [(f.minimum(), f.maximum()) for f in (self.row, self.column)]
        ends = [
            (first, first + count - 1)
            for first, count in zip(corner, shape, strict=True)
        ]
        if ends == before:
            return
        for field, (low, high) in zip((self.row, self.column), ends, strict=True):
            with QSignalBlocker(field):
                field.setRange(low, high)
                field.setValue((low + high) // 2)
