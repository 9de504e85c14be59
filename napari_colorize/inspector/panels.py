"""Parts of the inspector: the panel of one pixel, and fields to type its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSpinBox,
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
    row
        Shown between the heading and the charts.
    """

    def __init__(self, heading: str, row: QWidget | None = None) -> None:
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
        if row is not None:
            layout.addWidget(row, 1, 0, 1, 2)
        layout.addWidget(self.charts[0], 2, 0)
        layout.addWidget(self.charts[1], 2, 1)
        layout.addWidget(self.text, 3, 0, 1, 2)
        layout.setRowStretch(2, 1)
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
