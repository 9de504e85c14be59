"""A person's way through napari: from Open Sample to a saved picture.

Everything goes through the real window: menus are triggered, buttons clicked, sliders
dragged, the mouse moved. A screenshot of the whole window is taken at each step, into
the folder that the environment variable SCREENSHOTS names, or a temporary one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image as Pillow
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication, QFileDialog, QMenu, QSlider

from colorize_engine.color import lightness
from napari_colorize.inspector import Inspector
from napari_colorize.widget import ColorizeWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from magicgui.widgets import FloatSlider
    from napari import Viewer
    from pytestqt.qtbot import QtBot
    from qtpy.QtGui import QAction

    from colorize_engine.pixel import PixelNumbers


class Person:
    """Someone at the window who looks and clicks, and keeps a picture of each step."""

    def __init__(self, viewer: Viewer, qtbot: QtBot, album: Path) -> None:
        self.viewer, self.qtbot, self.album = viewer, qtbot, album
        self.steps = 0
        viewer.window.resize(1400, 900)

    def choose(self, menu: QMenu, *path: str) -> None:
        """Open a menu and go down to an entry."""
        for name in path:
            menu.aboutToShow.emit()
            action = entry(menu, name)
            if action.menu() is not None:
                menu = action.menu()
        action.trigger()

    def look(self, name: str) -> np.ndarray:
        """Take a picture of the whole window."""
        self.qtbot.wait(300)
        self.steps += 1
        picture = self.viewer.screenshot(canvas_only=False, flash=False)
        Pillow.fromarray(picture).save(self.album / f"{self.steps:02}-{name}.png")
        return picture

    def click(self, button: Any) -> None:
        """Click a button of the widget."""
        self.qtbot.mouseClick(button.native, Qt.MouseButton.LeftButton)

    def press_right(self, slider: FloatSlider, times: int) -> None:
        """Move a slider of the widget with the keyboard."""
        inner = slider.native.findChild(QSlider) or slider.native
        for _ in range(times):
            self.qtbot.keyClick(inner, Qt.Key.Key_Right)

    def point_at(self, world: tuple[float, ...], *, click: bool = False) -> None:
        """Move the mouse on the canvas to a world position."""
        canvas = self.viewer.window._qt_viewer.canvas
        camera, size = self.viewer.scene.camera, canvas.native.size()
        middle = np.array([size.height(), size.width()]) / 2
        row, column = (
            np.array(world[-2:]) - np.array(camera.center)[-2:]
        ) * camera.zoom + middle
        place = QPoint(round(float(column)), round(float(row)))
        self.qtbot.mouseMove(canvas.native, place)
        if click:
            self.qtbot.mouseClick(
                canvas.native, Qt.MouseButton.LeftButton, pos=place, delay=20
            )


def entry(menu: QMenu, name: str) -> QAction:
    """Entry of a menu by its text."""
    texts = {a.text().replace("&", ""): a for a in menu.actions()}
    found = [action for text, action in texts.items() if text.startswith(name)]
    assert found, f"{name} is not among {list(texts)}"
    return found[0]


def at(numbers: PixelNumbers | None) -> tuple[int, int] | None:
    """Row and column of the pixel that a panel of the inspector shows."""
    return numbers and (numbers.pixel.row, numbers.pixel.column)


def modes(numbers: PixelNumbers) -> tuple[float, float]:
    """Most likely a* and b* of a pixel."""
    found = (
        float(channel.centers[channel.probabilities.argmax()])
        for channel in (numbers.a, numbers.b)
    )
    return next(found), next(found)


@pytest.fixture
def person(
    make_napari_viewer: Callable[..., Viewer],
    qtbot: QtBot,
    plugin: object,
    tmp_path: Path,
) -> Person:
    album = Path(os.environ.get("SCREENSHOTS", tmp_path))
    album.mkdir(parents=True, exist_ok=True)
    return Person(make_napari_viewer(show=True), qtbot, album)


def widget_of(viewer: Viewer, kind: type) -> Any:
    """Find the plugin's widget that is docked in a window."""
    from napari_colorize.runs import plain

    found = [
        plain(inner)
        for inner in viewer.window.dock_widgets.values()
        if isinstance(plain(inner), kind)
    ]
    assert len(found) == 1, viewer.window.dock_widgets
    return found[0]


def test_from_open_sample_to_a_saved_picture(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer, qtbot = person.viewer, person.qtbot
    window = viewer.window

    person.choose(window.file_menu, "Open Sample", "Colorize", "Coffee")
    gray = viewer.layers["coffee gray"]
    person.choose(window.plugins_menu, "Colorize", "Colorize")
    colorize: ColorizeWidget = widget_of(viewer, ColorizeWidget)
    assert colorize.image.value is gray
    person.look("sample")

    person.click(colorize.run_button)
    person.look("running")
    qtbot.waitUntil(lambda: not colorize.busy, timeout=120_000)
    colored = viewer.layers["coffee gray colorized"]
    assert np.ptp(colored.data.astype(int), axis=-1).mean() > 3
    assert colorize.status.value.endswith("s (default, CPU).")
    person.look("colorized")

    before = np.array(colored.data)
    person.press_right(colorize.sliders.saturation, times=10)
    assert colorize.sliders.saturation.value > 1
    qtbot.waitUntil(lambda: not colorize.run.live.busy, timeout=60_000)
    qtbot.waitUntil(lambda: not np.array_equal(colored.data, before))
    np.testing.assert_allclose(lightness(colored.data), lightness(gray.data), atol=1)
    person.look("saturated")

    probability = viewer.layers["coffee gray a probability"]
    probability.visible = True
    viewer.dims.set_current_step(0, 11)
    assert "a = +20" in viewer.canvas.overlays["colorize a probability"].text
    person.look("a-probability")
    probability.visible = False

    window.resize(1400, 1240)
    person.choose(window.plugins_menu, "Colorize", "Colorize inspector")
    inspector: Inspector = widget_of(viewer, Inspector)
    qtbot.wait(300)
    person.point_at((200, 300), click=True)
    # The table, in a part of the picture that the high window shows.
    person.point_at((30, 130))
    qtbot.waitUntil(lambda: at(inspector.current) == (30, 130), timeout=5_000)
    assert at(inspector.pinned) == (200, 300)
    # What the tutorial of the layers says of this picture.
    rim, table = inspector.pinned, inspector.current
    assert rim is not None and table is not None
    assert rim.b.entropy < table.b.entropy
    assert rim.a.entropy < table.a.entropy
    assert modes(rim) == (0, 0)
    yellow = table.b.centers > 0
    assert table.b.probabilities[yellow].sum() > 0.8
    assert table.b.probabilities.max() < 0.5
    colors = inspector.hint_row.swatches
    qtbot.waitUntil(lambda: bool(colors.buttons[0].text()), timeout=20_000)
    dark = person.look("inspector")
    viewer.theme = "light"
    assert person.look("inspector-light").mean() > dark.mean() + 30
    viewer.theme = "dark"

    path = tmp_path / "coffee.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    person.click(colorize.saving.save_button)
    with Pillow.open(path) as saved:
        np.testing.assert_array_equal(np.asarray(saved), colored.data)
        assert "default" in " ".join(map(str, saved.info.values()))
    assert colorize.status.value == f"Saved {path}"
    person.look("saved")


def test_from_an_edited_picture_to_its_file_and_back(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer, qtbot, window = person.viewer, person.qtbot, person.viewer.window
    window.resize(1366, 768)
    person.choose(window.file_menu, "Open Sample", "Colorize", "Coffee")
    person.choose(window.plugins_menu, "Colorize", "Colorize")
    colorize: ColorizeWidget = widget_of(viewer, ColorizeWidget)

    def settled() -> np.ndarray:
        """Wait until the picture is that of the sliders and hints."""
        run = colorize.run

        def is_shown() -> bool:
            if colorize.busy or run.live.busy:
                return False
            found = run.results.prediction(()).colorize(*run.settings.arguments)
            return np.array_equal(run.layers["colorized"].data, found)

        qtbot.waitUntil(is_shown, timeout=120_000)
        return np.array(run.layers["colorized"].data)

    person.click(colorize.run_button)
    qtbot.waitUntil(lambda: not colorize.busy, timeout=120_000)
    automatic = settled()

    # Two steps with the keyboard and the mouse, and back with Ctrl+Z on the canvas.
    person.press_right(colorize.sliders.saturation, times=6)
    strong = settled()
    qtbot.wait(1200)
    person.press_right(colorize.sliders.caution, times=8)
    careful = settled()
    assert not np.array_equal(strong, careful)
    viewer.layers.selection.active = viewer.layers["coffee gray colorized"]
    canvas = window._qt_viewer.canvas.native
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(canvas, Qt.Key.Key_Z, control)
    np.testing.assert_array_equal(settled(), strong)
    qtbot.keyClick(canvas, Qt.Key.Key_Z, control)
    np.testing.assert_array_equal(settled(), automatic)
    again = control | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(canvas, Qt.Key.Key_Z, again)
    np.testing.assert_array_equal(settled(), strong)
    person.look("undone")

    path = tmp_path / "coffee gray colorized.tif"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    person.click(colorize.saving.save_button)
    viewer.layers.clear()
    viewer.open(path, plugin="napari-colorize")
    assert colorize.sliders.saturation.value == pytest.approx(1.3)
    assert "continue with its settings" in colorize.status.value
    person.look("recalled")
    person.click(colorize.run_button)
    qtbot.waitUntil(lambda: not colorize.busy, timeout=120_000)
    assert np.abs(settled().astype(int) - strong).mean() < 1
    person.click(colorize.saving.copy_button)
    line = QApplication.clipboard().text()
    assert line.startswith(f"colorize '{path}' -o ")
    assert "--saturation 1.3" in line
    person.look("copied")


def test_a_stack_from_the_samples_is_colored_and_scrolled(person: Person) -> None:
    viewer, qtbot = person.viewer, person.qtbot
    person.choose(viewer.window.file_menu, "Open Sample", "Colorize", "Pan")
    person.choose(viewer.window.layers_menu, "Filter", "Colorize")
    colorize: ColorizeWidget = widget_of(viewer, ColorizeWidget)
    colorize.advanced.working_size.value = 64
    person.click(colorize.run_button)
    qtbot.waitUntil(lambda: not colorize.busy, timeout=120_000)
    colored = viewer.layers["pan gray colorized"]
    assert colored.data.shape == (10, 200, 200, 3)
    for frame in (0, 9):
        viewer.dims.set_current_step(1, frame)
        assert np.ptp(np.asarray(colored.data[frame]).astype(int), axis=-1).max() > 5
        person.look(f"stack-frame-{frame}")


def test_what_a_network_thinks(person: Person) -> None:
    # The steps at the head of docs/tutorials/layers.md.
    viewer, qtbot, window = person.viewer, person.qtbot, person.viewer.window
    window.resize(1366, 768)
    person.choose(window.file_menu, "Open Sample", "Colorize", "Coffee")
    person.choose(window.plugins_menu, "Colorize", "Colorize")
    colorize: ColorizeWidget = widget_of(viewer, ColorizeWidget)
    person.click(colorize.run_button)
    qtbot.waitUntil(lambda: not colorize.busy, timeout=120_000)

    person.click(colorize.layer_choice.think)
    probability = viewer.layers["coffee gray a probability"]
    assert probability.visible
    assert viewer.dims.axis_labels[0] == "bins"
    label = viewer.canvas.overlays["colorize a probability"]
    assert label.text.startswith("a = +20   bin 12 of 20")
    rim, coffee = (200, 300), (120, 320)

    def shown(place: tuple[int, int]) -> float:
        data = probability.data[viewer.dims.current_step[0]]
        row, column = (
            round(float(i)) for i in probability.world_to_data((0, *place))[1:]
        )
        return float(data[row, column])

    assert shown(coffee) > 5 * shown(rim)
    person.look("thinking")
    viewer.dims.set_current_step(0, 9)
    assert label.text.startswith("a = +0   bin 10 of 20")
    assert shown(rim) > 3 * shown(coffee)
    person.look("thinking-of-gray")

    person.click(colorize.layer_choice.think)
    assert not probability.visible
    colorize.layer_choice.boxes["uncertainty"].value = True
    uncertainty = viewer.layers["coffee gray uncertainty"]
    assert uncertainty.visible
    assert viewer.layers[-1] is uncertainty
    person.look("uncertainty")
    colorize.layer_choice.boxes["uncertainty"].value = False
    assert uncertainty not in viewer.layers

    person.choose(window.plugins_menu, "Colorize", "Colorize inspector")
    inspector: Inspector = widget_of(viewer, Inspector)
    inspector.place.row.setValue(120)
    inspector.place.column.setValue(320)
    qtbot.mouseClick(inspector.pin_button, Qt.MouseButton.LeftButton)
    found: dict[float, PixelNumbers] = {}
    for temperature in (0, 0.7, 1):
        colorize.sliders.temperature.value = temperature
        colorize.sliders.rebalance.value = -1
        qtbot.waitUntil(lambda: not colorize.run.live.busy, timeout=60_000)
        person.look(f"temperature-{temperature}")
        assert inspector.pinned is not None
        found[temperature] = inspector.pinned
    used = {t: int((n.a.decoded > 0.01).sum()) for t, n in found.items()}
    assert used[0] == 1 < used[0.7] < used[1]
    np.testing.assert_allclose(found[1].a.decoded, found[1].a.probabilities, atol=1e-3)
