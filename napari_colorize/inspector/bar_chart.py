"""Bar chart of one channel's distribution; each bar has the color of its bin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from psygnal import Signal
from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QFont, QFontMetricsF, QHelpEvent, QPainter, QPen
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from colorize_engine.pixel import RANGES, about_bin, about_bins
from napari_colorize.inspector.chart_symbols import (
    TRIANGLE,
    draw_bar,
    draw_dashes,
    draw_dots,
    draw_triangle,
    draw_zero,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtGui import QMouseEvent, QPaintEvent

    from colorize_engine.pixel import ChannelNumbers

_TICK_STEPS = (10, 20, 50, 100, 200)
_GAP = 3.0


@dataclass(frozen=True)
class Scale:
    """Axes of a chart, in the coordinates of its widget.

    Attributes
    ----------
    area : QRectF
        Rectangle that the bars fill.
    low, high : float
        Values at its left and right edge.
    top : float
        Probability at its upper edge.
    """

    area: QRectF
    low: float
    high: float
    top: float

    def x(self, value: float) -> float:
        """Return the x coordinate of a value."""
        share = (value - self.low) / (self.high - self.low)
        return self.area.left() + share * self.area.width()

    def value(self, x: float) -> float:
        """Return the value at an x coordinate."""
        share = (x - self.area.left()) / self.area.width()
        return self.low + share * (self.high - self.low)

    def y(self, probability: float) -> float:
        """Return the y coordinate of a probability."""
        return self.area.bottom() - probability / self.top * self.area.height()


class BarChart(QWidget):
    """Chart with bars for the decoded distribution and dots for the predicted one.

    A dashed line marks the annealed mean, a triangle the mode, a dotted line 0. Text,
    symbols and the borders of the bars have the color of the widget's own text, so they
    show in every theme. Nothing is told by color alone: a tooltip on a bar and the
    accessible description give the numbers.

    Parameters
    ----------
    parent
        Widget that owns this one.

    Attributes
    ----------
    chosen : Signal
        Emitted with the center of the bar that was clicked, while that is allowed.
    """

    chosen = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._channel: ChannelNumbers | None = None
        self._clickable = False
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
            self.setAccessibleDescription(
                "" if channel is None else about_bins(channel)
            )
            self.update()

    def allow_clicks(self, on: bool) -> None:
        """Let a click on a bar choose it; the cursor and the tooltips say so."""
        self._clickable = on
        shape = Qt.CursorShape
        self.setCursor(shape.PointingHandCursor if on else shape.ArrowCursor)

    def sizeHint(self) -> QSize:
        """Return a size at which all labels have room."""
        return QSize(190, 180)

    def minimumSizeHint(self) -> QSize:
        """Return the smallest size that can be read."""
        return QSize(130, 100)

    def scale_of(self, channel: ChannelNumbers) -> Scale:
        """Return the axes for a distribution at the present size of the chart."""
        line = QFontMetricsF(self._small_font()).height()
        side = QFontMetricsF(self._small_font()).horizontalAdvance("0.00") + _GAP
        top = line + 2 * TRIANGLE + 2 * _GAP
        area = QRectF(
            side, top, self.width() - side - 8, self.height() - top - line - _GAP - 3
        )
        edges = bin_edges(channel.centers)
        return Scale(area, float(edges[0]), float(edges[-1]), scale_top(channel))

    def event(self, event: QEvent | None) -> bool:
        """Show the numbers of the bar under the mouse in a tooltip."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.text_at(event.pos().x())
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return bool(super().event(event))

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Choose the bar under the mouse, however low it is."""
        left = event is not None and event.button() == Qt.MouseButton.LeftButton
        if event is None or not left or not self._clickable:
            super().mousePressEvent(event)
            return
        number = self._bar_at(event.position().x())
        if self._channel is not None and number is not None:
            self.chosen.emit(float(self._channel.centers[number]))

    def text_at(self, x: float) -> str:
        """Return the numbers of the bar at an x coordinate; "" where there is none."""
        number = self._bar_at(x)
        if self._channel is None or number is None:
            return ""
        text = about_bin(self._channel, number)
        if self._clickable:
            text += f"\nClick to make this {self._channel.name}* a hint."
        return text

    def _bar_at(self, x: float) -> int | None:
        if self._channel is None:
            return None
        edges = bin_edges(self._channel.centers)
        number = int(np.searchsorted(edges, self.scale_of(self._channel).value(x))) - 1
        return number if 0 <= number < len(self._channel.centers) else None

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the chart, or nothing without a distribution."""
        if self._channel is None:
            return
        scale = self.scale_of(self._channel)
        painter = QPainter(self)
        painter.setFont(self._small_font())
        self._paint_bars(painter, self._channel, scale)
        self._paint_axes(painter, self._channel, scale)
        self._paint_symbols(painter, self._channel, scale)
        self._paint_header(painter, self._channel)
        painter.end()

    def _small_font(self) -> QFont:
        font = QFont(self.font())
        if font.pointSizeF() > 0:
            font.setPointSizeF(max(7.0, font.pointSizeF() * 0.85))
        else:
            font.setPixelSize(max(9, round(font.pixelSize() * 0.85)))
        return font

    def _ink(self) -> QColor:
        return QColor(self.palette().color(self.foregroundRole()))

    def _paint_bars(
        self, painter: QPainter, channel: ChannelNumbers, scale: Scale
    ) -> None:
        edges = bin_edges(channel.centers)
        base = scale.area.bottom()
        for low, high, share, rgb in zip(
            edges, edges[1:], channel.decoded, channel.colors, strict=False
        ):
            left, right, top = scale.x(low), scale.x(high), scale.y(float(share))
            if base - top < 0.5:
                continue
            box = QRectF(left + 1, top, right - left - 2, base - top)
            draw_bar(painter, self._ink(), box, QColor(*map(int, rgb)))

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

    def _paint_symbols(
        self, painter: QPainter, channel: ChannelNumbers, scale: Scale
    ) -> None:
        area, ink = scale.area, self._ink()
        if scale.low < 0 < scale.high:
            draw_zero(painter, ink, scale.x(0), area.top(), area.bottom())
        predicted = [
            QPointF(scale.x(float(center)), scale.y(float(share)))
            for center, share in zip(
                channel.centers, channel.probabilities, strict=True
            )
        ]
        draw_dots(painter, ink, predicted)
        mean = scale.x(channel.mean)
        draw_dashes(painter, ink, mean, area.top() - _GAP, area.bottom())
        draw_triangle(painter, ink, QPointF(scale.x(channel.mode), area.top() - 1))

    def _paint_header(self, painter: QPainter, channel: ChannelNumbers) -> None:
        """Paint the name of the channel and the range of its colors."""
        metrics = QFontMetricsF(painter.font())
        name = f"{channel.name}*  "
        box = QRectF(0, 0, self.width() - 1, metrics.height())
        painter.setPen(self._ink())
        bold = QFont(painter.font())
        bold.setBold(True)
        painter.setFont(bold)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft, name)
        box.setLeft(QFontMetricsF(bold).horizontalAdvance(name))
        painter.setFont(self._small_font())
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft, RANGES[channel.name])


def bin_edges(centers: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the edges of the bars: halfway between centers, as far beyond the ends.

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
    """Return the upper end of the probability axis: the next of a few round values."""
    highest = max(float(channel.decoded.max()), float(channel.probabilities.max()))
    # Rounding may put a probability of 1 slightly above 1.
    return next((top for top in (0.1, 0.2, 0.4, 0.6, 0.8) if highest <= top), 1.0)


def ticks(low: float, high: float, most: int) -> list[int]:
    """Return round values on an axis, no more than there is room for.

    Parameters
    ----------
    low, high
        Ends of the axis.
    most
        The number of labels that there is room for.
    """
    for step in _TICK_STEPS:
        first, last = int(np.ceil(low / step)), int(np.floor(high / step))
        if last - first + 1 <= most:
            return [step * number for number in range(first, last + 1)]
    return []


def _label(value: float) -> str:
    """Return a value as a whole number with a true minus sign."""
    return f"{round(value)}".replace("-", "\N{MINUS SIGN}")
