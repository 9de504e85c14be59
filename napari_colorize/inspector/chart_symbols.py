"""The marks of the charts, told apart by shape and line alone, and their legend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QPaintEvent

MARK = 4.0  # half the width of the mode's triangle, in pixels
_DOT = 1.5  # radius, in pixels
_MEANINGS = {
    "bar": "as decoded",
    "dots": "as predicted",
    "dashes": "annealed mean",
    "triangle": "most likely (mode)",
    "zero": "0 (gray)",
}


def draw_bar(painter: QPainter, ink: QColor, box: QRectF, color: QColor) -> None:
    """Box of a color, with a border in ink: on its own its color may not be seen."""
    painter.setPen(QPen(ink, 1))
    painter.setBrush(color)
    painter.drawRect(box)


def draw_dots(painter: QPainter, ink: QColor, points: Sequence[QPointF]) -> None:
    """Line with a dot on each point; pale below, so that dark bars do not hide it."""
    line = QPolygonF(points)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(_paper(ink), 3))
    painter.drawPolyline(line)
    painter.setPen(QPen(ink, 1))
    painter.drawPolyline(line)
    painter.setBrush(ink)
    for point in points:
        painter.drawEllipse(point, _DOT, _DOT)


def draw_dashes(
    painter: QPainter, ink: QColor, x: float, top: float, bottom: float
) -> None:
    """Dashed line; on a wide pale one, so that dark bars do not hide it."""
    x = round(x)  # or else the line would be thick here and thin there
    painter.setPen(QPen(_paper(ink), 4))
    painter.drawLine(QPointF(x, top), QPointF(x, bottom))
    painter.setPen(QPen(ink, 2, Qt.PenStyle.DashLine))
    painter.drawLine(QPointF(x, top), QPointF(x, bottom))


def draw_zero(
    painter: QPainter, ink: QColor, x: float, top: float, bottom: float
) -> None:
    """Thin dotted line."""
    painter.setPen(QPen(ink, 1, Qt.PenStyle.DotLine))
    painter.drawLine(QPointF(round(x), top), QPointF(round(x), bottom))


def draw_triangle(painter: QPainter, ink: QColor, tip: QPointF) -> None:
    """Triangle that points down to ``tip``."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    corners = [tip, tip + QPointF(-MARK, -2 * MARK), tip + QPointF(MARK, -2 * MARK)]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.drawPolygon(QPolygonF(corners))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _paper(ink: QColor) -> QColor:
    paper = QColor("white" if ink.lightness() < 128 else "black")
    paper.setAlpha(140)
    return paper


class Legend(QWidget):
    """What the marks of the charts mean, each beside its words."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Legend of the charts")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(0)
        for number, (mark, meaning) in enumerate(_MEANINGS.items()):
            row, column = number // 2, number % 2 * 2
            layout.addWidget(_Mark(mark), row, column)
            layout.addWidget(QLabel(meaning), row, column + 1)
        layout.setColumnStretch(3, 1)


class _Mark(QWidget):
    """One mark, in the color of the text."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._kind = kind
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Fixed, policy.Fixed)

    def sizeHint(self) -> QSize:
        """Give the size of a short word."""
        return QSize(20, 16)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the mark."""
        painter = QPainter(self)
        ink = self.palette().color(self.foregroundRole())
        if self._kind == "bar":
            gray = QColor("gray")
            draw_bar(painter, ink, QRectF(6, 2, 8, 12), gray)
        elif self._kind == "dots":
            places = ((2, 12), (10, 4), (18, 9))
            draw_dots(painter, ink, [QPointF(x, y) for x, y in places])
        elif self._kind == "dashes":
            draw_dashes(painter, ink, 10, 1, 15)
        elif self._kind == "zero":
            draw_zero(painter, ink, 10, 1, 15)
        else:
            draw_triangle(painter, ink, QPointF(10, 12))
        painter.end()
