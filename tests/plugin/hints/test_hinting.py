"""Hints in a real viewer: points, suggestions, colors, and the picture that follows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.layers import Points
from skimage import data

from colorize_engine import Hint, Suggestion
from colorize_engine.color import (
    ciede2000,
    lightness,
    lightness_to_gray,
    srgb_to_lab,
)
from colorize_engine.hints import to_text
from napari_colorize.hints import Palette, find_points, hints_of, make_points
from napari_colorize.hints.swatches import shown
from napari_colorize.runs import METADATA, source_of
from napari_colorize.writer import mark_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from napari_colorize.widget import ColorizeWidget

    Finish = Callable[[ColorizeWidget], None]

GRAY = lightness_to_gray(lightness(data.coffee()))
SAUCER = (330.0, 180.0)


def press(widget: ColorizeWidget) -> Points:
    widget.palette.add_button.click()
    points = find_points(widget.viewer, widget.run.layer)
    assert points is not None
    return points


def wait(widget: ColorizeWidget, qtbot: QtBot) -> None:
    """Wait until the layers show what the hints and sliders ask for."""

    def is_shown() -> bool:
        run = widget.run
        if run.live.busy:
            return False
        expected = run.results.prediction(()).colorize(*run.settings.arguments)
        return np.array_equal(run.layers["colorized"].data, expected)

    qtbot.waitUntil(is_shown, timeout=60_000)


def click(swatch: Any, widget: ColorizeWidget, qtbot: QtBot) -> None:
    """Click a swatch or a variant, and wait until its color is shown."""
    before = widget.run.results.steering.hints
    swatch.click()
    qtbot.waitUntil(lambda: widget.run.results.steering.hints != before, timeout=60_000)
    wait(widget, qtbot)


def offered(widget: ColorizeWidget, qtbot: QtBot) -> list[Any]:
    swatches = widget.palette.swatches
    qtbot.waitUntil(lambda: swatches[0].isEnabled(), timeout=60_000)
    return [swatch for swatch in swatches if swatch.isEnabled()]


@pytest.fixture
def coffee(
    widget: ColorizeWidget, finish: Finish, request: pytest.FixtureRequest
) -> ColorizeWidget:
    """Widget whose run has colored coffee with the shipped nets.

    Their own working size, 320, takes four times as long as that of most tests.
    """
    widget.advanced.folder.value = None
    widget.advanced.working_size.value = getattr(request, "param", 160)
    widget.viewer.add_image(GRAY, name="coffee")
    finish(widget)
    return widget


@pytest.mark.all_layers
@pytest.mark.parametrize("coffee", [320], indirect=True)
def test_a_click_and_a_swatch_turn_the_saucer_red(
    coffee: ColorizeWidget, qtbot: QtBot
) -> None:
    layers = coffee.viewer.layers
    points = press(coffee)
    assert points.name == "coffee hints"
    assert layers.selection.active is points
    assert points.mode == "add"
    before = np.array(layers["coffee colorized"].data)
    points.add([SAUCER])
    swatches = offered(coffee, qtbot)
    assert len(swatches) == 5
    assert np.array_equal(layers["coffee colorized"].data, before), "not chosen yet"
    true = srgb_to_lab(data.coffee())[330, 180]
    colors = np.array([coffee.palette.colors], np.uint8)
    labs = srgb_to_lab(colors)[0]
    labs[:, 0] = true[0]
    best = int(ciede2000(labs, true).argmin())
    click(coffee.palette.swatches[best], coffee, qtbot)
    (hint,) = coffee.run.results.steering.hints
    assert (hint.row, hint.column) == SAUCER
    assert hint.a > 25
    lab = srgb_to_lab(layers["coffee colorized"].data)
    assert lab[320:340, 170:190, 1].mean() > 20
    entry = layers["coffee colorized"].metadata[METADATA]
    assert entry["hints"] == to_text([hint])
    assert f"hints {entry['hints']}" in mark_of(entry).parameters
    # The other layers show what the nets say now.
    np.testing.assert_array_equal(
        layers["coffee a probability"].data,
        coffee.run.results.prediction(()).a.probabilities,
    )
    # Without the point all is as before.
    points.selected_data = {0}
    points.remove_selected()
    qtbot.waitUntil(lambda: not coffee.run.results.steering.hints, timeout=60_000)
    wait(coffee, qtbot)
    np.testing.assert_array_equal(layers["coffee colorized"].data, before)
    assert "hints" not in layers["coffee colorized"].metadata[METADATA]


def test_a_second_point_begins_without_a_color(
    coffee: ColorizeWidget, qtbot: QtBot
) -> None:
    points = press(coffee)
    points.add([SAUCER])
    click(offered(coffee, qtbot)[2], coffee, qtbot)
    first = coffee.run.results.steering.hints
    coffee.palette.offer([], 0)
    points.add([(50.0, 500.0)])
    offered(coffee, qtbot)
    wait(coffee, qtbot)
    assert coffee.run.results.steering.hints == first
    assert points.face_color[0, 3] == 1
    assert points.face_color[1, 3] == 0
    coffee.palette.swatches[0].click()
    qtbot.waitUntil(lambda: len(coffee.run.results.steering.hints) == 2, timeout=60_000)
    assert coffee.run.results.steering.hints[0] == first[0]


def test_a_point_that_moves_takes_its_color_along(
    coffee: ColorizeWidget, qtbot: QtBot
) -> None:
    points = press(coffee)
    points.add([SAUCER])
    click(offered(coffee, qtbot)[0], coffee, qtbot)
    points.data = [[100.0, 500.0]]
    qtbot.waitUntil(
        lambda: [h.row for h in coffee.run.results.steering.hints] == [100],
        timeout=60_000,
    )


def test_the_button_before_a_run_says_what_to_do(widget: ColorizeWidget) -> None:
    widget.viewer.add_image(GRAY, name="coffee")
    widget.palette.add_button.click()
    assert "Press Colorize first" in widget.status.value
    assert not any(isinstance(layer, Points) for layer in widget.viewer.layers)


def test_nets_that_take_no_hints(widget: ColorizeWidget, finish: Finish) -> None:
    widget.viewer.add_image(GRAY, name="coffee")
    finish(widget)
    widget.palette.add_button.click()
    assert "models that take them" in widget.status.value


def test_the_same_layer_is_found_again(coffee: ColorizeWidget) -> None:
    first = press(coffee)
    assert press(coffee) is first
    assert sum(isinstance(layer, Points) for layer in coffee.viewer.layers) == 1


# -- the parts


def test_points_lie_on_a_transformed_image(
    widget: ColorizeWidget, hinted_model: Path
) -> None:
    image = widget.viewer.add_image(
        GRAY[::4, ::4], scale=(2, 3), translate=(5, 7), rotate=30
    )
    points = make_points(widget.viewer, image, image.data.shape)
    points.add([[10, 20], [50, 60]])
    points.selected_data = {0}
    points.current_face_color = "red"
    for place in points.data:
        np.testing.assert_allclose(
            points.data_to_world(place), image.data_to_world(place)
        )
    source = source_of(image)
    (hint,) = hints_of(points, source)
    assert hint == Hint.from_color(10, 20, "#ff0000")
    (moved,) = hints_of(points, replace(source, corner=(4, 5), shape=(50, 50)))
    assert (moved.row, moved.column) == (6, 15)
    assert hints_of(points, replace(source, corner=(20, 20), shape=(50, 50))) == []


def test_the_palette_shows_what_it_offers(qtbot: QtBot) -> None:
    palette = Palette()
    qtbot.addWidget(palette)
    chosen: list[tuple[float, float]] = []
    palette.chosen.connect(lambda a, b: chosen.append((a, b)))
    some = [Suggestion(40, 30, 0.6), Suggestion(-20, 10, 0.1)]
    palette.offer(some, 50)
    assert [s.isEnabled() for s in palette.swatches] == [True, True, *[False] * 3]
    assert palette.swatches[0].toolTip() == (
        "a* +40, b* +30, probability 60%. Click to use this color."
    )
    assert palette.swatches[1].text() == "10%"
    palette.swatches[1].click()
    assert chosen == [(-20, 10)]
    assert palette.colors == [shown(each, 50) for each in some]
    red, green, _ = palette.colors[0]
    assert red > green + 40
    palette.offer([], 0)
    assert not any(s.isEnabled() for s in palette.swatches)
    assert not palette.other_button.isEnabled()


def test_caution_is_a_slider(
    widget: ColorizeWidget, finish: Finish, qtbot: QtBot
) -> None:
    widget.viewer.add_image(GRAY[::4, ::4], name="coffee")
    finish(widget)
    widget.sliders.caution.value = 1
    settings = widget.sliders.settings()
    assert settings.caution == widget.run.settings.caution == 1
    wait(widget, qtbot)
    expected = widget.run.results.prediction(()).colorize(*settings.arguments)
    layer = widget.viewer.layers["coffee colorized"]
    np.testing.assert_array_equal(layer.data, expected)
    assert layer.metadata[METADATA]["caution"] == 1
    widget.sliders.reset.native.click()
    assert widget.sliders.caution.value == 0


# -- variants


def drawn(widget: ColorizeWidget, qtbot: QtBot) -> None:
    widget.strip.button.click()
    qtbot.waitUntil(lambda: not widget.varying.busy, timeout=120_000)
    qtbot.waitUntil(lambda: not widget.strip.pictures[0].isHidden(), timeout=60_000)


def test_a_variant_is_taken_over_as_hints(coffee: ColorizeWidget, qtbot: QtBot) -> None:
    layers = coffee.viewer.layers
    before = np.array(layers["coffee colorized"].data)
    assert all(picture.isHidden() for picture in coffee.strip.pictures)
    drawn(coffee, qtbot)
    assert not any(picture.isHidden() for picture in coffee.strip.pictures)
    assert coffee.strip.button.text() == "More variants"
    np.testing.assert_array_equal(layers["coffee colorized"].data, before)
    click(coffee.strip.pictures[2], coffee, qtbot)
    points = find_points(coffee.viewer, coffee.run.layer)
    assert len(points.data) == len(coffee.run.results.steering.hints) == 6
    first = np.array(layers["coffee colorized"].data)
    assert np.abs(first.astype(int) - before).mean() > 1
    # Another one takes its place.
    click(coffee.strip.pictures[4], coffee, qtbot)
    assert len(coffee.run.results.steering.hints) == 6
    assert not np.array_equal(layers["coffee colorized"].data, first)


def test_variants_keep_the_hints_of_the_person(
    coffee: ColorizeWidget, qtbot: QtBot
) -> None:
    points = press(coffee)
    points.add([SAUCER])
    click(offered(coffee, qtbot)[2], coffee, qtbot)
    (own,) = coffee.run.results.steering.hints
    drawn(coffee, qtbot)
    click(coffee.strip.pictures[0], coffee, qtbot)
    assert coffee.run.results.steering.hints[0] == own
    assert len(coffee.run.results.steering.hints) == 7
    drawn(coffee, qtbot)
    click(coffee.strip.pictures[0], coffee, qtbot)
    assert own in coffee.run.results.steering.hints
    assert len(coffee.run.results.steering.hints) == 7


def test_drawing_can_be_stopped(coffee: ColorizeWidget, qtbot: QtBot) -> None:
    coffee.strip.button.click()
    assert coffee.varying.busy
    coffee.cancel()
    qtbot.waitUntil(lambda: not coffee.varying.busy, timeout=60_000)
    assert all(picture.isHidden() for picture in coffee.strip.pictures)
    assert "Stopped" in coffee.status.value


def test_coloring_again_keeps_the_hints(
    coffee: ColorizeWidget, finish: Finish, qtbot: QtBot
) -> None:
    points = press(coffee)
    points.add([SAUCER])
    click(offered(coffee, qtbot)[2], coffee, qtbot)
    hints = coffee.run.results.steering.hints
    finish(coffee)
    qtbot.waitUntil(lambda: coffee.run.results.steering.hints == hints, timeout=60_000)


def test_hints_are_of_their_own_image(
    coffee: ColorizeWidget, finish: Finish, qtbot: QtBot
) -> None:
    points = press(coffee)
    points.add([SAUCER])
    click(offered(coffee, qtbot)[2], coffee, qtbot)
    coffee.viewer.add_image(GRAY[::2, ::2], name="other")
    coffee.image.value = coffee.viewer.layers["other"]
    finish(coffee)
    assert coffee.run.layer.name == "other"
    assert coffee.run.results.steering.hints == ()
    assert coffee.palette.other_button.isHidden()
    # Points of another image than the chosen one leave its picture alone.
    points.data = [[100.0, 150.0]]
    qtbot.wait(200)
    assert coffee.run.results.steering.hints == ()
    coffee.image.value = coffee.viewer.layers["coffee"]
    qtbot.waitUntil(
        lambda: [h.row for h in coffee.run.results.steering.hints] == [100],
        timeout=60_000,
    )
    assert not coffee.palette.other_button.isHidden()


# -- files


def test_hints_come_back_from_the_saved_picture(
    coffee: ColorizeWidget, finish: Finish, qtbot: QtBot, tmp_path: Path
) -> None:
    points = press(coffee)
    points.add([SAUCER])
    click(offered(coffee, qtbot)[2], coffee, qtbot)
    (hint,) = coffee.run.results.steering.hints
    coffee.saving.save(str(tmp_path / "red.png"))
    coffee.viewer.layers.remove(points)
    qtbot.waitUntil(lambda: coffee.run.results.steering.hints == (), timeout=60_000)
    coffee.palette.loaded.emit(str(tmp_path / "red.png"))
    qtbot.waitUntil(lambda: len(coffee.run.results.steering.hints) == 1, timeout=60_000)
    (again,) = coffee.run.results.steering.hints
    assert (again.row, again.column) == SAUCER
    assert abs(again.a - hint.a) + abs(again.b - hint.b) < 1.5
    assert "Loaded 1 hints" in coffee.status.value


def test_hints_from_a_table(
    coffee: ColorizeWidget, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "h.csv").write_text("x,y,a,b\n180,330,44,38\n20,10,0,0\n")
    coffee.palette.loaded.emit(str(tmp_path / "h.csv"))
    qtbot.waitUntil(lambda: len(coffee.run.results.steering.hints) == 2, timeout=60_000)
    red, gray = coffee.run.results.steering.hints
    assert (red.row, red.column) == SAUCER
    assert abs(red.a - 44) + abs(red.b - 38) < 2
    assert abs(gray.a) + abs(gray.b) < 1


def test_a_file_without_hints_says_so(
    coffee: ColorizeWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("napari_colorize.widget.hinting.show_error", said.append)
    (tmp_path / "bad.csv").write_text("x,y,color\n1,2,red\n")
    (tmp_path / "far.csv").write_text("x,y,a,b\n9000,2,1,1\n")
    coffee.saving.save(str(tmp_path / "plain.png"))
    for name in ("bad.csv", "far.csv", "plain.png", "none.csv"):
        coffee.palette.loaded.emit(str(tmp_path / name))
    for text, part in zip(
        said, ("line 2", "lies outside", "without hints", "none.csv"), strict=True
    ):
        assert part in text, text
    assert coffee.run.results.steering.hints == ()
