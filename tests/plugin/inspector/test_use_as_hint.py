"""The pinned pixel as a hint: likely colors, bars, with and without the widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shown
from qtpy.QtCore import QPoint, Qt
from skimage import data

from colorize_engine import Hint
from napari_colorize.hints import find_points
from napari_colorize.inspector import Inspector
from napari_colorize.inspector.panels import PixelPanel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QToolButton

    from napari_colorize.inspector.bar_chart import BarChart
    from napari_colorize.runs import Run
    from napari_colorize.widget import ColorizeWidget


@pytest.fixture
def inspector(small: ColorizeWidget) -> Inspector:
    """Inspector with a pinned pixel of the small picture, row 30, column 40."""
    inspector = Inspector(small.viewer)
    small.viewer.window.add_dock_widget(inspector, name="inspector")
    inspector.pin((30.0, 40.0))
    return inspector


def charts(inspector: Inspector, heading: str = "Pinned") -> list[BarChart]:
    panels = inspector.findChildren(PixelPanel)
    (panel,) = [one for one in panels if one.accessibleName() == heading]
    return list(panel.charts)


def click(chart: BarChart, number: int, qtbot: QtBot) -> float:
    """Click a bar; return the value of its bin."""
    chart.resize(190, 180)
    center = float(chart.channel.centers[number])
    x = round(chart.scale_of(chart.channel).x(center))
    qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPoint(x, 60))
    return center


def offered(inspector: Inspector, qtbot: QtBot) -> list[QToolButton]:
    buttons = inspector.hint_row.swatches.buttons
    qtbot.waitUntil(lambda: buttons[0].isEnabled(), timeout=60_000)
    return buttons


def wait(run: Run, qtbot: QtBot, *hints: Hint) -> None:
    """Wait until the picture is that of the hints."""

    def are_shown() -> bool:
        if run.live.busy or run.results.steering.hints != hints:
            return False
        expected = run.results.prediction(()).colorize(*run.settings.arguments)
        return shown.shows(run, expected)

    qtbot.waitUntil(are_shown, timeout=60_000)


def test_the_likely_colors_are_those_of_the_nets(
    small: ColorizeWidget, inspector: Inspector, qtbot: QtBot
) -> None:
    buttons = offered(inspector, qtbot)
    found, _ = small.run.results.steering.suggest((), 30, 40)
    texts = [button.text() for button in buttons if button.isEnabled()]
    assert texts == [f"{each.probability:.0%}" for each in found]
    assert f"a* {found[0].a:+.0f}, b* {found[0].b:+.0f}" in buttons[0].toolTip()


def test_a_likely_color_becomes_a_hint_that_the_palette_can_undo(
    small: ColorizeWidget, inspector: Inspector, qtbot: QtBot
) -> None:
    run = small.run
    before = np.array(run.layers["colorized"].data)
    active = small.viewer.layers.selection.active
    offered(inspector, qtbot)[0].click()
    (best, *_), _ = run.results.steering.suggest((), 30, 40)
    hint = Hint(30, 40, best.a, best.b)
    wait(run, qtbot, hint)
    assert small.viewer.layers.selection.active is active
    assert len(find_points(small.viewer, run.layer).data) == 1
    assert inspector.pinned is not None, "the pin stays"
    small.sliders.undo.native.click()
    wait(run, qtbot)
    np.testing.assert_array_equal(run.layers["colorized"].data, before)
    small.sliders.redo.native.click()
    wait(run, qtbot, hint)


def test_another_pixel_has_its_own_colors(
    small: ColorizeWidget, inspector: Inspector, qtbot: QtBot
) -> None:
    buttons = offered(inspector, qtbot)
    inspector.pin((80.0, 120.0))
    assert not buttons[0].isEnabled(), "those of the pixel before are gone"
    offered(inspector, qtbot)[0].click()
    qtbot.waitUntil(lambda: len(small.run.results.steering.hints) == 1, timeout=60_000)
    (hint,) = small.run.results.steering.hints
    assert (hint.row, hint.column) == (80, 120)


def test_a_bar_gives_one_channel_and_keeps_the_other(
    small: ColorizeWidget, inspector: Inspector, qtbot: QtBot
) -> None:
    of_a, of_b = charts(inspector)
    a = click(of_a, 8, qtbot)
    wait(small.run, qtbot, Hint(30, 40, a, None))
    a = click(of_a, 7, qtbot)
    wait(small.run, qtbot, Hint(30, 40, a, None))
    b = click(of_b, 2, qtbot)
    wait(small.run, qtbot, Hint(30, 40, a, b))
    a = click(of_a, 3, qtbot)
    wait(small.run, qtbot, Hint(30, 40, a, b))
    inspector.pin((31.0, 40.0))
    below = click(of_b, 1, qtbot)
    wait(small.run, qtbot, Hint(30, 40, a, b), Hint(31, 40, None, below))


def test_only_the_left_button_on_a_pinned_chart_counts(
    small: ColorizeWidget, inspector: Inspector, qtbot: QtBot
) -> None:
    small.viewer.cursor.position = (50.0, 60.0)
    (pinned, _), (current, _) = charts(inspector), charts(inspector, "Under the cursor")
    click(current, 5, qtbot)
    pinned.resize(190, 180)
    qtbot.mouseClick(pinned, Qt.MouseButton.RightButton, pos=QPoint(100, 60))
    qtbot.mouseClick(pinned, Qt.MouseButton.LeftButton, pos=QPoint(1, 60))
    assert find_points(small.viewer, small.run.layer) is None
    middle = pinned.scale_of(pinned.channel).x(0)
    assert pinned.text_at(middle).endswith("Click to make this a* a hint.")
    assert "Click" not in current.text_at(middle)


def test_it_works_without_the_widget(
    small: ColorizeWidget, inspector: Inspector, qtbot: QtBot
) -> None:
    run, viewer = small.run, small.viewer
    viewer.window.remove_dock_widget(small.native)
    with qtbot.waitSignal(small.native.destroyed):
        small.native.deleteLater()
    a = click(charts(inspector)[0], 8, qtbot)
    wait(run, qtbot, Hint(30, 40, a, None))
    offered(inspector, qtbot)[0].click()
    (best, *_), _ = run.results.steering.suggest((), 30, 40)
    wait(run, qtbot, Hint(30, 40, best.a, best.b))
    points = find_points(viewer, run.layer)
    points.data = [[10.0, 20.0]]
    wait(run, qtbot, Hint(10, 20, best.a, best.b))


def test_the_pixel_of_a_part_has_its_own_place(
    small: ColorizeWidget,
    inspector: Inspector,
    finish: Callable[[ColorizeWidget], None],
    qtbot: QtBot,
) -> None:
    shapes = small.viewer.add_shapes([[[20, 30], [20, 129], [89, 129], [89, 30]]])
    small.image.value = small.viewer.layers["coffee"]
    small.advanced.region.value = shapes
    finish(small)
    offered(inspector, qtbot)[0].click()
    # The nets see the surroundings, too: from row 2 and column 5 on.
    (best, *_), _ = small.run.results.steering.suggest((), 28, 35)
    wait(small.run, qtbot, Hint(28, 35, best.a, best.b))


def test_nets_without_hints_offer_nothing(
    widget: ColorizeWidget, finish: Callable[[ColorizeWidget], None], qtbot: QtBot
) -> None:
    widget.viewer.add_image(np.full((30, 40), 99, np.uint8))
    finish(widget)
    inspector = Inspector(widget.viewer)
    widget.viewer.window.add_dock_widget(inspector, name="inspector")
    inspector.pin((3.0, 4.0))
    assert inspector.pinned is not None
    assert inspector.hint_row.isHidden()
    click(charts(inspector)[0], 5, qtbot)
    assert find_points(widget.viewer, widget.run.layer) is None


def test_on_a_stack_the_hint_is_of_the_frame_and_a_variant_too(
    widget: ColorizeWidget,
    hinted_model: Path,
    finish: Callable[[ColorizeWidget], None],
    qtbot: QtBot,
) -> None:
    gray = data.camera()[::4, ::4]
    film = np.stack([gray[n : n + 60, 3 * n : 3 * n + 80] for n in range(3)])
    widget.advanced.folder.value = hinted_model
    widget.viewer.add_image(film, name="film")
    finish(widget)
    run, inspector = widget.run, Inspector(widget.viewer)
    widget.viewer.window.add_dock_widget(inspector, name="inspector")
    point = list(widget.viewer.dims.point)
    axis = widget.viewer.dims.ndim - 3
    widget.viewer.dims.set_current_step(axis, 1)
    point[axis] = 1
    inspector.pin((*point[:-2], 30.0, 40.0)[-run.layer.ndim :])
    offered(inspector, qtbot)[0].click()
    steering = run.results.steering
    qtbot.waitUntil(lambda: bool(steering.hints), timeout=60_000)
    qtbot.waitUntil(lambda: not run.live.busy, timeout=60_000)
    (hint,) = steering.hints
    assert (hint.row, hint.column, hint.frame) == (30, 40, 1)
    (carried,) = steering.shown((2,))
    assert np.hypot(carried.row - 29, carried.column - 37) < 2
    widget.strip.button.click()
    qtbot.waitUntil(lambda: not widget.varying.busy, timeout=60_000)
    widget.strip.pictures[0].click()
    qtbot.waitUntil(lambda: len(steering.hints) > 1, timeout=60_000)
    assert steering.hints[0] == hint
    assert {each.frame for each in steering.hints} == {1}
