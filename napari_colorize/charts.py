"""A bar chart of one channel's distribution, each bar in the color it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtGui import QPaintEvent

    from napari_colorize.pixels import ChannelNumbers

_TICK_STEPS = (10, 20, 50, 100, 200)
_MARK = 4.0  # half the width of the mode's triangle, in pixels
_GAP = 3.0


@dataclass(frozen=True)
class Scale:
    """From values and probabilities to the coordinates of a widget.

    Attributes
    ----------
    area : QRectF
        Rectangle of the bars.
    low, high : float
        Values at its left and right border.
    top : float
        Probability at its upper border.
    """

    area: QRectF
    low: float
    high: float
    top: float

    def x(self, value: float) -> float:
        """Where a value lies on the horizontal axis."""
        share = (value - self.low) / (self.high - self.low)
        return self.area.left() + share * self.area.width()

    def y(self, probability: float) -> float:
        """Where a probability lies on the vertical axis."""
        return self.area.bottom() - probability / self.top * self.area.height()


class BarChart(QWidget):
    """Bars of the distribution that is decoded, the raw one as an outline over them.

    A dashed line marks the annealed mean, a triangle the mode. Text and axes take the
    color of the widget's own text, so that every theme can read them.

    Parameters
    ----------
    parent
        Widget that owns this one.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._channel: ChannelNumbers | None = None
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Expanding)

    @property
    def channel(self) -> ChannelNumbers | None:
        """The distribution shown, if any."""
        return self._channel

    def show_channel(self, channel: ChannelNumbers | None) -> None:
        """Show another distribution, or none."""
        if channel is not self._channel:
            self._channel = channel
            self.update()

    def sizeHint(self) -> QSize:
        """Give a size at which all labels have room."""
        return QSize(190, 180)

    def minimumSizeHint(self) -> QSize:
        """Give the least size that can be read."""
        return QSize(130, 100)

    def scale_of(self, channel: ChannelNumbers) -> Scale:
        """Give the axes on which a distribution is shown at the present size."""
        line = QFontMetricsF(self._small_font()).height()
        side = QFontMetricsF(self._small_font()).horizontalAdvance("0.00") + _GAP
        top = line + 2 * _MARK + 2 * _GAP
        area = QRectF(
            side, top, self.width() - side - 8, self.height() - top - line - _GAP - 3
        )
        edges = bin_edges(channel.centers)
        return Scale(area, float(edges[0]), float(edges[-1]), scale_top(channel))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the chart; without a distribution, nothing."""
        if self._channel is None:
            return
        scale = self.scale_of(self._channel)
        painter = QPainter(self)
        painter.setFont(self._small_font())
        self._paint_bars(painter, self._channel, scale)
        self._paint_raw(painter, self._channel, scale)
        self._paint_axes(painter, self._channel, scale)
        self._paint_marks(painter, self._channel, scale)
        self._paint_header(painter, self._channel)
        painter.end()

    def _small_font(self) -> QFont:
        font = QFont(self.font())
        if font.pointSizeF() > 0:
            font.setPointSizeF(max(7.0, font.pointSizeF() * 0.85))
        else:
            font.setPixelSize(max(9, round(font.pixelSize() * 0.85)))
        return font

    def _ink(self, alpha: int = 255) -> QColor:
        ink = QColor(self.palette().color(self.foregroundRole()))
        ink.setAlpha(alpha)
        return ink

    def _paint_bars(
        self, painter: QPainter, channel: ChannelNumbers, scale: Scale
    ) -> None:
        edges = bin_edges(channel.centers)
        base = scale.area.bottom()
        painter.setPen(QPen(self._ink(90), 1))
        for low, high, share, rgb in zip(
            edges, edges[1:], channel.decoded, channel.colors, strict=False
        ):
            left, right, top = scale.x(low), scale.x(high), scale.y(float(share))
            if base - top < 0.5:
                continue
            painter.setBrush(QColor(*map(int, rgb)))
            painter.drawRect(QRectF(left + 1, top, right - left - 2, base - top))

    def _paint_raw(
        self, painter: QPainter, channel: ChannelNumbers, scale: Scale
    ) -> None:
        edges = bin_edges(channel.centers)
        line = [QPointF(scale.x(edges[0]), scale.area.bottom())]
        for low, high, share in zip(
            edges, edges[1:], channel.probabilities, strict=False
        ):
            y = scale.y(float(share))
            line += [QPointF(scale.x(low), y), QPointF(scale.x(high), y)]
        line.append(QPointF(scale.x(edges[-1]), scale.area.bottom()))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._ink(), 1))
        painter.drawPolyline(QPolygonF(line))

    def _paint_axes(
        self, painter: QPainter, channel: ChannelNumbers, scale: Scale
    ) -> None:
        area, metrics = scale.area, QFontMetricsF(painter.font())
        painter.setPen(QPen(self._ink(), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        widest = metrics.horizontalAdvance(_label(-100)) + 2 * _GAP
        for tick in ticks(scale.low, scale.high, int(area.width() // widest)):
            x, text = scale.x(tick), _label(tick)
            painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 3))
            half = metrics.horizontalAdvance(text) / 2 + 1
            x = min(max(x, half), self.width() - half)
            box = QRectF(x - half, area.bottom() + 3, 2 * half, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        for share in (0.0, scale.top / 2, scale.top):
            y = scale.y(share)
            box = QRectF(
                0, y - metrics.height() / 2, area.left() - _GAP, metrics.height()
            )
            align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, align, f"{share:g}")
            painter.drawLine(QPointF(area.left() - 2, y), QPointF(area.left(), y))

    def _paint_marks(
        self, painter: QPainter, channel: ChannelNumbers, scale: Scale
    ) -> None:
        area = scale.area
        mean = scale.x(channel.mean)
        _draw_mean(painter, self._ink(), mean, area.top() - _GAP, area.bottom())
        tip = QPointF(scale.x(channel.mode), area.top() - 1)
        _draw_mode(painter, self._ink(), tip)

    def _paint_header(self, painter: QPainter, channel: ChannelNumbers) -> None:
        """Name of the channel on the left, and where mean and mode lie on the right."""
        metrics = QFontMetricsF(painter.font())
        box = QRectF(0, 0, self.width() - 1, metrics.height())
        painter.setPen(self._ink())
        right = Qt.AlignmentFlag.AlignRight
        text = f"mean {_label(channel.mean)}  mode {_label(channel.mode)}"
        painter.drawText(box, right, text)
        bold = QFont(painter.font())
        bold.setBold(True)
        painter.setFont(bold)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft, f"{channel.name}*")


class Legend(QWidget):
    """One line that says what the marks of the charts mean."""

    def sizeHint(self) -> QSize:
        """Give the size of the line."""
        metrics = QFontMetricsF(self.font())
        width = sum(24 + metrics.horizontalAdvance(text) for text in _MEANINGS)
        return QSize(round(width), round(metrics.height()) + 2)

    def minimumSizeHint(self) -> QSize:
        """Give the size below which the line would be cut."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint each mark and its meaning."""
        painter = QPainter(self)
        ink = self.palette().color(self.foregroundRole())
        metrics = QFontMetricsF(self.font())
        middle, x = self.height() / 2, 2.0
        for number, text in enumerate(_MEANINGS):
            if number == 0:
                _draw_mean(painter, ink, x + 5, middle - 6, middle + 6)
            elif number == 1:
                _draw_mode(painter, ink, QPointF(x + 5, middle + _MARK))
            else:
                painter.setPen(QPen(ink, 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(QRectF(x + 1, middle - 4, 8, 8))
            painter.setPen(ink)
            baseline = middle + (metrics.ascent() - metrics.descent()) / 2
            painter.drawText(QPointF(x + 14, baseline), text)
            x += 24 + metrics.horizontalAdvance(text)
        painter.end()


_MEANINGS = ("annealed mean", "mode", "as predicted")


def _draw_mean(
    painter: QPainter, ink: QColor, x: float, top: float, bottom: float
) -> None:
    """Dashed line; on a wide pale one, so that dark bars do not hide it."""
    x = round(x)  # or else the line would be thick here and thin there
    paper = QColor("white" if ink.lightness() < 128 else "black")
    paper.setAlpha(140)
    painter.setPen(QPen(paper, 4))
    painter.drawLine(QPointF(x, top), QPointF(x, bottom))
    painter.setPen(QPen(ink, 2, Qt.PenStyle.DashLine))
    painter.drawLine(QPointF(x, top), QPointF(x, bottom))


def _draw_mode(painter: QPainter, ink: QColor, tip: QPointF) -> None:
    """Triangle that points down to ``tip``."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    corners = [
        tip,
        tip + QPointF(-_MARK, -2 * _MARK),
        tip + QPointF(_MARK, -2 * _MARK),
    ]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.drawPolygon(QPolygonF(corners))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def bin_edges(centers: NDArray[np.float32]) -> NDArray[np.float64]:
    """Borders of the bars: half way between the centers, and as far beyond the ends.

    Parameters
    ----------
    centers : (Q,) array
        Ascending.

    Returns
    -------
    (Q + 1,) float64
    """
    at = np.asarray(centers, np.float64)
    inner = (at[:-1] + at[1:]) / 2
    return np.concatenate([[2 * at[0] - inner[0]], inner, [2 * at[-1] - inner[-1]]])


def scale_top(channel: ChannelNumbers) -> float:
    """Upper end of the axis of probability: the next of a few round values."""
    highest = max(float(channel.decoded.max()), float(channel.probabilities.max()))
    # A probability of 1 may come out a rounding above it.
    return next((top for top in (0.1, 0.2, 0.4, 0.6, 0.8) if highest <= top), 1.0)


def ticks(low: float, high: float, most: int) -> list[int]:
    """Round values on an axis, no more than have room.

    Parameters
    ----------
    low, high
        Ends of the axis.
    most
        How many labels have room.
    """
    for step in _TICK_STEPS:
        first, last = int(np.ceil(low / step)), int(np.floor(high / step))
        if last - first + 1 <= most:
            return [step * number for number in range(first, last + 1)]
    return []


def _label(value: float) -> str:
    """Whole number with a true minus sign."""
    return f"{round(value)}".replace("-", "\N{MINUS SIGN}")
