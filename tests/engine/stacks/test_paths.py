"""Hints in stacks: carried along the motion, fading, the same lazily and eagerly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pans import seen
from skimage import data

pytest.importorskip("dask.array")
tifffile = pytest.importorskip("tifffile")
import stand_ins  # noqa: E402

from colorize_engine import Colorizer, Hint, stacks  # noqa: E402
from colorize_engine.color import lightness  # noqa: E402
from colorize_engine.stackfiles import (  # noqa: E402
    StackSettings,
    color_stack_file,
    open_stack,
)
from colorize_engine.stacks.paths import Paths, along_series, light_of  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 64


def paths_of(lights: list[np.ndarray]) -> Paths:
    return Paths((SIDE, SIDE), lights.__getitem__)


def pan(way: tuple[float, float], count: int) -> list[np.ndarray]:
    return [seen(40 + n * way[0], 40 + n * way[1])[0] for n in range(count)]


@pytest.mark.parametrize("way", [(1.0, 2.0), (-0.4, 1.7), (0.0, 0.0)])
def test_a_hint_goes_with_the_thing_that_it_is_on(way: tuple[float, float]) -> None:
    paths = paths_of(pan(way, 9))
    hint = Hint(30, 34, 20, frame=4)
    for frame in range(9):
        (found,) = paths.shown([hint], frame)
        away = np.array(way) * (frame - 4)
        assert np.abs((found.row, found.column) - (np.array([30, 34]) - away)).max() < 2
        assert (found.a, found.b) == (20, None)
        assert 0.5 < found.strength <= 1
    assert paths.shown([hint], 4) == (hint,)


def test_the_picture_may_be_larger_than_what_is_followed() -> None:
    lights = pan((1.0, 2.0), 3)
    paths = Paths((10 * SIDE, 20 * SIDE), lights.__getitem__)
    (found,) = paths.shown([Hint(320, 640, 1, frame=0)], 2)
    assert abs(found.row - 300) < 10
    assert abs(found.column - 560) < 20


def test_it_ends_at_a_cut_and_where_its_thing_leaves_the_picture() -> None:
    before, after = pan((0.0, 0.5), 2), [seen(150, 150)[0]] * 2
    paths = paths_of(before + after)
    hint = Hint(30, 30, 20, frame=1)
    assert [len(paths.shown([hint], n)) for n in range(4)] == [1, 1, 0, 0]
    leaving = paths_of(pan((0.0, 6.0), 6))
    found = [leaving.shown([Hint(30, 10, 20, frame=0)], n) for n in range(6)]
    assert [len(hints) for hints in found] == [1, 1, 0, 0, 0, 0]


def test_a_weak_step_weakens_the_hint_from_there_on() -> None:
    light = seen(60, 60)[0]
    lit = light + np.float32(10)
    paths = paths_of([light, light, lit, lit])
    strengths = [paths.shown([Hint(30, 30, 9, frame=0)], n)[0].strength for n in (1, 3)]
    assert strengths[0] == pytest.approx(1, abs=0.01)
    assert strengths[1] == pytest.approx(np.exp(-0.5), abs=0.02)


def test_hints_of_near_frames_lie_on_those_of_far_ones_and_fixed_ones_below() -> None:
    paths = paths_of(pan((0.0, 0.0), 9))
    hints = [Hint(1, 1, n, frame=n) for n in (0, 4, 8)] + [Hint(5, 5, -1)]
    for frame, order in ((0, [-1, 8, 4, 0]), (5, [-1, 0, 8, 4]), (8, [-1, 0, 4, 8])):
        assert [hint.a for hint in paths.shown(hints, frame)] == order
    assert paths.shown([], 3) == ()


@given(
    starts=st.lists(st.integers(0, 5), max_size=4),
    order=st.permutations(range(6)),
)
def test_the_order_in_which_frames_are_asked_for_changes_nothing(
    starts: list[int], order: list[int]
) -> None:
    # Cheap frames: motion is not looked for below 16 pixels.
    lights = [np.full((9, 9), 10 * n, np.float32) for n in range(6)]
    hints = tuple(Hint(4, n, 5, frame=start) for n, start in enumerate(starts))
    expected = along_series(hints, (9, 9), lights)
    paths = Paths((9, 9), lights.__getitem__)
    for frame in order:
        assert paths.shown(hints, frame) == expected[frame]


def test_light_is_small() -> None:
    frame = np.zeros((900, 1200, 3), np.uint8)
    assert light_of(frame).shape == (128, 171)
    assert light_of(frame[:20, :30]).shape == (20, 30)


# -- stacks


def coffee(count: int) -> np.ndarray:
    """Give a pan over coffee as uint8 (count, 160, 200)."""
    gray = np.rint(lightness(data.coffee()[::2, ::2]) * 2.55).astype(np.uint8)
    return np.stack([gray[10:170, 40 + 3 * n : 240 + 3 * n] for n in range(count)])


def test_a_hint_colors_its_thing_in_all_frames_lazily_and_file_to_file(
    tmp_path: Path, one_thread: None
) -> None:
    frames = coffee(3)
    # The suit of blue: no one would think of it.
    hint = Hint(150, 60, 20, -50, frame=1)
    lazy = stacks.predict(frames, working_size=160, hints=[hint])
    found = lazy.decode().compute(scheduler="threads")
    plain = stacks.predict(frames, working_size=160).decode().compute()
    for frame in range(3):
        at = found[frame][:, 150 // 4, (60 - 3 * (frame - 1)) // 4]
        before = plain[frame][:, 150 // 4, (60 - 3 * (frame - 1)) // 4]
        assert at[1] < before[1] - 25
    # The hinted frame has the colors that it has as a single picture.
    single = Colorizer.from_pretrained("default").predict(frames[1], 160, hints=[hint])
    np.testing.assert_array_equal(found[1], single.decode())
    source = tmp_path / "in.tif"
    tifffile.imwrite(source, frames, photometric="minisblack")
    settings = StackSettings(working_size=160, hints=(hint,))
    for name in ("out.tif", "out.zarr"):
        color_stack_file(source, tmp_path / name, settings=settings)
        written = open_stack(tmp_path / name, rgb=True).frames.compute()
        np.testing.assert_array_equal(written, lazy.colorize().compute())
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        assert "hints 60,150,20,-50@1" in file.pages[0].description


@pytest.mark.parametrize("axis", [0, 1])
def test_each_series_by_itself_along_the_time_axis(axis: int, one_thread: None) -> None:
    frames = coffee(3)
    both = np.stack([frames, frames[::-1]], 1 - axis)
    hints = [Hint(80, 90, 60, 40, frame=0)]
    lazy = stacks.predict(both, working_size=40, hints=hints, time_axis=axis)
    found = np.moveaxis(lazy.decode().compute(), axis, 0)
    for series, alone in enumerate((frames, frames[::-1])):
        expected = stacks.predict(alone, working_size=40, hints=hints).decode()
        np.testing.assert_array_equal(found[:, series], expected.compute())


def test_with_smoothing_and_in_other_processes(
    tmp_path: Path, one_thread: None
) -> None:
    frames, hints = coffee(3), (Hint(80, 90, 60, 40, frame=2),)
    lazy = stacks.predict(frames, working_size=40, hints=hints, smoothing=0.5)
    found = lazy.colorize().compute(scheduler="processes", num_workers=1)
    source, target = tmp_path / "in.tif", tmp_path / "out.tif"
    tifffile.imwrite(source, frames, photometric="minisblack")
    settings = StackSettings(working_size=40, hints=hints, smoothing=0.5)
    color_stack_file(source, target, settings=settings)
    written = open_stack(target, rgb=True).frames.compute()
    np.testing.assert_array_equal(written, found)


@pytest.mark.parametrize(
    ("hint", "message"),
    [
        (Hint(5, 5, 1, frame=3), "frame 3 lies outside the stack of 3 frames"),
        (Hint(160, 5, 1), "row 160, column 5 lies outside the picture of 160 rows"),
    ],
)
def test_hints_outside_the_stack_are_refused(hint: Hint, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        stacks.predict(coffee(3), hints=[hint])


def test_models_that_take_no_hints_refuse_them() -> None:
    frames, hints = coffee(2), [Hint(5, 5, 1)]
    with pytest.raises(ValueError, match="this predictor takes no hints"):
        stacks.predict(frames, stand_ins.make, hints=hints)
    with pytest.raises(ValueError, match="the model 'reference-10' takes no hints"):
        stacks.predict(frames, "reference-10", hints=hints)
