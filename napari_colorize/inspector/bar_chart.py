"""A bar chart of one channel's distribution, each bar in the color it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QFont, QFontMetricsF, QHelpEvent, QPainter, QPen
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_colorize.inspector.chart_symbols import (
    MARK,
    draw_bar,
    draw_dashes,
    draw_dots,
    draw_triangle,
    draw_zero,
)
from napari_colorize.inspector.pixel_text import RANGES, about_bin, about_bins

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtGui import QPaintEvent

    from napari_colorize.inspector.pixel_numbers import ChannelNumbers

_TICK_STEPS = (10, 20, 50, 100, 200)
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

    def value(self, x: float) -> float:
        """Value at a place on the horizontal axis."""
        share = (x - self.area.left()) / self.area.width()
        return self.low + share * (self.high - self.low)

    def y(self, probability: float) -> float:
        """Where a probability lies on the vertical axis."""
        return self.area.bottom() - probability / self.top * self.area.height()


class BarChart(QWidget):
    """Bars of the distribution that is decoded, the raw one as dots over them.

    A dashed line marks the annealed mean, a triangle the mode, a dotted line 0. Text,
    marks and the borders of the bars take the color of the widget's own text, so that
    every theme can show them and none is told by its color alone. A tooltip on a bar,
    and the accessible description, give the numbers.

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
            self.setAccessibleDescription(
                "" if channel is None else about_bins(channel)
            )
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
        top = line + 2 * MARK + 2 * _GAP
        area = QRectF(
            side, top, self.width() - side - 8, self.height() - top - line - _GAP - 3
        )
        edges = bin_edges(channel.centers)
        return Scale(area, float(edges[0]), float(edges[-1]), scale_top(channel))

    def event(self, event: QEvent | None) -> bool:
        """Show the numbers of the bar under the mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.text_at(event.pos().x())
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return bool(super().event(event))

    def text_at(self, x: float) -> str:
        """Say the numbers of the bar at a place on the horizontal axis, if any."""
        if self._channel is None:
            return ""
        edges = bin_edges(self._channel.centers)
        number = int(np.searchsorted(edges, self.scale_of(self._channel).value(x))) - 1
        if not 0 <= number < len(self._channel.centers):
            return ""
        return about_bin(self._channel, number)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the chart; without a distribution, nothing."""
        if self._channel is None:
            return
        scale = self.scale_of(self._channel)
        painter = QPainter(self)
        painter.setFont(self._small_font())
        self._paint_bars(painter, self._channel, scale)
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

    def _paint_marks(
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
        """Name of the channel, and what its ends stand for."""
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
