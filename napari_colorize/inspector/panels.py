"""Parts of the inspector: the panel of one pixel, and fields to type its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import (  # type: ignore[attr-defined]
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
)
from qtpy.QtWidgets import (
    QBoxLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from colorize_engine.pixel import summary
from napari_colorize.hints import Swatches
from napari_colorize.inspector.bar_chart import BarChart

if TYPE_CHECKING:
    from qtpy.QtGui import QResizeEvent

    from colorize_engine.pixel import PixelNumbers

_LONGEST = "uncertainty a* 0.00, b* 0.00 bits"  # about the longest line of a panel
_ROOM = 40  # around two of them side by side, in pixels


class PixelPanel(QWidget):
    """Heading, both charts and the numbers of one pixel.

    Parameters
    ----------
    heading
        The heading, which says which pixel it is.
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
        self.text.setToolTip("The numbers. L*, a* and b* are CIE Lab, as decoded.")
        self.charts = (BarChart(), BarChart())
        for chart, channel in zip(self.charts, "ab", strict=True):
            chart.setAccessibleName(f"{heading}: distribution of {channel}*")
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._row.setSpacing(12)
        for chart in self.charts:
            self._row.addWidget(chart)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(title)
        layout.addLayout(self._row, 1)
        layout.addWidget(self.text)
        # Taller charts would show no more and would push the texts apart.
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Preferred, policy.Maximum)
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

    def stack_charts(self, on: bool) -> None:
        """Put the charts one under the other, or side by side."""
        way = QBoxLayout.Direction
        self._row.setDirection(way.TopToBottom if on else way.LeftToRight)


class SideBySide(QWidget):
    """Two panels: side by side where there is room, else one under the other.

    Parameters
    ----------
    panels
        The panels, which may be hidden. Side by side, each keeps its half.
    """

    def __init__(self, *panels: PixelPanel) -> None:
        super().__init__()
        self._panels = panels
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._arrange(False)

    def _arrange(self, wide: bool) -> None:
        self._wide = wide
        for number, panel in enumerate(self._panels):
            panel.stack_charts(wide)
            place = (0, number) if wide else (number, 0)
            self._grid.addWidget(panel, *place, Qt.AlignmentFlag.AlignTop)
            self._grid.setColumnStretch(number, int(wide or number == 0))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Arrange the panels for the width."""
        super().resizeEvent(event)
        line = self._panels[0].text.fontMetrics().horizontalAdvance(_LONGEST)
        wide = self.width() >= 2 * line + _ROOM
        if wide != self._wide:
            self._arrange(wide)

    def minimumSizeHint(self) -> QSize:
        """Return a size that lets a wide dock become narrow again."""
        size = super().minimumSizeHint()
        return QSize(size.width() // 2 if self._wide else size.width(), size.height())


class HintRow(QWidget):
    """The line "Use as hint" with the likely colors of the pinned pixel.

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
