"""Before and after in a real window: pixels on both sides of the line, keys, mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.layers import Shapes
from PIL import Image
from qtpy.QtCore import QEvent, QPoint, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QApplication
from skimage import data

from napari_colorize.comparing import Comparison, SplitLine
from napari_colorize.widget import ColorizeWidget

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari import Viewer
    from pytestqt.qtbot import QtBot

    Finish = Callable[[ColorizeWidget], None]

RGB = data.coffee()[::10, ::10]
GRAY = RGB[..., 1]
G, LEFT = Qt.Key.Key_G, Qt.MouseButton.LeftButton


@pytest.fixture
def shown(
    make_napari_viewer: Callable[..., Viewer], slow_nets: Any, one_thread: None
) -> ColorizeWidget:
    """Widget in a window that is shown."""
    viewer = make_napari_viewer(show=True)
    widget = ColorizeWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Colorize")
    widget.layer_choice.tick(("colorized", "uncertainty"))
    return widget


@pytest.fixture
def colored(shown: ColorizeWidget, finish: Finish) -> ColorizeWidget:
    """Widget that has colored a picture of 40 x 60 pixels."""
    shown.viewer.add_image(GRAY, name="coffee")
    finish(shown)
    return shown


def canvas_of(widget: ColorizeWidget) -> Any:
    return widget.viewer.window._qt_viewer.canvas.native


def look(widget: ColorizeWidget) -> np.ndarray:
    """Give the colors (H, W, 3) of the canvas."""
    return widget.viewer.screenshot(canvas_only=True, flash=False)[..., :3]


def look_at(widget: ColorizeWidget, *names: str) -> np.ndarray:
    """Give the colors of the canvas with these layers visible alone."""
    layers = widget.viewer.layers
    before = visibility(widget)
    for layer in layers:
        layer.visible = layer.name in names
    picture = look(widget)
    for layer in layers:
        layer.visible = before[layer.name]
    return picture


def visibility(widget: ColorizeWidget) -> dict[str, bool]:
    return {layer.name: layer.visible for layer in widget.viewer.layers}


def check_sides(widget: ColorizeWidget, gray: np.ndarray, other: np.ndarray) -> None:
    """Check that the canvas is gray to the line, and the other picture from there."""
    picture = look(widget)
    at = round(widget.comparing.comparison.position * picture.shape[1])
    assert (gray != other)[:, : at - 1].any(), "no difference on the left"
    assert (gray != other)[:, at + 1 :].any(), "no difference on the right"
    np.testing.assert_array_equal(picture[:, : at - 1], gray[:, : at - 1])
    np.testing.assert_array_equal(picture[:, at + 1 :], other[:, at + 1 :])


def split(widget: ColorizeWidget) -> None:
    widget.comparing.split_button.click()


def lines(widget: ColorizeWidget) -> list[SplitLine]:
    """Give the lines over the canvas that a person sees."""
    found = canvas_of(widget).findChildren(SplitLine)
    return [line for line in found if line.isVisible()]


# -- the line


@pytest.mark.parametrize(
    "pixels", [GRAY, GRAY / np.float32(255), RGB, RGB / 255.0], ids=lambda p: p.dtype
)
def test_gray_is_on_the_left_and_color_on_the_right(
    shown: ColorizeWidget, finish: Finish, pixels: np.ndarray
) -> None:
    shown.viewer.add_image(pixels, name="coffee", scale=(2, 3), rotate=20)
    finish(shown)
    camera = shown.viewer.scene.camera
    for zoom in (0.7, 5):
        camera.zoom *= zoom
        camera.center = (0, *np.add(camera.center[-2:], 5))
        gray = look_at(shown, "coffee")
        color = look_at(shown, "coffee", "coffee colorized")
        split(shown)
        check_sides(shown, gray, color)
        split(shown)
        np.testing.assert_array_equal(look(shown), color)


def test_it_follows_the_frames_of_a_stack(
    shown: ColorizeWidget, finish: Finish
) -> None:
    shown.viewer.add_image(np.stack([GRAY, GRAY[::-1]]), name="coffee")
    finish(shown)
    split(shown)
    for frame in (0, 1):
        shown.viewer.dims.set_current_step(0, frame)
        gray = look_at(shown, "coffee")
        color = shown.run.layers["colorized"]
        assert np.ptp(np.asarray(color.data[frame]), axis=-1).max() > 10
        check_sides(shown, gray, whole(shown))


def whole(widget: ColorizeWidget) -> np.ndarray:
    """Give the colors of the canvas without the line."""
    split(widget)
    picture = look(widget)
    split(widget)
    return picture


def test_around_a_region_the_picture_stays_gray(
    shown: ColorizeWidget, finish: Finish
) -> None:
    shown.viewer.add_image(GRAY, name="coffee")
    region = Shapes([[[5, 10], [30, 50]]], name="region", visible=False)
    shown.viewer.add_layer(region)
    shown.advanced.region.value = region
    finish(shown)
    gray, color = look_at(shown, "coffee"), look(shown)
    split(shown)
    check_sides(shown, gray, color)


def test_the_colors_change_while_the_line_is_there(
    colored: ColorizeWidget, qtbot: QtBot
) -> None:
    split(colored)
    colored.sliders.saturation.value = 2
    qtbot.waitUntil(lambda: not colored.run.live.busy)
    colored.run.layer.contrast_limits = (20, 90)
    check_sides(colored, look_at(colored, "coffee"), whole(colored))


def test_a_picture_in_tiles_is_cut_too(
    shown: ColorizeWidget, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "napari._vispy.layers.image.get_max_texture_sizes", lambda: (32, 32)
    )
    shown.viewer.add_image(GRAY, name="coffee")
    finish(shown)
    visuals = shown.viewer.window._qt_viewer.canvas.layer_to_visual
    assert len(visuals[shown.run.layers["colorized"]].node.adopted_children) == 4
    split(shown)
    check_sides(shown, look_at(shown, "coffee"), whole(shown))


def test_the_selected_layer_is_compared_if_it_lies_there(
    colored: ColorizeWidget,
) -> None:
    viewer = colored.viewer
    viewer.add_image(GRAY[::-1], name="elsewhere", translate=(0, 60), visible=False)
    own = viewer.add_image(
        255 - GRAY[::2, ::2], name="own", scale=(2, 2), translate=(0.5, 0.5)
    )
    viewer.layers.move(viewer.layers.index(own), 0)
    before = visibility(colored)
    gray = look_at(colored, "coffee")
    color = look_at(colored, "coffee", "coffee colorized")
    split(colored)
    for name, other in (
        ("coffee uncertainty", look_at(colored, "coffee uncertainty")),
        ("own", look_at(colored, "own")),
        ("coffee", color),
        ("elsewhere", color),
    ):
        viewer.layers.selection.active = viewer.layers[name]
        check_sides(colored, gray, other)
    split(colored)
    assert visibility(colored) == before


def test_it_is_dragged_and_the_picture_stays(
    colored: ColorizeWidget, qtbot: QtBot
) -> None:
    split(colored)
    (line,) = lines(colored)
    camera = colored.viewer.scene.camera
    before, at = camera.center, line.x()
    assert line.cursor().shape() == Qt.CursorShape.SplitHCursor
    middle = QPoint(line.width() // 2, 40)
    qtbot.mousePress(line, LEFT, pos=middle)
    qtbot.mouseMove(line, middle - QPoint(80, -10))
    qtbot.mouseRelease(line, LEFT, pos=middle)
    assert line.x() == pytest.approx(at - 80, abs=1)
    assert camera.center == before
    check_sides(colored, look_at(colored, "coffee"), whole(colored))
    (line,) = lines(colored)
    qtbot.mousePress(line, LEFT, pos=middle)
    qtbot.mouseMove(line, QPoint(-10_000, 40))
    assert colored.comparing.comparison.position == 0


def test_arrow_keys_move_it(colored: ColorizeWidget, qtbot: QtBot) -> None:
    button, comparison = colored.comparing.split_button, colored.comparing.comparison
    split(colored)
    (line,) = lines(colored)
    at = line.x()
    for _ in range(3):
        qtbot.keyClick(button, Qt.Key.Key_Right)
    assert line.x() > at
    assert comparison.position == pytest.approx(0.56)
    check_sides(colored, look_at(colored, "coffee"), whole(colored))
    for _ in range(4):
        qtbot.keyClick(button, Qt.Key.Key_Left)
    assert comparison.position == pytest.approx(0.48)


def test_it_keeps_its_place_when_the_canvas_is_resized(
    colored: ColorizeWidget, qtbot: QtBot
) -> None:
    split(colored)
    (line,) = lines(colored)
    native = canvas_of(colored)
    native.resize(native.width() - 200, native.height() - 50)
    assert line.geometry().center().x() == pytest.approx(native.width() / 2, abs=1)
    assert line.height() == native.height()


def test_the_saved_picture_is_whole(colored: ColorizeWidget, tmp_path: Path) -> None:
    before = np.array(colored.run.layers["colorized"].data)
    split(colored)
    colored.saving.save(str(tmp_path / "coffee.png"))
    saved = np.asarray(Image.open(tmp_path / "coffee.png"))
    np.testing.assert_array_equal(saved, before)


# -- the key and the button


@pytest.mark.parametrize("where", ["canvas", "viewer", "widget", "slider"])
def test_gray_is_shown_while_the_key_is_held(
    colored: ColorizeWidget, qtbot: QtBot, where: str
) -> None:
    focused = {
        "canvas": canvas_of(colored),
        "viewer": colored.viewer.window._qt_viewer,
        "widget": colored.native,
        "slider": colored.run_button.native,
    }[where]
    colored.viewer.layers["coffee uncertainty"].visible = True
    colored.run.layer.visible = False
    before, seen = visibility(colored), look(colored)
    gray = look_at(colored, "coffee")
    qtbot.keyPress(focused, G)
    np.testing.assert_array_equal(look(colored), gray)
    assert (gray != seen).any()
    qtbot.keyRelease(focused, G)
    assert visibility(colored) == before
    np.testing.assert_array_equal(look(colored), seen)


def test_a_key_that_repeats_does_not_flicker(
    colored: ColorizeWidget, qtbot: QtBot
) -> None:
    canvas, layer = canvas_of(colored), colored.run.layers["colorized"]
    changes: list[bool] = []
    layer.events.visible.connect(lambda: changes.append(layer.visible))
    qtbot.keyPress(canvas, G)
    for kind in (QEvent.Type.KeyRelease, QEvent.Type.KeyPress) * 3:
        plain = Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(canvas, QKeyEvent(kind, G, plain, "g", True))
    assert changes == [False]
    qtbot.keyRelease(canvas, G)
    assert changes == [False, True]


def test_control_with_the_key_is_the_grid_alone(
    colored: ColorizeWidget, qtbot: QtBot
) -> None:
    before = visibility(colored)
    qtbot.keyPress(canvas_of(colored), G, Qt.KeyboardModifier.ControlModifier)
    assert visibility(colored) == before


def test_the_key_is_let_go_when_the_focus_leaves(
    colored: ColorizeWidget, qtbot: QtBot
) -> None:
    before = visibility(colored)
    canvas = canvas_of(colored)
    canvas.window().activateWindow()
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    qtbot.keyPress(canvas, G)
    assert visibility(colored) != before
    colored.run_button.native.setFocus()
    assert visibility(colored) == before


def test_the_button_shows_gray_while_it_is_pressed(
    colored: ColorizeWidget, qtbot: QtBot
) -> None:
    before, gray = visibility(colored), look_at(colored, "coffee")
    button = colored.comparing.gray_button
    qtbot.mousePress(button, LEFT)
    np.testing.assert_array_equal(look(colored), gray)
    qtbot.mouseRelease(button, LEFT)
    assert visibility(colored) == before
    qtbot.keyPress(button, Qt.Key.Key_Space)
    assert visibility(colored) != before
    qtbot.keyRelease(button, Qt.Key.Key_Space)
    assert visibility(colored) == before


def test_the_key_works_beside_the_line(colored: ColorizeWidget, qtbot: QtBot) -> None:
    gray, color = look_at(colored, "coffee"), look(colored)
    split(colored)
    qtbot.keyPress(canvas_of(colored), G)
    np.testing.assert_array_equal(look(colored), gray)
    qtbot.keyRelease(canvas_of(colored), G)
    check_sides(colored, gray, color)


# -- nothing stays behind


def test_without_a_run_there_is_nothing_to_compare(
    shown: ColorizeWidget, qtbot: QtBot
) -> None:
    shown.viewer.add_image(GRAY, name="coffee", visible=False)
    qtbot.keyPress(canvas_of(shown), G)
    assert visibility(shown) == {"coffee": False}
    assert not shown.comparing.gray_button.isEnabled()
    assert not shown.comparing.split_button.isEnabled()


def test_the_line_goes_with_the_layers(colored: ColorizeWidget) -> None:
    split(colored)
    for layer in list(colored.run.layers.values()):
        assert lines(colored)
        colored.viewer.layers.remove(layer)
    assert not lines(colored)
    assert not colored.comparing.split_button.isChecked()
    assert not colored.comparing.split_button.isEnabled()


@pytest.mark.parametrize("other", ["3-D", "grid"])
def test_the_line_goes_where_layers_do_not_lie_on_each_other(
    colored: ColorizeWidget, other: str
) -> None:
    before = visibility(colored)
    colored.viewer.layers.selection.active = colored.run.layers["uncertainty"]
    split(colored)
    if other == "3-D":
        colored.viewer.dims.ndisplay = 3
    else:
        colored.viewer.canvas.grid.enabled = True
    assert not lines(colored)
    assert visibility(colored) == before
    colored.viewer.dims.ndisplay = 2
    colored.viewer.canvas.grid.enabled = False
    assert colored.comparing.split_button.isEnabled()


@pytest.mark.parametrize("how", ["closed", "destroyed"])
def test_the_line_goes_with_the_widget(
    colored: ColorizeWidget, qtbot: QtBot, how: str
) -> None:
    colored.run.layers["uncertainty"].visible = True
    before = visibility(colored)
    split(colored)
    assert visibility(colored) != before
    assert not has_color_on_the_left(colored)
    docks = colored.viewer.window._wrapped_dock_widgets
    if how == "closed":
        docks["Colorize"].hide()
    else:
        colored.viewer.window.remove_dock_widget(docks["Colorize"])
        with qtbot.waitSignal(colored.native.destroyed):
            colored.native.deleteLater()
    assert not lines(colored)
    assert visibility(colored) == before
    assert has_color_on_the_left(colored)


def has_color_on_the_left(widget: ColorizeWidget) -> bool:
    picture = look(widget)
    left = picture[:, : picture.shape[1] // 2 - 1]
    return bool(np.ptp(left, axis=-1).max() > 10)


def test_one_that_is_released_follows_the_viewer_no_more(
    colored: ColorizeWidget,
) -> None:
    viewer, uncertainty = colored.viewer, colored.run.layers["uncertainty"]
    comparison = Comparison(viewer)
    before = visibility(colored)
    viewer.layers.selection.active = uncertainty
    comparison.show_split(True)
    assert visibility(colored) != before
    comparison.release()
    assert visibility(colored) == before
    pair = comparison.pair
    viewer.layers.selection.active = colored.run.layer
    viewer.layers.clear()
    assert comparison.pair is pair


def test_the_line_goes_with_the_viewer(colored: ColorizeWidget) -> None:
    split(colored)
    comparison = colored.comparing.comparison
    colored.viewer.close()
    assert not comparison.split
    assert comparison.pair is None
