"""Points as hints: exact colors, open channels, radii, what napari's tools do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.components import ViewerModel

from colorize_engine import Hint
from colorize_engine.bins import GAMUT_RANGE
from colorize_engine.color import srgb_to_lab
from colorize_engine.hints import read_hints, write_hints
from napari_colorize.hints import find_points, hints_for, hints_of, make_points
from napari_colorize.hints.point_color import PointColor, color_of, set_colors
from napari_colorize.hints.points import add_hints, put_state, state_of
from napari_colorize.runs import source_of

if TYPE_CHECKING:
    from pathlib import Path

    from napari.layers import Image, Points
    from pytestqt.qtbot import QtBot

    from napari_colorize.widget import ColorizeWidget

IMAGE = np.zeros((40, 60), np.uint8)
EXACT = Hint(3, 4, 44.123456789, -12.3)
ONLY_A, ONLY_B = Hint(10.5, 20.25, 61.7, None), Hint(30, 50, None, -70.1, 2.5)


def layer_of(hints: list[Hint], data: np.ndarray = IMAGE) -> tuple[Points, Image]:
    viewer = ViewerModel()
    image = viewer.add_image(data)
    points = make_points(viewer, image, data.shape[-2:])
    add_hints(points, hints, source_of(image))
    return points, image


def channel(name: str) -> st.SearchStrategy[float]:
    return st.floats(*GAMUT_RANGE[name])


HINTS = st.builds(
    Hint,
    st.floats(0, 39),
    st.floats(0, 59),
    channel("a"),
    channel("b"),
    st.none() | st.floats(0, 20),
    st.none(),
    st.floats(0.01, 1),
)


@given(st.lists(HINTS, max_size=4), st.sampled_from(["a", "b", None]))
def test_hints_come_back_exactly(hints: list[Hint], opened: str | None) -> None:
    if opened:
        hints = [replace(hint, **{opened: None}) for hint in hints]
    points, image = layer_of(hints)
    assert hints_of(points, source_of(image)) == hints
    assert state_of(points) == tuple(hints)


def test_a_part_of_the_image_has_its_own_places() -> None:
    points, image = layer_of([])
    part = replace(source_of(image), corner=(7, 11), shape=(20, 30))
    hints = [Hint(10.3, 20.7, 5, 6), Hint(0.1, -0.2, None, 6)]
    add_hints(points, hints, part)
    assert hints_of(points, part) == hints
    assert state_of(points)[0].row == pytest.approx(17.3)


def test_copied_moved_and_deleted_points_take_everything_along() -> None:
    points, image = layer_of([EXACT, ONLY_B])
    source = source_of(image)
    points.selected_data = {1}
    points._copy_data()
    points._paste_data()
    assert hints_of(points, source) == [EXACT, ONLY_B, ONLY_B]
    points.selected_data = {2}
    points._move([2], (12.0, 13.0))
    points._drag_start = None
    first, second, moved = hints_of(points, source)
    assert (first, second) == (EXACT, ONLY_B)
    assert moved == replace(ONLY_B, row=moved.row, column=moved.column)
    points.selected_data = {0}
    points.remove_selected()
    assert hints_of(points, source) == [ONLY_B, moved]


def test_after_naparis_own_control_the_face_color_counts() -> None:
    points, image = layer_of([EXACT, ONLY_A])
    points.selected_data = {0, 1}
    points.current_face_color = "#2040c0"
    _, a, b = srgb_to_lab(np.array([[[0x20, 0x40, 0xC0]]], np.uint8))[0, 0]
    both, one = hints_of(points, source_of(image))
    assert both == replace(EXACT, a=float(a), b=float(b))
    assert one == replace(ONLY_A, a=float(a)), "b stays open"


def test_a_point_shows_what_it_tells() -> None:
    points, _ = layer_of([EXACT, ONLY_A, Hint(1, 1, None, -30)])
    rgb = np.rint(255 * points.face_color[None, :, :3]).astype(np.uint8)
    np.testing.assert_allclose(
        srgb_to_lab(rgb)[0, :, 1:], [(44.1, -12.3), (61.7, 0), (0, -30)], atol=1.5
    )


def test_a_channel_that_is_closed_again_has_its_value() -> None:
    points, _ = layer_of([EXACT])
    color = color_of(points, 0)
    set_colors(points, {0: color._replace(open="b")})
    assert state_of(points) == (replace(EXACT, b=None),)
    set_colors(points, {0: color_of(points, 0)._replace(open="")})
    assert state_of(points) == (EXACT,)


def test_a_channel_that_was_never_given_is_near_gray_when_closed() -> None:
    points, _ = layer_of([ONLY_A])
    set_colors(points, {0: color_of(points, 0)._replace(open="")})
    (hint,) = state_of(points)
    assert hint.a == ONLY_A.a
    assert abs(hint.b) < 1


def test_columns_of_a_person_are_kept() -> None:
    points, _ = layer_of([EXACT])
    points.features = {**points.features, "thing": ["saucer"]}
    set_colors(points, {0: PointColor(1, 2)})
    assert list(points.features["thing"]) == ["saucer"]
    points.features = {"thing": ["saucer"]}
    (hint,) = state_of(points)
    assert hint.a == pytest.approx(1, abs=1), "by the face color"


def test_points_without_a_color_or_outside_tell_nothing() -> None:
    points, image = layer_of([EXACT, ONLY_A])
    set_colors(points, {0: None})
    assert hints_of(points, source_of(image)) == [ONLY_A]
    points.data = [[3, 4], [-2.0, 5]]
    assert state_of(points) == ()
    assert hints_of(points, source_of(image)) == []


def test_the_state_of_points_on_frames() -> None:
    points, image = layer_of([], np.zeros((5, 40, 60), np.uint8))
    slice_2 = source_of(image, frame=(2,))
    add_hints(points, [EXACT], slice_2)
    add_hints(points, [ONLY_A], source_of(image, frame=(4,)))
    assert points.data[:, 0].tolist() == [2, 4]
    assert hints_of(points, slice_2) == [EXACT], "only those of the slice"
    both = [replace(EXACT, frame=2), replace(ONLY_A, frame=4)]
    assert hints_of(points, source_of(image)) == both
    state, places = state_of(points), np.array(points.data)
    put_state(points, (), (2,))
    assert len(points.data) == 0
    put_state(points, state, (2,))
    np.testing.assert_array_equal(points.data, places)
    assert state_of(points) == state == tuple(both)


def test_a_hint_of_another_frame_lies_on_its_own() -> None:
    points, image = layer_of([], np.zeros((5, 40, 60), np.uint8))
    elsewhere = replace(EXACT, frame=3)
    add_hints(points, [elsewhere], source_of(image, frame=(2,)))
    assert hints_of(points, source_of(image, frame=(2,))) == []
    assert hints_of(points, source_of(image, frame=(3,))) == [EXACT]
    assert hints_of(points, source_of(image)) == [elsewhere]


def test_a_hint_for_all_frames_stays_one() -> None:
    points, image = layer_of([], np.zeros((5, 40, 60), np.uint8))
    stack = source_of(image)
    hints = [EXACT, replace(ONLY_B, frame=4, strength=0.25)]
    add_hints(points, hints, stack)
    assert hints_of(points, stack) == hints
    state = state_of(points)
    put_state(points, (), stack.start)
    put_state(points, state, stack.start)
    assert hints_of(points, stack) == hints
    assert hints_of(points, source_of(image, frame=(2,))) == [EXACT]


def test_frames_are_counted_along_the_first_axis_that_is_long() -> None:
    points, image = layer_of([], np.zeros((1, 5, 40, 60), np.uint8))
    hint = replace(EXACT, frame=3)
    add_hints(points, [hint], source_of(image))
    assert points.data[:, :2].tolist() == [[0, 3]]
    assert hints_of(points, source_of(image)) == [hint]
    assert hints_of(points, source_of(image, frame=(0, 3))) == [EXACT]


def test_a_table_comes_back_as_it_was(
    small: ColorizeWidget, qtbot: QtBot, tmp_path: Path
) -> None:
    hints = (EXACT, ONLY_A, ONLY_B)
    write_hints(tmp_path / "h.csv", hints)
    small.palette.loaded.emit(str(tmp_path / "h.csv"))
    qtbot.waitUntil(lambda: small.run.results.steering.hints == hints, timeout=60_000)
    points = find_points(small.viewer, small.run.layer)
    write_hints(tmp_path / "again.csv", hints_of(points, small.run.results.source))
    assert read_hints(tmp_path / "again.csv") == hints


def test_the_list_of_channels_opens_and_closes(
    small: ColorizeWidget, qtbot: QtBot
) -> None:
    channels = small.palette.channels
    small.palette.add_button.click()
    assert not channels.isEnabled()
    points = find_points(small.viewer, small.run.layer)
    points.add([[10, 20]])
    assert not channels.isEnabled(), "it has no color yet"
    hints_for(small.run).color(30, -20)
    assert channels.isEnabled()
    for text, hint in (
        ("only a (green-red)", Hint(10, 20, 30, None)),
        ("only b (blue-yellow)", Hint(10, 20, None, -20)),
        ("a and b", Hint(10, 20, 30, -20)),
    ):
        channels.setCurrentText(text)
        channels.textActivated.emit(text)
        qtbot.waitUntil(
            lambda h=hint: small.run.results.steering.hints == (h,), timeout=60_000
        )
        assert channels.currentText() == text
    channels.textActivated.emit("only a (green-red)")
    hints_for(small.run).color(31, 5)
    assert state_of(points) == (Hint(10, 20, 31, None),), "it stays open"
    points.selected_data = set()
    assert not channels.isEnabled()
    points.selected_data = {0}
    assert channels.currentText() == "only a (green-red)"
