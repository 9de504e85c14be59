"""The inspector in a real viewer: follows the cursor, pins, exports, lets go."""

from __future__ import annotations

import csv
import gc
from dataclasses import replace
from itertools import combinations
from types import SimpleNamespace
from typing import TYPE_CHECKING, ClassVar
from weakref import ref

import numpy as np
import pytest
from napari.utils.interactions import (
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)
from psygnal import Signal
from qtpy.QtCore import QPoint, QRectF, Qt
from qtpy.QtGui import QColor, QImage, QPainter, QPalette
from qtpy.QtWidgets import QDockWidget, QFileDialog, QLabel

from colorize_engine import ChannelBins, Colorizer, Distribution
from colorize_engine.decode import DecodeSettings
from colorize_engine.pixel import Pixel, describe, value
from napari_colorize.accessibility import Scrolled
from napari_colorize.inspector import Inspector, bar_chart
from napari_colorize.inspector import dock as module
from napari_colorize.inspector.bar_chart import BarChart, bin_edges, scale_top, ticks
from napari_colorize.inspector.panels import PixelPanel
from napari_colorize.inspector.pin_marker import PinMarker
from napari_colorize.runs import Place, Results, Run, Worker, registry, source_of

if TYPE_CHECKING:
    from pathlib import Path

A_BINS = ChannelBins.unweighted(np.arange(-90, 101, 10))
B_BINS = ChannelBins.unweighted(np.arange(-110, 91, 10))
SETTINGS = DecodeSettings(0.38, -0.25, 1.0)
HINTS = ("press Colorize", "Move the cursor", "2-D display")


def make_pixel(frame=(), row=3, column=4):
    """Pixel whose distributions depend on where it is."""
    rng = np.random.default_rng([*frame, row, column])
    a, b = (
        Distribution(rng.normal(0, 2, len(bins)).astype(np.float32), bins)
        for bins in (A_BINS, B_BINS)
    )
    return Pixel(frame, row, column, 60.0, a, b)


class PlainRun:
    """Run of a layer that needs no model."""

    changed = Signal()
    kept: ClassVar[bool] = False
    results = SimpleNamespace(steering=SimpleNamespace(takes_hints=False))

    def __init__(self, viewer, layer):
        self.viewer, self.layer, self.settings = viewer, layer, SETTINGS
        self.layers = {"colorized": layer}
        self.asked = 0

    def place_at(self, world):
        """Give a place inside of the layer."""
        at = np.rint(self.layer.world_to_data(world)).astype(int)
        if (at < 0).any() or (at >= self.layer.data.shape).any():
            return None
        return Place(tuple(at[:-2].tolist()), *at[-2:].tolist())

    def pixel(self, place):
        """Give the pixel there."""
        self.asked += 1
        return make_pixel(*place)

    @property
    def extent(self):
        """All rows and columns of the layer."""
        return (0, 0), self.layer.data.shape[-2:]

    def decode(self, settings):
        """Change the settings."""
        self.settings = settings
        self.changed.emit()

    def close(self):
        """Forget the layers."""
        self.layers = {}


@pytest.fixture
def viewer(make_napari_viewer):
    """Give a viewer whose runs are forgotten after the test."""
    viewer = make_napari_viewer()
    yield viewer
    for run in registry.of(viewer):
        registry.remove(run)


def add_run(viewer, shape=(20, 30), **transform):
    layer = viewer.add_image(np.zeros(shape, np.uint8), **transform)
    run = PlainRun(viewer, layer)
    registry.add(viewer, run)
    return run


def docked(viewer):
    inspector = Inspector(viewer)
    viewer.window.add_dock_widget(inspector, name="inspector")
    return inspector


def hints(inspector):
    """Return the hints that the inspector shows."""
    labels = inspector.findChildren(QLabel)
    shown = [label.text() for label in labels if label.isVisibleTo(inspector)]
    return [hint for hint in HINTS if any(hint in text for text in shown)]


def panel(inspector, heading):
    """Return the panel of one pixel."""
    panels = inspector.findChildren(PixelPanel)
    (found,) = [one for one in panels if one.accessibleName() == heading]
    return found


def place(numbers):
    return numbers.pixel.frame, numbers.pixel.row, numbers.pixel.column


def click(viewer, world, *, drag=0.0, **changes):
    """Press, move a little and release the button over a place in the world."""
    viewer.cursor.position = world
    event = SimpleNamespace(
        type="mouse_press",
        button=1,
        modifiers=(),
        pos=np.zeros(2),
        is_dragging=True,
        position=world,
        __wrapped__=None,
    )
    vars(event).update(changes)
    mouse_press_callbacks(viewer, event)
    event.type, event.pos = "mouse_move", np.array([0.0, drag])
    mouse_move_callbacks(viewer, event)
    event.type = "mouse_release"
    mouse_release_callbacks(viewer, event)


# -- what is under the cursor


def test_the_numbers_follow_the_cursor_and_vanish_beside_the_picture(viewer):
    run = add_run(viewer)
    inspector = docked(viewer)
    viewer.cursor.position = (7.2, 11.9)
    assert place(inspector.current) == ((), 7, 12)
    expected = describe(make_pixel((), 7, 12), run.settings)
    assert inspector.current.rgb == expected.rgb
    viewer.cursor.position = (25.0, 5.0)
    assert inspector.current is None
    assert not inspector.export_button.isEnabled()
    assert hints(inspector) == ["Move the cursor"]


def test_nothing_is_read_or_decoded_again_while_the_cursor_stays_on_a_pixel(
    viewer, monkeypatch
):
    run = add_run(viewer)
    inspector = docked(viewer)
    viewer.cursor.position = (7.2, 11.9)
    before, asked = inspector.current, run.asked
    monkeypatch.setattr(module, "describe", lambda *_: pytest.fail("decoded again"))
    viewer.cursor.position = (7.3, 12.1)
    assert inspector.current is before
    assert run.asked == asked


def test_scale_rotation_and_translation_lead_to_the_right_pixel(viewer):
    run = add_run(viewer, scale=(2, 0.5), rotate=30, translate=(100, -40))
    inspector = docked(viewer)
    viewer.cursor.position = tuple(run.layer.data_to_world((17, 25)))
    assert place(inspector.current) == ((), 17, 25)


def test_the_frame_is_the_one_that_the_slider_shows(viewer):
    add_run(viewer, (5, 20, 30), scale=(3, 1, 1))
    inspector = docked(viewer)
    viewer.dims.set_current_step(0, 0)
    viewer.cursor.position = (0, 4, 6)
    assert place(inspector.current) == ((0,), 4, 6)
    viewer.dims.set_current_step(0, 3)
    assert place(inspector.current) == ((3,), 4, 6)


def test_the_sliders_of_the_decoding_change_both_pixels(viewer):
    run = add_run(viewer)
    inspector = docked(viewer)
    click(viewer, (2.0, 3.0))
    viewer.cursor.position = (8.0, 9.0)
    run.decode(DecodeSettings(0.0, 1.0, 2.0))
    for numbers, where in ((inspector.pinned, (2, 3)), (inspector.current, (8, 9))):
        expected = describe(make_pixel((), *where), run.settings)
        assert place(numbers) == ((), *where)
        assert numbers.settings == run.settings
        assert numbers.chroma == expected.chroma


def test_the_selected_layer_says_which_run_is_meant(viewer):
    first, second = add_run(viewer), add_run(viewer)
    inspector = docked(viewer)
    viewer.layers.selection.active = first.layer
    second.asked = 0
    viewer.cursor.position = (3.0, 3.0)
    assert second.asked == 0
    viewer.layers.selection.active = second.layer
    assert second.asked > 0
    assert place(inspector.current) == ((), 3, 3)


def test_without_results_or_in_3d_a_hint_says_what_to_do(viewer):
    inspector = docked(viewer)
    assert inspector.current is None
    assert hints(inspector) == ["press Colorize"]
    add_run(viewer, (5, 20, 30))
    viewer.cursor.position = (0, 3, 3)
    assert inspector.current is not None
    assert hints(inspector) == []
    viewer.dims.ndisplay = 3
    assert inspector.current is None
    assert hints(inspector) == ["2-D display"]
    viewer.dims.ndisplay = 2
    assert inspector.current is not None


# -- pinning


def test_a_click_pins_and_another_pins_another(viewer):
    add_run(viewer)
    inspector = docked(viewer)
    assert not inspector.unpin_button.isEnabled()
    click(viewer, (2.0, 3.0))
    viewer.cursor.position = (8.0, 9.0)
    assert place(inspector.pinned) == ((), 2, 3)
    assert place(inspector.current) == ((), 8, 9)
    assert not panel(inspector, "Pinned").isHidden()
    click(viewer, (4.0, 5.0))
    assert place(inspector.pinned) == ((), 4, 5)
    inspector.unpin_button.click()
    assert inspector.pinned is None
    assert panel(inspector, "Pinned").isHidden()
    assert inspector.current is not None


@pytest.mark.parametrize(
    "how", [{"drag": 30.0}, {"button": 2}, {"modifiers": ("Shift",)}], ids=str
)
def test_only_a_plain_click_pins(viewer, how):
    add_run(viewer)
    inspector = docked(viewer)
    click(viewer, (2.0, 3.0), **how)
    assert inspector.pinned is None
    click(viewer, (2.0, 3.0), drag=1.0)
    assert inspector.pinned is not None


def test_a_click_that_draws_does_not_pin(viewer):
    add_run(viewer)
    shapes = viewer.add_shapes()
    inspector = docked(viewer)
    viewer.layers.selection.active = shapes
    shapes.mode = "add_rectangle"
    click(viewer, (2.0, 3.0))
    assert inspector.pinned is None
    shapes.mode = "pan_zoom"
    click(viewer, (2.0, 3.0))
    assert place(inspector.pinned) == ((), 2, 3)
    viewer.layers.selection.clear()
    click(viewer, (4.0, 5.0))
    assert place(inspector.pinned) == ((), 4, 5)


def test_a_click_beside_the_picture_leaves_the_pin(viewer):
    add_run(viewer)
    inspector = docked(viewer)
    click(viewer, (2.0, 3.0))
    click(viewer, (-5.0, 3.0))
    assert place(inspector.pinned) == ((), 2, 3)


def test_a_pin_stays_on_its_frame(viewer):
    add_run(viewer, (5, 20, 30))
    inspector = docked(viewer)
    viewer.dims.set_current_step(0, 1)
    click(viewer, (1, 4, 6))
    viewer.dims.set_current_step(0, 4)
    assert place(inspector.pinned) == ((1,), 4, 6)
    assert place(inspector.current) == ((4,), 4, 6)


def test_a_pin_moves_to_the_run_that_replaces_its_own_and_goes_with_it(viewer):
    run = add_run(viewer)
    inspector = docked(viewer)
    click(viewer, (2.0, 3.0))
    again = PlainRun(viewer, run.layer)
    again.settings = DecodeSettings(1.0, 0.0)
    registry.add(viewer, again)
    assert inspector.pinned.settings == again.settings
    assert len(run.changed) == 0
    registry.remove(again)
    assert inspector.pinned is None
    assert inspector.current is None
    assert not inspector.unpin_button.isEnabled()
    assert len(again.changed) == 0


def test_a_pixel_is_pinned_and_moved_without_a_mouse(viewer):
    run = add_run(viewer, (5, 20, 30), scale=(1, 2, 0.5), translate=(0, 7, -3))
    inspector = docked(viewer)
    viewer.dims.set_current_step(0, 3)
    row, column = inspector.place.row, inspector.place.column
    assert (row.maximum(), column.maximum()) == (19, 29)
    row.setValue(4)
    assert inspector.pinned is None, "typing alone pins nothing"
    column.setValue(6)
    inspector.pin_button.click()
    assert place(inspector.pinned) == ((3,), 4, 6)
    column.stepUp()
    assert place(inspector.pinned) == ((3,), 4, 7)
    click(viewer, tuple(run.layer.data_to_world((3, 11, 12))))
    assert place(inspector.pinned) == ((3,), 11, 12)
    assert inspector.place.place == (11, 12)
    viewer.dims.ndisplay = 3
    assert not inspector.pin_button.isEnabled()


def test_a_low_screen_does_not_cut_the_inspector_off(viewer):
    add_run(viewer)
    inspector = docked(viewer)
    click(viewer, (2.0, 3.0))
    viewer.cursor.position = (8.0, 9.0)
    assert inspector.minimumSizeHint().height() < 300 < inspector.sizeHint().height()
    scrolled = inspector.findChild(Scrolled)
    current = panel(inspector, "Under the cursor")
    assert scrolled.isAncestorOf(current)
    wide = current.minimumSizeHint().width()
    assert inspector.minimumSizeHint().width() > wide
    assert not scrolled.isAncestorOf(inspector.export_button)


def test_there_is_no_place_to_type_before_there_are_results(viewer):
    inspector = docked(viewer)
    assert not inspector.place.isEnabled()
    assert not inspector.pin_button.isEnabled()
    add_run(viewer)
    assert inspector.place.isEnabled()
    assert inspector.pin_button.isEnabled()


# -- export


def test_the_export_holds_both_pixels(viewer, tmp_path: Path, monkeypatch):
    add_run(viewer)
    inspector = docked(viewer)
    click(viewer, (2.0, 3.0))
    viewer.cursor.position = (8.0, 9.0)
    target = tmp_path / "numbers"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    inspector.export_button.click()
    with open(tmp_path / "numbers.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * (len(A_BINS) + len(B_BINS))
    places = {(row["pixel"], row["row"], row["column"]) for row in rows}
    assert places == {("pinned", "2", "3"), ("cursor", "8", "9")}
    decoded = [
        float(row["decoded_probability"])
        for row in rows
        if (row["pixel"], row["channel"]) == ("cursor", "b")
    ]
    np.testing.assert_allclose(decoded, inspector.current.b.decoded, rtol=1e-6)


def test_a_canceled_export_writes_nothing(viewer, tmp_path: Path, monkeypatch):
    add_run(viewer)
    inspector = docked(viewer)
    viewer.cursor.position = (8.0, 9.0)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    inspector.export_button.click()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_a_notification(
    viewer, tmp_path: Path, monkeypatch
):
    add_run(viewer)
    inspector = docked(viewer)
    viewer.cursor.position = (8.0, 9.0)
    said: list[str] = []
    monkeypatch.setattr(module, "show_error", said.append)
    inspector.export(tmp_path / "none" / "numbers.csv")
    assert len(said) == 1
    assert "numbers.csv: No such file" in said[0]


# -- letting go


def test_a_closed_dock_leaves_nothing_behind(viewer):
    run = add_run(viewer)
    before = len(viewer.mouse_drag_callbacks)
    listeners = len(registry.changed)
    inspector = docked(viewer)
    assert len(viewer.mouse_drag_callbacks) == before + 1
    assert len(run.changed) == 1
    viewer.window.remove_dock_widget(inspector)
    assert len(viewer.mouse_drag_callbacks) == before
    assert len(run.changed) == 0
    assert len(registry.changed) == listeners
    shown = inspector.current
    viewer.cursor.position = (5.0, 5.0)
    assert inspector.current is shown
    alive = ref(inspector)
    del inspector
    gc.collect()
    assert alive() is None


def test_a_widget_docked_again_follows_again(viewer):
    add_run(viewer)
    inspector = docked(viewer)
    viewer.window.remove_dock_widget(inspector)
    viewer.cursor.position = (5.0, 6.0)
    viewer.window.add_dock_widget(inspector)
    assert place(inspector.current) == ((), 5, 6)
    viewer.cursor.position = (7.0, 8.0)
    assert place(inspector.current) == ((), 7, 8)


def test_a_widget_that_qt_deleted_makes_no_errors(viewer, qapp):
    run = add_run(viewer)
    before = len(viewer.mouse_drag_callbacks)
    inspector = Inspector(viewer)
    inspector.deleteLater()
    qapp.sendPostedEvents(inspector, 52)  # QEvent.DeferredDelete
    assert len(viewer.mouse_drag_callbacks) == before
    viewer.cursor.position = (5.0, 5.0)
    run.decode(SETTINGS)
    click(viewer, (2.0, 3.0))


def test_a_viewer_closed_with_the_widget_open_makes_no_errors(make_napari_viewer):
    viewer = make_napari_viewer(show=False)
    run = add_run(viewer)
    inspector = docked(viewer)
    viewer.cursor.position = (5.0, 5.0)
    assert inspector.current is not None
    viewer.close()
    run.decode(SETTINGS)
    registry.remove(run)
    assert len(run.changed) == 0


# -- charts


def show_chart(qtbot, channel, size=(260, 160)):
    chart = BarChart()
    qtbot.addWidget(chart)
    chart.resize(*size)
    chart.show_channel(channel)
    return chart, paint(chart)


def paint(chart):
    """Give the picture of a chart, in 8 bits a channel on every screen."""
    image = QImage(chart.size(), QImage.Format.Format_RGB32)
    chart.render(image)
    return image


def near(image, x, y, radius=1):
    """Colors of the pixels around a place, as a set of (red, green, blue)."""
    found = set()
    for dx in range(-radius, radius + 1):
        for dy in range(-radius, radius + 1):
            at = QPoint(round(x) + dx, round(y) + dy)
            found.add(QColor(image.pixel(at)).getRgb()[:3])
    return found


def test_each_bar_is_painted_in_the_color_of_its_value(qtbot):
    logits = np.full(len(A_BINS), -20, np.float32)
    logits[[3, 15]] = 0
    flat = Distribution(np.zeros(len(B_BINS), np.float32), B_BINS)
    pixel = Pixel((), 0, 0, 55.0, Distribution(logits, A_BINS), flat)
    channel = describe(pixel, SETTINGS).a
    chart, image = show_chart(qtbot, channel)
    scale = chart.scale_of(channel)
    for number in (3, 15):
        x, y = scale.x(channel.centers[number]), scale.y(0.25)
        assert near(image, x, y, 0) == {tuple(int(v) for v in channel.colors[number])}
    empty = near(image, scale.x(channel.centers[10]), scale.y(0.25), 0)
    assert empty.isdisjoint(tuple(map(int, color)) for color in channel.colors)


@pytest.mark.parametrize("ink", ["white", "black"])
def test_symbols_and_outline_have_the_color_of_the_text(qtbot, ink):
    channel = describe(make_pixel(), DecodeSettings(0.2, 0.0)).a
    chart = BarChart()
    qtbot.addWidget(chart)
    palette = chart.palette()
    palette.setColor(QPalette.ColorRole.WindowText, QColor(ink))
    paper = "black" if ink == "white" else "white"
    palette.setColor(QPalette.ColorRole.Window, QColor(paper))
    chart.setPalette(palette)
    chart.resize(260, 160)
    chart.show_channel(channel)
    image = paint(chart)
    scale = chart.scale_of(channel)
    wanted = QColor(ink).getRgb()[:3]
    assert wanted in near(image, scale.x(channel.mode), scale.area.top() - 5)
    column = [
        near(image, scale.x(channel.mean), y, 1)
        for y in np.arange(scale.area.top(), scale.area.bottom(), 2)
    ]
    assert sum(wanted in colors for colors in column) > len(column) / 3
    emptiest = int(np.argmin(channel.decoded - channel.probabilities))
    at = scale.x(channel.centers[emptiest])
    assert wanted in near(image, at, scale.y(channel.probabilities[emptiest]))
    zero = [
        wanted in near(image, round(scale.x(0)), y, 0)
        for y in np.arange(scale.area.top(), scale.area.top() + 20)
    ]
    assert 5 <= sum(zero) <= 15, "the line at 0 is dotted"


@pytest.mark.parametrize("ink", ["white", "black"])
def test_a_bar_of_the_color_of_the_paper_is_seen(qtbot, ink):
    """Dark pixels have dark bars, which vanish on a dark theme but for their border."""
    logits = np.full(len(A_BINS), -20, np.float32)
    logits[15] = 0
    flat = Distribution(np.zeros(len(B_BINS), np.float32), B_BINS)
    pixel = Pixel((), 0, 0, 55.0, Distribution(logits, A_BINS), flat)
    channel = describe(pixel, DecodeSettings(1.0, 0.0)).a
    paper = "black" if ink == "white" else "white"
    colors = np.full_like(channel.colors, QColor(paper).red())
    chart = BarChart()
    qtbot.addWidget(chart)
    palette = chart.palette()
    palette.setColor(QPalette.ColorRole.WindowText, QColor(ink))
    palette.setColor(QPalette.ColorRole.Window, QColor(paper))
    chart.setPalette(palette)
    chart.resize(400, 160)
    chart.show_channel(replace(channel, colors=colors))
    image = paint(chart)
    scale = chart.scale_of(channel)
    edges = bin_edges(channel.centers)[15:17]
    for x in (scale.x(edges[0]) + 1, scale.x(edges[1]) - 1):
        assert QColor(ink).getRgb()[:3] in near(image, x, scale.y(0.1))


def test_the_numbers_of_a_bar_are_told_where_it_is_pointed_at(qtbot):
    channel = describe(make_pixel(), SETTINGS).a
    chart, _ = show_chart(qtbot, channel)
    scale = chart.scale_of(channel)
    highest = int(channel.decoded.argmax())
    text = chart.text_at(scale.x(channel.centers[highest]))
    assert text.startswith(f"a* = {value(channel.centers[highest])}: ")
    assert f"{channel.decoded[highest] * 100:.0f} % as decoded" in text
    assert chart.text_at(scale.area.left() - 5) == ""
    assert "green to red" in chart.accessibleDescription()
    chart.show_channel(None)
    assert chart.accessibleDescription() == chart.text_at(scale.x(30)) == ""


def test_a_chart_without_a_pixel_is_empty(qtbot):
    _, image = show_chart(qtbot, None)
    colors = {image.pixel(x, y) for x in range(0, 260, 3) for y in range(0, 160, 3)}
    assert len(colors) == 1


def test_the_axis_has_few_round_ticks_with_zero_among_them():
    assert ticks(-95, 105, 12) == [-80, -60, -40, -20, 0, 20, 40, 60, 80, 100]
    assert ticks(-95, 105, 3) == [0, 100]
    assert ticks(-115, 95, 4) == [-100, -50, 0, 50]
    assert ticks(11, 14, 3) == []


def test_bars_meet_half_way_between_their_centers():
    np.testing.assert_allclose(bin_edges(np.float32([0, 10, 30])), [-5, 5, 20, 40])


@pytest.mark.parametrize(("share", "top"), [(0.05, 0.1), (0.3, 0.4), (1.0, 1.0)])
def test_the_axis_of_probability_ends_above_the_highest_bar(share, top):
    shares = np.float32([share, 0])
    channel = SimpleNamespace(decoded=shares, probabilities=shares[::-1])
    assert scale_top(channel) == top


# -- with the engine


def test_a_real_run_shows_the_distributions_of_its_prediction(viewer, tiny_model):
    image = np.random.default_rng(5).integers(0, 255, (48, 64)).astype(np.uint8)
    layer = viewer.add_image(image, scale=(0.5, 0.5), translate=(10, 0), rotate=20)
    kinds = ("colorized", "a probability")
    results = Results(source_of(layer), Colorizer.from_folder(tiny_model), 32, kinds)
    results.compute(SETTINGS, Worker(lambda _: None))
    run = Run(viewer, layer, results, SETTINGS, {})
    registry.add(viewer, run)
    inspector = docked(viewer)
    world = tuple(layer.data_to_world((31, 50)))
    viewer.cursor.position = (0.0, *world)
    assert place(inspector.current) == ((), 31, 50)
    height, width = results.working_shape
    row, column = int(31.5 * height / 48) // 2, int(50.5 * width / 64) // 2
    prediction = results.prediction(())
    np.testing.assert_allclose(
        inspector.current.a.probabilities,
        prediction.a.probabilities[:, row, column],
        rtol=1e-5,
    )
    chroma = prediction.decode(0.38, -0.25)[:, row, column]
    np.testing.assert_allclose(inspector.current.chroma, chroma, atol=1e-4)
    run.decode(DecodeSettings(0.0, 0.0, 0.5))
    chroma = prediction.decode(0.0, 0.0, 0.5)[:, row, column]
    np.testing.assert_allclose(inspector.current.chroma, chroma, atol=1e-4)
    for layer in list(run.layers.values()):
        viewer.layers.remove(layer)
    assert inspector.current is None


# -- in a real window


@pytest.fixture
def window(make_napari_viewer):
    """Give a window that is seen, of the size of a small laptop."""
    viewer = make_napari_viewer(show=True)
    viewer.window._qt_window.resize(1366, 768)
    yield viewer
    for run in registry.of(viewer):
        registry.remove(run)


def resize(viewer, inspector, width, qtbot):
    """Make the dock of the inspector as wide as a person would."""
    dock = inspector.parentWidget()
    while not isinstance(dock, QDockWidget):
        dock = dock.parentWidget()
    horizontal = Qt.Orientation.Horizontal
    viewer.window._qt_window.resizeDocks([dock], [width], horizontal)
    qtbot.waitUntil(lambda: abs(inspector.width() - width) <= 2, timeout=5_000)


def whole(widget, area):
    """Return whether all of a widget's width lies in the area."""
    left = widget.mapTo(area, QPoint(0, 0)).x()
    return left >= 0 and left + widget.width() <= area.width()


def test_both_pixels_are_side_by_side_where_the_dock_is_wide(window, qtbot):
    add_run(window)
    inspector = docked(window)
    inspector.pin((2.0, 3.0))
    window.cursor.position = (8.0, 9.0)
    pinned, current = (
        panel(inspector, name) for name in ("Pinned", "Under the cursor")
    )
    for width, beside in ((320, False), (500, True), (320, False)):
        resize(window, inspector, width, qtbot)
        at_left, at_right = (
            one.mapTo(inspector, QPoint(0, 0)) for one in (pinned, current)
        )
        assert (at_left.y() == at_right.y()) == beside
        assert (at_left.x() < at_right.x()) == beside
        area = inspector.findChild(Scrolled).viewport()
        parts = [*pinned.charts, *current.charts, pinned.text, current.text]
        for part in parts:
            assert whole(part, area)
            assert part.width() >= part.minimumSizeHint().width()
    assert window.window._qt_window.minimumSizeHint().height() <= 700


@pytest.mark.parametrize("name", ["a", "b"])
def test_no_text_of_a_chart_is_cut_off_or_covers_another(qtbot, monkeypatch, name):
    written = []

    class Painter(QPainter):
        def drawText(self, box, align, text):
            ink = self.boundingRect(box, align, text)
            written.append((text, self.fontMetrics().tightBoundingRect(text), ink))

    monkeypatch.setattr(bar_chart, "QPainter", Painter)
    channel = getattr(describe(make_pixel(), SETTINGS), name)
    least = BarChart().minimumSizeHint()
    chart, _ = show_chart(qtbot, channel, (least.width(), least.height()))
    assert len(written) >= 6
    boxes = []
    for text, tight, ink in written:
        box = QRectF(
            ink.left(),
            ink.center().y() - tight.height() / 2,
            ink.width(),
            tight.height(),
        )
        assert QRectF(chart.rect()).contains(box), text
        boxes.append((text, box))
    for (text, box), (other, at) in combinations(boxes, 2):
        assert not box.intersects(at), f"{text} on {other}"


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_a_ring_marks_the_pinned_pixel(window, qtbot, level):
    run = add_run(window, (40, 60))
    run.layer.data = np.full((40, 60), level)
    run.layer.contrast_limits = (0, 1)
    inspector = docked(window)
    qtbot.waitUntil(inspector.isVisible)
    names = [layer.name for layer in window.layers]
    sizes = []
    for zoom in (8.0, 16.0):
        window.scene.camera.zoom = zoom
        inspector.unpin()
        before = window.screenshot(flash=False).astype(int)
        inspector.pin((20.2, 30.4))
        after = window.screenshot(flash=False).astype(int)
        changed = np.argwhere(np.abs(after - before).sum(axis=2) > 100)
        middle = (np.array(before.shape[:2]) - 1) / 2
        offset = (np.array([20, 30]) - window.scene.camera.center[-2:]) * zoom
        np.testing.assert_allclose(
            (changed.min(0) + changed.max(0)) / 2, middle + offset, atol=2
        )
        sizes.append(np.ptp(changed, axis=0))
        assert np.abs(after - before).max() > 120
    np.testing.assert_allclose(sizes[0], sizes[1], atol=2)
    assert [layer.name for layer in window.layers] == names
    inspector.unpin()
    gone = window.screenshot(flash=False).astype(int)
    assert np.abs(gone - before).max() < 3


def test_the_ring_is_on_the_pinned_frame_only(viewer):
    add_run(viewer, (5, 20, 30), scale=(3, 1, 1))
    inspector = docked(viewer)
    viewer.dims.set_current_step(0, 2)
    inspector.pin((6.0, 4.0, 6.0))
    assert markers(viewer) == [(4.0, 6.0)]
    viewer.dims.set_current_step(0, 3)
    assert markers(viewer) == []
    viewer.dims.set_current_step(0, 2)
    assert markers(viewer) == [(4.0, 6.0)]
    viewer.dims.ndisplay = 3
    assert markers(viewer) == []


def test_the_ring_goes_with_its_run(viewer):
    run = add_run(viewer)
    inspector = docked(viewer)
    inspector.pin((4.0, 6.0))
    registry.remove(run)
    assert markers(viewer) == []


def test_the_ring_goes_with_the_dock(viewer):
    add_run(viewer)
    overlays = len(viewer.scene.overlays)
    inspector = docked(viewer)
    inspector.pin((4.0, 6.0))
    assert markers(viewer) == [(4.0, 6.0)]
    viewer.window.remove_dock_widget(inspector)
    assert markers(viewer) == []
    del inspector
    gc.collect()
    assert len(viewer.scene.overlays) == overlays


def test_the_ring_hides_with_the_dock_and_shows_again(window, qtbot):
    add_run(window)
    inspector = docked(window)
    qtbot.waitUntil(inspector.isVisible)
    inspector.pin((4.0, 6.0))
    dock = inspector.parentWidget()
    dock.hide()
    assert markers(window) == []
    dock.show()
    assert markers(window) == [(4.0, 6.0)]


def markers(viewer):
    """Return the places of the rings on the canvas."""
    overlays = viewer.scene.overlays.values()
    found = [one for one in overlays if isinstance(one, PinMarker)]
    return [one.place for one in found if one.visible]
