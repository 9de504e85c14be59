"""What makes the controls usable by keyboard and screen reader: focus, names, folds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, QPoint, QRect, Qt
from qtpy.QtGui import QIcon, QPainter, QRegion
from qtpy.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from superqt import QCollapsible

if TYPE_CHECKING:
    from magicgui.widgets import Container
    from qtpy.QtGui import QPaintEvent

_RING = 2  # pixels
_UNFOLDED = "\N{BLACK DOWN-POINTING TRIANGLE}"
_FOLDED = "\N{BLACK RIGHT-POINTING TRIANGLE}"


class FocusRing(QWidget):
    """A line around the control that has the keyboard, in the color of the text.

    napari's styles show no focus, and a border in a style of our own would not follow
    the theme.

    Parameters
    ----------
    root
        The widget whose controls get it.
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
        # Controls at the edge have no room outside.
        area = area.adjusted(-_RING, -_RING, _RING, _RING).intersected(root.rect())
        self.setGeometry(area)
        inner = self.rect().adjusted(_RING, _RING, -_RING, -_RING)
        self.setMask(QRegion(self.rect()) - QRegion(inner))
        self.raise_()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Stay around the control when it, or what holds it, moves."""
        moved = (QEvent.Type.Move, QEvent.Type.Resize)
        if event is not None and event.type() in moved and self._watched:
            self._surround()
        return False

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Fill the ring, which the mask cuts out."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(self.foregroundRole()))
        painter.end()


def label_controls(form: Container[Any]) -> None:
    """Give each control of a form the name on its label, and the label its control.

    The letter after an ampersand in the label then moves the keyboard there with Alt.

    Parameters
    ----------
    form
        Its widgets have their labels and tooltips.
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
    return [widget for widget in inner if _is_stop(widget)]


def _is_stop(widget: QWidget) -> bool:
    policy = widget.focusPolicy()
    tab = Qt.FocusPolicy.TabFocus
    # The text field of a spin box hands its focus on to the box.
    return (policy & tab) == tab and widget.focusProxy() is None


def foldable(title: str, content: QWidget, *, opened: bool) -> QCollapsible:
    """Put controls under a title that folds them away, from the Tab key as well.

    Parameters
    ----------
    title
        An ampersand is before the letter that folds with Alt.
    content
        The controls.
    opened
        Whether they are shown at first.
    """
    folded = QCollapsible(title)
    folded.setContent(content)
    # Their color would be that of the text before there is a theme.
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
