"""Parts of the inspector: the numbers of one pixel, and a pixel's place to type."""

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

from napari_colorize.inspector.bar_chart import BarChart
from napari_colorize.inspector.pixel_text import summary

if TYPE_CHECKING:
    from napari_colorize.inspector.pixel_numbers import PixelNumbers


class PixelPanel(QWidget):
    """Heading, both charts and the numbers of one pixel.

    Parameters
    ----------
    heading
        Which pixel it is.
    """

    def __init__(self, heading: str) -> None:
        super().__init__()
        self._numbers: PixelNumbers | None = None
        self.setAccessibleName(heading)
        title = QLabel(f"<b>{heading}</b>")
        self.text = QLabel()
        flag = Qt.TextInteractionFlag
        self.text.setTextInteractionFlags(
            flag.TextSelectableByMouse | flag.TextSelectableByKeyboard
        )
        self.text.setToolTip("The numbers in words; L*, a* and b* are of CIE Lab.")
        self.charts = (BarChart(), BarChart())
        for chart, channel in zip(self.charts, "ab", strict=True):
            chart.setAccessibleName(f"{heading}: distribution of {channel}*")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(title, 0, 0, 1, 2)
        layout.addWidget(self.charts[0], 1, 0)
        layout.addWidget(self.charts[1], 1, 1)
        layout.addWidget(self.text, 2, 0, 1, 2)
        layout.setRowStretch(1, 1)
        # Taller bars would tell no more, and drive the text apart.
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Preferred, policy.Maximum)
        layout.setHorizontalSpacing(12)
        self.hide()

    def show_numbers(self, numbers: PixelNumbers | None) -> None:
        """Show a pixel, or hide."""
        if numbers is self._numbers:
            return
        self._numbers = numbers
        self.charts[0].show_channel(numbers.a if numbers else None)
        self.charts[1].show_channel(numbers.b if numbers else None)
        self.text.setText(summary(numbers) if numbers else "")
        self.setVisible(numbers is not None)


class Scrolled(QScrollArea):
    """Widgets one below the other, scrolled where the screen is too low for them.

    Parameters
    ----------
    widgets
        The uppermost first.
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
        # The Tab key scrolls to the texts in it.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def sizeHint(self) -> QSize:
        """Give the size at which nothing is hidden."""
        return self._content.sizeHint() + self._beside()

    def minimumSizeHint(self) -> QSize:
        """Give the width at which nothing is cut; the height may be any."""
        width = (self._content.minimumSizeHint() + self._beside()).width()
        return QSize(width, super().minimumSizeHint().height())

    def _beside(self) -> QSize:
        bar = self.verticalScrollBar()
        return QSize(0 if bar is None else bar.sizeHint().width(), 0)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Ask for another size when the content does."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return bool(super().eventFilter(watched, event))


class PlaceFields(QWidget):
    """Row and column of a pixel, to reach it without a mouse.

    Attributes
    ----------
    changed : Signal
        Emitted after a person changed one of them.
    row, column : QSpinBox
        In pixels of the full picture, from 0.
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
            # Or else each digit on the way to a number would pin a pixel.
            field.setKeyboardTracking(False)
            field.valueChanged.connect(self.changed)
            layout.addWidget(label)
            layout.addWidget(field, 1)

    @property
    def place(self) -> tuple[int, int]:
        """Row and column."""
        return self.row.value(), self.column.value()

    def set_place(self, row: int, column: int) -> None:
        """Show another place without telling anybody."""
        for field, value in ((self.row, row), (self.column, column)):
            with QSignalBlocker(field):
                field.setValue(value)

    def set_extent(self, corner: tuple[int, int], shape: tuple[int, int]) -> None:
        """Allow the places of a picture; start in its middle where it is another one.

        Parameters
        ----------
        corner
            First row and column.
        shape
            How many rows and columns.
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
