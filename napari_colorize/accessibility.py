"""Keyboard, screen readers, small screens: focus ring, names, folding, scrolling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt
from qtpy.QtGui import QIcon, QPainter, QRegion
from qtpy.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from superqt import QCollapsible

if TYPE_CHECKING:
    from magicgui.widgets import Container
    from qtpy.QtGui import QPaintEvent

_RING = 2  # pixels
_UNFOLDED = "\N{BLACK DOWN-POINTING TRIANGLE}"
_FOLDED = "\N{BLACK RIGHT-POINTING TRIANGLE}"


class FocusRing(QWidget):
    """Ring in the text color around the control that has the keyboard focus.

    napari's styles show no focus. A border in a style sheet of our own would not follow
    the theme.

    Parameters
    ----------
    root
        The widget whose controls get the ring.
    """

    def __init__(self, root: QWidget) -> None:
        super().__init__(root)
        self._watched: list[QWidget] = []
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._follow)

    def _follow(self, _before: QWidget | None, control: QWidget | None) -> None:
        root = self.parentWidget()
        for watched in self._watched:
            watched.removeEventFilter(self)
        self._watched = []
        if root is None or control is None or not root.isAncestorOf(control):
            self.hide()
            return
        above: QWidget | None = control
        while above is not None and above is not root:
            self._watched.append(above)
            above.installEventFilter(self)
            above = above.parentWidget()
        self._surround()
        self.show()

    def _surround(self) -> None:
        root, control = self.parentWidget(), self._watched[0]
        if root is None:
            return
        area = QRect(control.mapTo(root, QPoint(0, 0)), control.size())
        # At the edge of the root there is no room around a control.
        area = area.adjusted(-_RING, -_RING, _RING, _RING).intersected(root.rect())
        self.setGeometry(area)
        inner = self.rect().adjusted(_RING, _RING, -_RING, -_RING)
        self.setMask(QRegion(self.rect()) - QRegion(inner))
        self.raise_()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Follow the control when it, or a widget around it, moves or is resized."""
        moved = (QEvent.Type.Move, QEvent.Type.Resize)
        if event is not None and event.type() in moved and self._watched:
            self._surround()
        return False

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Fill the widget; its mask leaves only the ring."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(self.foregroundRole()))
        painter.end()


def label_controls(form: Container[Any]) -> None:
    """Name the controls of a form after their labels and set the labels' buddies.

    Alt with the letter after the ampersand in a label then moves the focus to its
    control.

    Parameters
    ----------
    form
        A form whose widgets have labels and tooltips.
    """
    for widget in form:
        row = widget.native.parentWidget()
        direct = Qt.FindChildOption.FindDirectChildrenOnly
        label = None if row is None else row.findChild(QLabel, options=direct)
        if label is None or not label.text() or row is form.native:
            continue
        controls = _controls_in(widget.native)
        label.setToolTip(widget.tooltip)
        label.setBuddy(controls[0])
        for control in controls:
            if not isinstance(control, QAbstractButton):
                control.setAccessibleName(label.text().replace("&", ""))
            control.setToolTip(control.toolTip() or widget.tooltip)


def _controls_in(native: QWidget) -> list[QWidget]:
    inner = [native, *native.findChildren(QWidget)]
    return [widget for widget in inner if _is_tab_stop(widget)]


def _is_tab_stop(widget: QWidget) -> bool:
    policy = widget.focusPolicy()
    tab = Qt.FocusPolicy.TabFocus
    # The text field of a spin box passes its focus on to the box.
    return (policy & tab) == tab and widget.focusProxy() is None


def foldable(title: str, content: QWidget, *, opened: bool) -> QCollapsible:
    """Return a section of controls that folds away, with the keyboard too.

    Parameters
    ----------
    title
        The title. Alt with the letter after the ampersand folds the section.
    content
        The controls.
    opened
        Whether the section is unfolded at first.
    """
    folded = QCollapsible(title)
    folded.setContent(content)
    for part in (folded, folded.content()):
        layout = part.layout()
        if layout is not None:
            layout.setContentsMargins(0, 0, 0, 0)
    # Icons would keep the text color from before the theme is set.
    folded.setExpandedIcon(QIcon())
    folded.setCollapsedIcon(QIcon())
    button = folded.toggleButton()
    plain = title.replace("&", "")
    button.setAccessibleName(plain)
    content.setAccessibleName(plain)

    def show(unfolded: bool) -> None:
        content.setVisible(unfolded)
        folded.setText(f"{_UNFOLDED if unfolded else _FOLDED}  {title}")
        button.setToolTip(f"{'Hide' if unfolded else 'Show'}: {plain.lower()}.")

    folded.toggled.connect(show)
    if opened:
        folded.expand(animate=False)
    else:
        folded.collapse(animate=False)
    return folded


class Row(QWidget):
    """Widgets beside each other, without a margin."""

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in widgets:
            layout.addWidget(widget)


class Scrolled(QScrollArea):
    """A column of widgets with a scroll bar for screens that are too low.

    The control with the keyboard focus scrolls into sight.

    Parameters
    ----------
    widgets
        The widgets from top to bottom.
    least
        Smallest height, in pixels.
    """

    def __init__(self, *widgets: QWidget, least: int = 0) -> None:
        super().__init__()
        self._least = least
        self._content = QWidget()
        layout = QVBoxLayout(self._content)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in widgets:
            layout.addWidget(widget)
        layout.addStretch()
        self.setWidget(self._content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        # napari's style draws a border around it all the same.
        self.setStyleSheet("QScrollArea { border: none; padding: 0px; margin: 0px; }")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # The area itself is no stop of the Tab key.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._follow)

    def _follow(self, _before: QWidget | None, control: QWidget | None) -> None:
        if control is not None and self._content.isAncestorOf(control):
            self.ensureWidgetVisible(control)

    def sizeHint(self) -> QSize:
        """Return the size at which nothing is hidden."""
        return self._content.sizeHint() + self._scroll_bar_size()

    def minimumSizeHint(self) -> QSize:
        """Return the width at which nothing is cut off, and the smallest height."""
        width = self._content.minimumSizeHint() + self._scroll_bar_size()
        height = max(self._least, super().minimumSizeHint().height())
        return QSize(width.width(), height)

    def _scroll_bar_size(self) -> QSize:
        bar = self.verticalScrollBar()
        return QSize(0 if bar is None else bar.sizeHint().width(), 0)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Ask for a new size when the content does."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return bool(super().eventFilter(watched, event))
