"""The widget and the inspector without a mouse, in both themes, for a screen reader.

They stand in a plain window with napari's style: what is asked here needs no canvas.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.qt import get_stylesheet
from qtpy.QtCore import QPoint, QRect, Qt, QTimer
from qtpy.QtGui import QImage, QKeySequence
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QProgressBar,
    QSlider,
    QWidget,
)

from colorize_engine import ChannelBins, Colorizer, list_models
from colorize_engine.batch import Record
from colorize_engine.decode import DecodeSettings
from colorize_engine.pretrained import Backend
from napari_colorize.accessibility import FocusRing
from napari_colorize.batch import FolderDialog, Setup
from napari_colorize.inspector import Inspector
from napari_colorize.inspector.bar_chart import BarChart
from napari_colorize.runs import Results, Run, Worker, registry, source_of
from napari_colorize.widget import ColorizeWidget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

TEXT, GRAPHICS = 4.5, 3.0  # least contrasts of WCAG 2.2, AA: 1.4.3 and 1.4.11
# Alt with these opens napari's menus, or saves or copies a screenshot.
TAKEN_BY_NAPARI = set("FVLPWHSCT")


class Stand:
    """A window with both widgets, and a pixel in the inspector."""

    def __init__(self, qtbot: QtBot, theme: str = "dark") -> None:
        self.qtbot, self.viewer = qtbot, ViewerModel()
        self.widget = ColorizeWidget(self.viewer)
        self.inspector = Inspector(self.viewer)
        self.window = QMainWindow()
        qtbot.addWidget(self.window)
        middle = QWidget()
        layout = QHBoxLayout(middle)
        layout.addWidget(self.widget.native)
        layout.addWidget(self.inspector)
        self.window.setCentralWidget(middle)
        self.window.setStyleSheet(get_stylesheet(theme))
        self.window.resize(820, 900)
        with qtbot.waitActive(self.window):
            self.window.show()
            self.window.activateWindow()

    def show_pixel(self) -> None:
        """Let the inspector show a dark pixel twice; enable its controls and hints."""
        rng = np.random.default_rng(3)
        bins = ChannelBins.unweighted(np.arange(-90, 101, 10))

        def nets(lightness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            a, b = rng.normal(0, 2, (2, len(bins), *lightness.shape))
            return a.astype(np.float32), b.astype(np.float32)

        layer = self.viewer.add_image(np.full((8, 9), 11, np.uint8))  # L* = 3
        settings = DecodeSettings(0.38, 0.0)
        colorizer = Colorizer(nets, bins, bins)
        (colorizer.card,) = (c for c in list_models() if c.name == "default")
        results = Results(source_of(layer), colorizer, 8, ())
        results.compute(settings, Worker(lambda _: None))
        registry.add(self.viewer, Run(self.viewer, layer, results, settings, {}))
        self.viewer.cursor.position = (3.0, 4.0)
        self.inspector.pin_cursor()
        assert self.inspector.current is not None
        assert self.inspector.pinned is not None
        self.inspector.hint_row.show()
        palette = self.widget.palette
        palette.open_for_points(True)
        for parent in (self.inspector.place, self.inspector, palette):
            for control in (parent, *parent.findChildren(QWidget)):
                control.setEnabled(True)
        QApplication.processEvents()

    def press(self, key: Qt.Key, *, alt: bool = False) -> QWidget:
        """Press a key where the keyboard is; give the control that then has it."""
        modifier = Qt.KeyboardModifier
        held = modifier.AltModifier if alt else modifier.NoModifier
        self.qtbot.keyClick(QApplication.focusWidget() or self.window, key, held)
        return QApplication.focusWidget()

    def walk(self, root: QWidget) -> list[QWidget]:
        """Give the controls of a widget in the order of the Tab key."""
        found: list[QWidget] = []
        while (control := self.press(Qt.Key.Key_Tab)) not in found:
            found.append(control)
            assert len(found) < 100, "the Tab key does not come round"
        # It may have begun in the middle of the widget.
        inside = [root.isAncestorOf(control) for control in found]
        starts = (i for i, now in enumerate(inside) if now and not inside[i - 1])
        start = next(starts, 0)
        around = [*found[start:], *found[:start]]
        return [control for control in around if root.isAncestorOf(control)]

    def look(self) -> np.ndarray:
        """Give the colors (H, W, 3) of the window."""
        picture = self.window.grab().toImage()
        image = picture.convertToFormat(QImage.Format.Format_RGB32)
        raw = image.constBits().asarray(image.sizeInBytes())
        shape = (image.height(), image.width(), 4)
        return np.array(raw, np.uint8).reshape(shape)[:, :, 2::-1]


@pytest.fixture
def stand(qtbot: QtBot) -> Iterator[Stand]:
    stand = Stand(qtbot)
    yield stand
    stand.window.close()


def area(control: QWidget) -> QRect:
    """Where a control lies in its window."""
    return QRect(control.mapTo(control.window(), QPoint(0, 0)), control.size())


def reachable(root: QWidget) -> set[QWidget]:
    """Give the controls that are shown and take the keyboard."""
    return {
        child
        for child in root.findChildren(QWidget)
        if child.isVisible()
        and child.isEnabled()
        and child.focusPolicy() & Qt.FocusPolicy.TabFocus
        and child.focusProxy() is None
    }


def unfold(stand: Stand) -> None:
    """Open Advanced from the keyboard."""
    stand.press(Qt.Key.Key_D, alt=True)
    device = stand.widget.advanced.device.native
    stand.qtbot.waitUntil(lambda: device.isVisible() and device.height() > 10)
    stand.qtbot.wait(500)  # the animation


# -- keyboard


def test_the_tab_key_goes_through_all_controls_as_they_are_read(stand: Stand) -> None:
    stand.show_pixel()
    for root in (stand.widget.native, stand.inspector):
        order = stand.walk(root)
        assert set(order) == reachable(root)
        assert len(order) >= 5
        for one, two in pairwise([area(control) for control in order]):
            beside = two.left() > one.right() and two.top() <= one.bottom()
            assert two.top() > one.bottom() or beside, (one, two)


def test_what_is_folded_away_is_not_reached(stand: Stand) -> None:
    root, device = stand.widget.native, stand.widget.advanced.device.native
    assert device not in stand.walk(root)
    unfold(stand)
    order = stand.walk(root)
    assert device in order
    assert set(order) == reachable(root)
    assert all(control.height() > 10 for control in order)


def test_letters_with_alt_lead_to_the_controls(stand: Stand) -> None:
    roots = (stand.widget.native, stand.inspector)
    shown = [
        child
        for root in roots
        for kind in (QLabel, QAbstractButton)
        for child in root.findChildren(kind)
        if isinstance(child, QAbstractButton) or child.buddy() is not None
    ]
    texts = [child.text() for child in shown if "&" in child.text()]
    letters = [QKeySequence.mnemonic(text).toString()[-1] for text in texts]
    assert len(letters) >= 10
    assert len(set(letters)) == len(letters), texts
    assert not TAKEN_BY_NAPARI & set(letters)
    slider = stand.press(Qt.Key.Key_E, alt=True)
    assert stand.widget.sliders.temperature.native.isAncestorOf(slider)
    stand.inspector.place.setEnabled(True)
    assert stand.press(Qt.Key.Key_O, alt=True) is stand.inspector.place.row


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space], ids=str)
def test_enter_and_space_press_a_button(stand: Stand, key: Qt.Key) -> None:
    stand.widget.sliders.saturation.value = 2
    stand.widget.sliders.reset.native.setFocus()
    stand.press(key)
    assert stand.widget.sliders.saturation.value == 1


@pytest.mark.parametrize(
    ("name", "start", "step"),
    [("temperature", 0.2, 0.01), ("rebalance", -0.4, 0.05), ("saturation", 0.2, 0.05)],
)
def test_sliders_have_a_small_and_a_large_step(
    stand: Stand, name: str, start: float, step: float
) -> None:
    slider = getattr(stand.widget.sliders, name)
    slider.value = start
    slider.native.findChild(QSlider).setFocus()
    stand.press(Qt.Key.Key_Right)
    assert slider.value == pytest.approx(start + step)
    stand.press(Qt.Key.Key_PageUp)
    assert slider.value == pytest.approx(start + 11 * step)


def test_escape_stops_a_run_and_the_keyboard_stays_with_it(
    stand: Stand, slow_nets, qtbot: QtBot
) -> None:
    widget = stand.widget
    stand.viewer.add_image(np.zeros((8, 9), np.uint8), name="scan")
    slow_nets.go.clear()
    widget.run_button.native.setFocus()
    assert stand.press(Qt.Key.Key_Return) is widget.state.cancel.native
    qtbot.waitUntil(slow_nets.running.is_set, timeout=60_000)
    stand.press(Qt.Key.Key_Escape)
    slow_nets.go.set()
    qtbot.waitUntil(lambda: not widget.busy, timeout=60_000)
    assert len(stand.viewer.layers) == 1
    assert "Stopped" in widget.status.value
    assert QApplication.focusWidget() is widget.run_button.native


# -- names


def test_each_control_has_a_name_and_says_what_it_does(stand: Stand) -> None:
    stand.show_pixel()
    unfold(stand)
    for root in (stand.widget.native, stand.inspector):
        for control in reachable(root):
            text = getattr(control, "text", str)()
            assert control.accessibleName() or text, control
            tip = control.toolTip()
            assert tip[:1].isupper(), (control, tip)
            assert tip.endswith("."), (control, tip)
    sliders = stand.widget.sliders.native.findChildren(QSlider)
    assert [slider.accessibleName() for slider in sliders] == [
        "vivid - careful",
        "rare colors",
        "saturation",
        "caution",
    ]
    assert all("0 to" in s.toolTip() or "-1 to" in s.toolTip() for s in sliders)
    assert "pixels" in stand.widget.advanced.working_size.tooltip
    assert stand.widget.layer_choice.title() == "Layers"
    (bar,) = stand.widget.native.findChildren(QProgressBar)
    assert bar.accessibleName() == "progress"


def test_both_pixels_have_charts_with_names_of_their_own(stand: Stand) -> None:
    stand.show_pixel()
    charts = stand.inspector.findChildren(BarChart)
    names = {chart.accessibleName() for chart in charts}
    assert names == {
        f"{pixel}: distribution of {channel}*"
        for pixel in ("Pinned", "Under the cursor")
        for channel in "ab"
    }
    assert all("as predicted" in chart.accessibleDescription() for chart in charts)


# -- themes


def luminance(color: np.ndarray) -> float:
    """Relative luminance of sRGB, 0..255, as WCAG has it."""
    share = np.asarray(color, float) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: np.ndarray, two: np.ndarray) -> float:
    """Contrast ratio, 1..21."""
    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


def cut(picture: np.ndarray, place: QRect) -> np.ndarray:
    """Give the colors (N, 3) of a place in a picture."""
    rows = slice(max(place.top(), 0), place.bottom() + 1)
    return picture[rows, max(place.left(), 0) : place.right() + 1].reshape(-1, 3)


def contrast_within(colors: np.ndarray) -> float:
    """Contrast of what is written to what is behind it."""
    found, counts = np.unique(colors, axis=0, return_counts=True)
    paper = found[counts.argmax()]
    return max(contrast(c, paper) for c, n in zip(found, counts, strict=True) if n > 1)


def written(root: QWidget) -> list[QWidget]:
    """Give the controls and labels with text that can be read now."""
    kinds = (QLabel, QAbstractButton, QComboBox, QAbstractSpinBox, QProgressBar)
    return [
        child
        for kind in kinds
        for child in root.findChildren(kind)
        if child.isVisible() and child.isEnabled()
        if not isinstance(child, (QLabel, QAbstractButton)) or child.text()
    ]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_all_text_can_be_read(qtbot: QtBot, theme: str) -> None:
    stand = Stand(qtbot, theme)
    stand.window.resize(820, 1300)  # so that nothing is scrolled out of sight
    stand.show_pixel()
    unfold(stand)
    stand.widget.state.running(True)
    stand.widget.state.show_progress(
        1, 2, "Something went wrong, and this is what to do."
    )
    QApplication.processEvents()
    controls = [*written(stand.widget.native), *written(stand.inspector)]
    assert len(controls) > 30
    picture = stand.look()
    found = {
        f"{control} {getattr(control, 'text', str)()}": contrast_within(
            cut(picture, area(control))
        )
        for control in (*controls, *stand.inspector.findChildren(BarChart))
    }
    assert min(found.values()) >= TEXT, sorted(found.items(), key=lambda item: item[1])
    faint = controls[0]
    faint.setStyleSheet("color: #777; background: #555;")
    QApplication.processEvents()
    assert contrast_within(cut(stand.look(), area(faint))) < TEXT, (
        "this measures nothing"
    )


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_ring_shows_where_the_keyboard_is(qtbot: QtBot, theme: str) -> None:
    stand = Stand(qtbot, theme)
    stand.show_pixel()
    for root in (stand.widget.native, stand.inspector):
        (ring,) = root.findChildren(FocusRing)
        order = stand.walk(root)
        for control in (order[0], order[len(order) // 2], order[-1]):
            control.setFocus(Qt.FocusReason.TabFocusReason)
            assert ring.isVisible()
            assert area(ring).contains(area(control).intersected(area(root)))
            picture = stand.look()
            edge, paper = picture[area(ring).top(), area(ring).left()], picture[2, 2]
            assert contrast(edge, paper) >= GRAPHICS
    (first,) = stand.widget.native.findChildren(FocusRing)
    assert not first.isVisible(), "the keyboard is in the inspector"


def test_the_ring_goes_along_when_its_control_moves(stand: Stand) -> None:
    widget = stand.widget
    (ring,) = widget.native.findChildren(FocusRing)
    reset = widget.sliders.reset.native
    reset.setFocus()
    before = area(ring).top()
    widget.state.running(True)
    stand.qtbot.waitUntil(lambda: area(ring).top() > before + 10)
    assert area(ring).contains(area(reset).intersected(area(widget.native)))


def test_a_working_size_of_the_preferences_is_taken_up_to_their_limit(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_colorize.widget import preferences

    chosen = preferences.Preferences(working_size=8192)
    monkeypatch.setattr(preferences, "read", lambda: chosen)
    widget = ColorizeWidget(ViewerModel())
    qtbot.addWidget(widget.native)
    assert widget.advanced.working_size.value == 8192


# -- the dialog of folders


class DialogStand(Stand):
    """The dialog that colors a folder, with a table of its results."""

    def __init__(self, qtbot: QtBot, theme: str = "dark") -> None:
        card = list_models()[0]
        setup = Setup.of(card.name, card, Backend(), DecodeSettings(0.5, 0.1), 320)
        self.qtbot, self.window = qtbot, FolderDialog(None, lambda: setup)
        qtbot.addWidget(self.window)
        self.window.setStyleSheet(get_stylesheet(theme))
        with qtbot.waitActive(self.window):
            self.window.show()
            self.window.activateWindow()

    def show_results(self) -> None:
        """Show the table and its buttons, and enable all."""
        dialog = self.window
        records = [
            Record(
                "in/a.png", "out/a.png", "done", notes=("its EXIF data are broken",)
            ),
            Record("in/b.png", "out/b.png", "failed", error="the file is empty"),
        ]
        dialog.table.show_records(records, Path("in"))
        for part in (dialog.table, dialog.report_button, dialog.open_button):
            part.setVisible(True)
        for button in (dialog.report_button, dialog.open_button, dialog.cancel_button):
            button.setEnabled(True)
        dialog.resize(620, 560)
        dialog.text.setText("1 colored, 0 skipped, 1 failed.")
        QApplication.processEvents()


def test_the_dialog_of_folders_needs_no_mouse(qtbot: QtBot, tmp_path: Path) -> None:
    stand = DialogStand(qtbot)
    dialog = stand.window
    assert QApplication.focusWidget() is dialog.folder.edit
    stand.show_results()
    dialog.close_button.setFocus()
    order = stand.walk(dialog)
    assert set(order) == reachable(dialog)
    assert order[:2] == [dialog.folder.edit, dialog.folder.button]
    for one, two in pairwise([area(control) for control in order]):
        beside = two.left() > one.right() and two.top() <= one.bottom()
        assert two.top() > one.bottom() or beside, (one, two)
    for control in order:
        text = getattr(control, "text", str)()
        assert control.accessibleName() or text, control
        tip = control.toolTip()
        assert tip[:1].isupper() and tip.endswith("."), (control, tip)
    shown = [*dialog.findChildren(QLabel), *dialog.findChildren(QAbstractButton)]
    texts = [child.text() for child in shown if "&" in child.text()]
    letters = [text[text.index("&") + 1].upper() for text in texts]
    assert len(letters) == len(set(letters)) == 9
    assert stand.press(Qt.Key.Key_O, alt=True) is dialog.output.edit
    # Enter starts, what can be done next has the keyboard.
    (tmp_path / "empty").mkdir()
    dialog.folder.choose(str(tmp_path / "empty"))
    dialog.folder.edit.setFocus()
    assert stand.press(Qt.Key.Key_Return) is dialog.cancel_button
    qtbot.waitUntil(lambda: not dialog.busy)
    assert QApplication.focusWidget() is dialog.start_button
    assert dialog.text.text().startswith("There are no photos in ")
    stand.press(Qt.Key.Key_Escape)
    assert not dialog.isVisible()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_dialog_of_folders_can_be_read(qtbot: QtBot, theme: str) -> None:
    stand = DialogStand(qtbot, theme)
    dialog = stand.window
    stand.show_results()
    dialog.progress.setVisible(True)
    dialog.progress.setRange(0, 4)
    dialog.progress.setValue(1)
    dialog.close_button.setFocus(Qt.FocusReason.TabFocusReason)
    QApplication.processEvents()
    picture = stand.look()
    for control in (*written(dialog), dialog.table.viewport()):
        assert contrast_within(cut(picture, area(control))) >= TEXT, control
    (ring,) = dialog.findChildren(FocusRing)
    assert area(ring).contains(area(dialog.close_button))
    edge, paper = picture[area(ring).top(), area(ring).left()], picture[2, 2]
    assert contrast(edge, paper) >= GRAPHICS


def test_the_menu_of_many_images_opens_by_its_letter(stand: Stand) -> None:
    button = stand.widget.many_button
    menu = button.menu()
    QTimer.singleShot(100, menu.close)
    stand.press(Qt.Key.Key_Y, alt=True)
    assert [action.text() for action in menu.actions()] == [
        "Color all &open images",
        "Color a &folder...",
    ]
    assert all(action.toolTip().endswith(".") for action in menu.actions())
    assert button.toolTip().endswith(".")
