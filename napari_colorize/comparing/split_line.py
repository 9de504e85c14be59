"""The split line: a line over the canvas that layers are cut at."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPolygonF
from qtpy.QtWidgets import QWidget
from vispy.visuals.filters import Clipper

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtpy.QtGui import QMouseEvent, QPaintEvent
    from vispy.scene import VisualNode

    from napari_colorize.comparing.comparison import Comparison

_GRAB = 21  # width of the area that takes the mouse, in pixels
_ARROW = 4  # width and half the height of an arrow, in pixels
_FAR = 1e6  # beyond all pixels of a canvas


class SplitLine(QWidget):
    """Line from top to bottom of the canvas, to drag with the left mouse button.

    It stays where it is while the picture moves or is zoomed under it.

    Parameters
    ----------
    canvas
        napari's canvas.
    comparison
        Gives the place of the line and the layers to cut.
    """

    def __init__(self, canvas: Any, comparison: Comparison) -> None:
        super().__init__(canvas.native)
        self._comparison = comparison
        self._grabbed: float | None = None
        self.setCursor(Qt.CursorShape.SplitHCursor)
        canvas.native.installEventFilter(self)
        self._cut = Cut(canvas, comparison)
        self._place()
        self.show()

    def _place(self) -> None:
        canvas = self.parentWidget()
        if canvas is not None:
            middle = round(self._comparison.position * canvas.width())
            self.setGeometry(middle - _GRAB // 2, 0, _GRAB, canvas.height())
            self.raise_()

    def follow(self) -> None:
        """Move to where the comparison has the line."""
        self._place()
        self._cut.draw()

    def end(self) -> None:
        """Show whole layers again and go away."""
        self._cut.end()
        with suppress(RuntimeError):  # the canvas may be gone, and the line with it
            self.hide()
            self.deleteLater()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Follow the size of the canvas."""
        if event is not None and event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Grab the line; other buttons are for the canvas."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._grabbed = event.position().x() - self.width() / 2
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Drag the line."""
        canvas = self.parentWidget()
        if event is None or canvas is None or self._grabbed is None:
            super().mouseMoveEvent(event)
            return
        middle = self.x() + event.position().x() - self._grabbed
        self._comparison.move(middle / canvas.width())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let the line go."""
        if self._grabbed is None:
            super().mouseReleaseEvent(event)
        self._grabbed = None

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw a light line with dark edges, and a grip with arrows in its middle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        dark, light = QColor(0, 0, 0, 160), QColor("white")
        x, middle = self.width() // 2, QRectF(self.rect()).center()
        painter.fillRect(x - 1, 0, 3, self.height(), dark)
        painter.fillRect(x, 0, 1, self.height(), light)
        painter.setPen(dark)
        painter.setBrush(light)
        painter.drawEllipse(middle, x - 0.5, x - 0.5)
        painter.setBrush(dark)
        for side in (-1, 1):
            corners = [(2, -_ARROW), (2 + _ARROW, 0), (2, _ARROW)]
            arrow = [middle + QPointF(side * right, down) for right, down in corners]
            painter.drawPolygon(QPolygonF(arrow))
        painter.end()


class Cut:
    """Layers that are drawn on one side of the line only; their data stay whole.

    The other layer is cut on the left. The source is cut on the right if it would cover
    the other layer there.

    Parameters
    ----------
    canvas
        napari's canvas.
    comparison
        Gives the place of the line and the layers to cut.
    """

    def __init__(self, canvas: Any, comparison: Comparison) -> None:
        self._canvas, self._comparison = canvas, comparison
        self._left, self._right = Clipper(), Clipper()
        self._attached: list[tuple[VisualNode, Clipper]] = []
        # napari may change what draws a layer at any time. So look at each drawing.
        canvas.events.draw.connect(self._on_draw, position="first")
        self.draw()

    def draw(self) -> None:
        """Draw the canvas anew."""
        with suppress(RuntimeError):  # the canvas may be gone
            self._canvas.native.update()

    def end(self) -> None:
        """Draw whole layers again."""
        self._canvas.events.draw.disconnect(self._on_draw)
        self._attach([])
        self.draw()

    def _on_draw(self, _event: Any) -> None:
        native, comparison = self._canvas.native, self._comparison
        at = comparison.position * native.width() * native.devicePixelRatioF()
        self._left.bounds = (-_FAR, -_FAR, _FAR + at, 2 * _FAR)
        self._right.bounds = (at, -_FAR, _FAR, 2 * _FAR)
        self._attach(list(self._wanted()))

    def _wanted(self) -> Iterator[tuple[VisualNode, Clipper]]:
        pair = self._comparison.pair
        if pair is None:
            return
        cut = [(pair.other, self._right)]
        if pair.covered and not self._comparison.gray:
            cut.append((pair.source, self._left))
        for layer, clipper in cut:
            if layer not in self._canvas.layer_to_visual:
                continue  # napari may draw while a layer is being removed
            node = self._canvas.layer_to_visual[layer].node
            # What is larger than a texture is drawn in tiles, which napari may replace.
            for visual in getattr(node, "adopted_children", (node,)):
                yield visual, clipper

    def _attach(self, wanted: list[tuple[VisualNode, Clipper]]) -> None:
        """Attach the clippers to the wanted visuals and to no others."""
        if wanted == self._attached:
            return
        for visual, clipper in self._attached:
            visual.detach(clipper)
        for visual, clipper in wanted:
            visual.attach(clipper)
        self._attached = wanted
