"""Hints of an image: undo and redo, hints at pixels, one place for all who change."""

from __future__ import annotations

import gc
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
import pytest
import shown
from napari.components import ViewerModel
from napari.utils.interactions import (
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)
from qtpy.QtCore import Qt

from colorize_engine import Hint
from napari_colorize.hints import find_points, hints_for, make_points
from napari_colorize.hints.points import state_of
from napari_colorize.runs import METADATA, Place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari.layers import Points
    from pytestqt.qtbot import QtBot

    from napari_colorize.hints import ImageHints
    from napari_colorize.widget import ColorizeWidget

    Shows = Callable[..., None]

RED, BLUE = (50.0, 30.0), (5.0, -50.0)


@pytest.fixture
def hints(small: ColorizeWidget) -> ImageHints:
    """Hints of the small picture, whose layer has been made."""
    small.palette.add_button.click()
    return hints_for(small.run)


@pytest.fixture
def shows(small: ColorizeWidget, qtbot: QtBot) -> Shows:
    """Wait until the picture is that of some hints and the metadata say so."""

    def wait(*hints: Hint) -> None:
        run, layer = small.run, small.run.layers["colorized"]

        def are_shown() -> bool:
            if run.live.busy or run.results.steering.hints != hints:
                return False
            fresh = run.results.prediction(()).with_hints(hints)
            return shown.shows(run, fresh.colorize(*run.settings.arguments))

        qtbot.waitUntil(are_shown, timeout=60_000)
        assert ("hints" in layer.metadata[METADATA]) == bool(hints)

    return wait


def points_of(widget: ColorizeWidget) -> Points:
    points = find_points(widget.viewer, widget.run.layer)
    assert points is not None
    return points


def add(widget: ColorizeWidget, place: tuple[float, float], color: Any = RED) -> Hint:
    points_of(widget).add([place])
    hints_for(widget.run).color(*color)
    return Hint(*place, *color)


# -- undo and redo


def test_each_change_of_a_person_is_one_step(
    small: ColorizeWidget, hints: ImageHints, shows: Shows
) -> None:
    points = points_of(small)
    undo, redo = small.sliders.undo.native, small.sliders.redo.native
    assert not undo.isEnabled()
    first = add(small, (10, 20))
    second = add(small, (50, 60), BLUE)
    points.data = [[10, 20], [70, 60]]
    moved = Hint(70, 60, *BLUE)
    points.selected_data = {0}
    hints.color(-40, 30)
    recolored = Hint(10, 20, -40, 30)
    points.remove_selected()
    states = [(), (first,), (first, second), (first, moved), (recolored, moved)]
    shows(moved)
    for state in reversed(states):
        undo.click()
        shows(*state)
        assert len(points.data) == len(state)
    assert not undo.isEnabled()
    for state in [*states[1:], (moved,)]:
        assert redo.isEnabled()
        redo.click()
        shows(*state)
    assert not redo.isEnabled()


def test_the_picture_comes_back_exactly(
    small: ColorizeWidget, hints: ImageHints, shows: Shows
) -> None:
    layer = small.run.layers["colorized"]
    before = np.array(layer.data)
    hint = add(small, (10, 20))
    shows(hint)
    red = np.array(layer.data)
    assert not np.array_equal(red, before)
    hints.undo()
    shows()
    np.testing.assert_array_equal(layer.data, before)
    hints.redo()
    shows(hint)
    np.testing.assert_array_equal(layer.data, red)


def test_points_without_a_color_are_taken_back_and_never_come_again(
    small: ColorizeWidget, hints: ImageHints, shows: Shows
) -> None:
    points = points_of(small)
    points.add([[1, 2]])
    assert small.sliders.undo.native.isEnabled()
    hints.undo()
    assert len(points.data) == 0
    assert not hints.can_undo
    assert not hints.can_redo
    hint = add(small, (10, 20))
    points.add([[30, 40]])
    points.add([[31, 40]])
    shows(hint)
    hints.undo()
    assert len(points.data) == 1, "only those without a color"
    hints.undo()
    assert len(points.data) == 0
    hints.redo()
    shows(hint)
    assert len(points.data) == 1


def test_a_point_that_is_dragged_is_one_step(
    small: ColorizeWidget, hints: ImageHints, shows: Shows
) -> None:
    hint, points = add(small, (10, 20)), points_of(small)
    points.mode = "select"
    event = SimpleNamespace(
        type="mouse_press",
        position=(10.0, 20.0),
        pos=np.zeros(2),
        modifiers=(),
        view_direction=None,
        dims_displayed=[0, 1],
        is_dragging=True,
        __wrapped__=None,
    )
    mouse_press_callbacks(points, event)
    event.type = "mouse_move"
    for row in (20.0, 30.0, 60.0):
        event.position = (row, 20.0)
        mouse_move_callbacks(points, event)
    event.type = "mouse_release"
    mouse_release_callbacks(points, event)
    shows(replace(hint, row=60.0))
    hints.undo()
    shows(hint)


def test_a_pasted_point_is_a_step(
    small: ColorizeWidget, hints: ImageHints, shows: Shows
) -> None:
    hint, points = add(small, (10, 20)), points_of(small)
    points._copy_data()
    points._paste_data()
    shows(hint, hint)
    hints.undo()
    shows(hint)


def test_a_color_dragged_in_naparis_control_is_one_step(
    small: ColorizeWidget, hints: ImageHints, shows: Shows
) -> None:
    hint, points = add(small, (10, 20)), points_of(small)
    for color in ("#100000", "#800000", "#0000ff"):
        points.current_face_color = color
    shows(Hint.from_color(10, 20, "#0000ff"))
    hints.undo()
    shows(hint)
    hints.undo()
    shows()


def test_a_file_and_a_variant_are_one_step_each(
    small: ColorizeWidget, shows: Shows, tmp_path: Path
) -> None:
    (tmp_path / "h.csv").write_text("x,y,a,b\n20,10,50,\n60,50,5,-50\n")
    small.palette.loaded.emit(str(tmp_path / "h.csv"))
    loaded = (Hint(10, 20, 50, None), Hint(50, 60, 5, -50))
    variant = (Hint(5, 5, 1, 1), Hint(6, 60, 20, 20))
    hints_for(small.run).replace((), variant)
    other = (Hint(7, 7, -10, 10),)
    hints_for(small.run).replace(variant, other)
    shows(*loaded, *other)
    for state in ((*loaded, *variant), loaded, ()):
        small.sliders.undo.native.click()
        shows(*state)


def test_the_layer_that_was_removed_comes_back(
    small: ColorizeWidget, hints: ImageHints, shows: Shows
) -> None:
    hint = add(small, (10, 20))
    small.viewer.layers.remove(points_of(small))
    shows()
    small.sliders.undo.native.click()
    shows(hint)
    assert len(points_of(small).data) == 1
    add(small, (40, 50))
    hints.undo()
    shows(hint)


def test_the_keys_of_the_layer(
    small: ColorizeWidget, hints: ImageHints, shows: Shows, qtbot: QtBot
) -> None:
    viewer, hint = small.viewer, add(small, (10, 20))
    canvas = viewer.window._qt_viewer.canvas.native
    control, shift = (
        Qt.KeyboardModifier.ControlModifier,
        Qt.KeyboardModifier.ShiftModifier,
    )
    shows(hint)
    qtbot.keyClick(canvas, Qt.Key.Key_Z, control)
    shows()
    qtbot.keyClick(canvas, Qt.Key.Key_Z, control | shift)
    shows(hint)
    # With another layer, the keys are not ours.
    viewer.layers.selection.active = viewer.layers["coffee"]
    qtbot.keyClick(canvas, Qt.Key.Key_Z, control)
    shows(hint)


def test_each_image_has_its_own_history(
    small: ColorizeWidget,
    hints: ImageHints,
    finish: Callable[[ColorizeWidget], None],
    shows: Shows,
) -> None:
    hint = add(small, (10, 20))
    shows(hint)
    small.viewer.add_image(small.run.layer.data[::2], name="other")
    small.image.value = small.viewer.layers["other"]
    finish(small)
    assert not small.sliders.undo.native.isEnabled()
    small.image.value = small.viewer.layers["coffee"]
    assert small.sliders.undo.native.isEnabled()
    small.sliders.undo.native.click()
    shows()


def test_a_region_that_changes_leaves_the_history_alone(
    small: ColorizeWidget,
    hints: ImageHints,
    finish: Callable[[ColorizeWidget], None],
    shows: Shows,
) -> None:
    hint = add(small, (50, 60))
    shows(hint)
    shapes = small.viewer.add_shapes([[[40, 40], [40, 139], [79, 139], [79, 40]]])
    small.image.value = small.viewer.layers["coffee"]
    small.advanced.region.value = shapes
    finish(small)
    # The nets see the surroundings, too: from row 30 and column 15 on.
    shows(Hint(20, 45, *RED))
    hints.undo()
    shows()
    hints.redo()
    shows(Hint(20, 45, *RED))


def test_hints_of_a_stack_have_frames(
    widget: ColorizeWidget,
    hinted_model: Path,
    finish: Callable[[ColorizeWidget], None],
    qtbot: QtBot,
) -> None:
    widget.advanced.folder.value = hinted_model
    rows = np.linspace(20, 200, 40).astype(np.uint8)
    film = np.stack([np.tile(np.roll(rows, k), (30, 1)) for k in range(3)])
    widget.viewer.add_image(film, name="film")
    finish(widget)
    widget.palette.add_button.click()
    widget.viewer.dims.set_current_step(0, 2)
    points, run = points_of(widget), widget.run

    def wait(*hints: Hint) -> None:
        qtbot.waitUntil(
            lambda: run.results.steering.hints == hints and not run.live.busy,
            timeout=60_000,
        )

    points.add([[2, 10, 20]])
    qtbot.waitUntil(lambda: widget.palette.swatches[0].isEnabled(), timeout=60_000)
    widget.palette.swatches[0].click()
    (hint,) = state_of(points)
    assert (hint.row, hint.column, hint.frame) == (10, 20, 2)
    wait(hint)
    hints_for(run).give(Place((1,), 5, 6), *RED)
    wait(hint, Hint(5, 6, *RED, frame=1))
    hints_for(run).undo()
    wait(hint)
    hints_for(run).undo()
    wait()
    hints_for(run).redo()
    wait(hint)
    assert points.data.tolist() == [[2, 10, 20]]


# -- hints at pixels


def test_a_hint_is_given_at_a_pixel(
    small: ColorizeWidget, shows: Shows, qtbot: QtBot
) -> None:
    hints, active = hints_for(small.run), small.viewer.layers.selection.active
    hints.give(Place((), 30, 40), *RED)
    shows(Hint(30, 40, *RED))
    assert small.viewer.layers.selection.active is active
    assert points_of(small).selected_data == {0}
    assert small.sliders.undo.native.isEnabled()
    qtbot.waitUntil(lambda: small.palette.swatches[0].isEnabled(), timeout=60_000)
    small.sliders.undo.native.click()
    shows()


def test_one_channel_at_a_pixel(small: ColorizeWidget, shows: Shows) -> None:
    hints, place = hints_for(small.run), Place((), 30, 40)
    for a, b, expected in (
        (20.0, None, Hint(30, 40, 20, None)),
        (25.0, None, Hint(30, 40, 25, None)),
        (None, -30.0, Hint(30, 40, 25, -30)),
        (10.0, None, Hint(30, 40, 10, -30)),
        (None, 500.0, None),
    ):
        hints.give(place, a, b)
        if expected is not None:
            shows(expected)
    (last,) = points_of(small).features["b"]
    assert 60 < last < 120, "moved to the range of sRGB"


def test_a_point_that_lies_in_the_pixel_is_taken(
    small: ColorizeWidget, hints: ImageHints, shows: Shows
) -> None:
    points = points_of(small)
    points.add([[29.7, 40.4]])
    assert hints.at(Place((), 30, 40)) == 0
    assert hints.at(Place((), 29, 40)) is None
    hints.give(Place((), 30, 40), *RED)
    shows(Hint(29.7, 40.4, *RED))


def test_nets_without_hints_get_no_layer(
    widget: ColorizeWidget, finish: Callable[[ColorizeWidget], None]
) -> None:
    widget.viewer.add_image(np.zeros((20, 20), np.uint8))
    finish(widget)
    hints_for(widget.run).give(Place((), 3, 4), *RED)
    assert find_points(widget.viewer, widget.run.layer) is None


def test_it_does_not_keep_its_image_alive() -> None:
    def made() -> tuple[Any, ...]:
        viewer = ViewerModel()
        image = viewer.add_image(np.zeros((20, 20), np.uint8))
        hints = hints_for(SimpleNamespace(viewer=viewer, layer=image))
        points = make_points(viewer, image, (20, 20))
        if hints.points is not points:
            pytest.fail("it does not follow the points")
        return ref(image), ref(points), ref(hints)

    found = made()
    gc.collect()
    assert [each() for each in found] == [None, None, None]
