"""Chart symbols, which differ in shape and line alone, and their legend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QPaintEvent

TRIANGLE = 4.0  # half the width of the mode's triangle, in pixels
_DOT = 1.5  # radius, in pixels
MEANINGS = {
    "bar": "as decoded",
    "dots": "as predicted",
    "dashes": "annealed mean",
    "triangle": "most likely (mode)",
    "zero": "0 (gray)",
}


def draw_bar(painter: QPainter, ink: QColor, box: QRectF, color: QColor) -> None:
    """Draw a colored box; its border in ink shows even where the color does not."""
    painter.setPen(QPen(ink, 1))
    painter.setBrush(color)
    painter.drawRect(box)


def draw_dots(painter: QPainter, ink: QColor, points: Sequence[QPointF]) -> None:
    """Draw a line with a dot on each point, over a halo so that bars do not hide it."""
    line = QPolygonF(points)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(_halo(ink), 3))
    painter.drawPolyline(line)
    painter.setPen(QPen(ink, 1))
    painter.drawPolyline(line)
    painter.setBrush(ink)
    for point in points:
        painter.drawEllipse(point, _DOT, _DOT)


def draw_dashes(
    painter: QPainter, ink: QColor, x: float, top: float, bottom: float
) -> None:
    """Draw a dashed line over a halo, so that bars do not hide it."""
    x = round(x)  # otherwise lines would differ in thickness
    painter.setPen(QPen(_halo(ink), 4))
    painter.drawLine(QPointF(x, top), QPointF(x, bottom))
    painter.setPen(QPen(ink, 2, Qt.PenStyle.DashLine))
    painter.drawLine(QPointF(x, top), QPointF(x, bottom))


def draw_zero(
    painter: QPainter, ink: QColor, x: float, top: float, bottom: float
) -> None:
    """Draw a thin dotted line."""
    painter.setPen(QPen(ink, 1, Qt.PenStyle.DotLine))
    painter.drawLine(QPointF(round(x), top), QPointF(round(x), bottom))


def draw_triangle(painter: QPainter, ink: QColor, tip: QPointF) -> None:
    """Draw a triangle that points down to ``tip``."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    side, height = TRIANGLE, 2 * TRIANGLE
    corners = [tip, tip + QPointF(-side, -height), tip + QPointF(side, -height)]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.drawPolygon(QPolygonF(corners))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _halo(ink: QColor) -> QColor:
    color = QColor("white" if ink.lightness() < 128 else "black")
    color.setAlpha(140)
    return color


class Legend(QWidget):
    """Legend of the charts: each symbol beside its meaning."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Legend of the charts")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(0)
        layout.setHorizontalSpacing(1)
        for number, (kind, meaning) in enumerate(MEANINGS.items()):
            row, column = number // 2, number % 2 * 2
            layout.addWidget(Symbol(kind), row, column)
            layout.addWidget(QLabel(meaning), row, column + 1)
        layout.setColumnStretch(3, 1)


class Symbol(QWidget):
    """One symbol of the charts, in the color of the text.

    Parameters
    ----------
    kind
        A key of `MEANINGS`.
    """

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._kind = kind
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Fixed, policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the size of a short word."""
        return QSize(20, 16)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the symbol."""
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
