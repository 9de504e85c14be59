"""Smoothing over time: the mean that is kept, where it ends, flicker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import stand_ins
from hypothesis import given
from hypothesis import strategies as st
from pans import inner, seen
from skimage import data
from skimage.color import deltaE_ciede2000

from colorize_engine import Colorizer
from colorize_engine.color import lightness
from colorize_engine.decode import softmax
from colorize_engine.stacks import motion
from colorize_engine.stacks import smoothing as temporal
from colorize_engine.stacks.cells import join, means, split
from colorize_engine.upsample import enlarge

if TYPE_CHECKING:
    from collections.abc import Sequence


def planes(light: np.ndarray, *logits: float, side: int = 1) -> np.ndarray:
    """Planes of a frame whose distributions are the same all over."""
    pixels = split(light, side)
    same = np.ones((1 + len(logits), *pixels.shape[1:]), np.float32)
    same[1:] *= np.reshape(np.float32(logits), (-1, 1, 1))
    return np.concatenate([pixels, same])


SIDES = pytest.mark.parametrize("side", [1, 4])


# -- cells


def test_pixels_of_cells_by_hand() -> None:
    plane = np.arange(15, dtype=np.float32).reshape(3, 5)
    found = split(plane, 2)
    np.testing.assert_array_equal(found[0], [[0, 2, 4], [10, 12, 14]])
    # Beyond the picture its last row and column go on.
    np.testing.assert_array_equal(found[1], [[1, 3, 4], [11, 13, 14]])
    np.testing.assert_array_equal(found[2], [[5, 7, 9], [10, 12, 14]])
    whole = join(found)
    assert whole.shape == (4, 6)
    np.testing.assert_array_equal(whole[:3, :5], plane)
    np.testing.assert_array_equal(means(whole, 2), found.mean(0))
    np.testing.assert_array_equal(split(plane, 1)[0], plane)


# -- the mean


@given(
    side=st.sampled_from([1, 4]),
    smoothing=st.floats(0, 0.98),
    values=st.lists(st.floats(-20, 20), min_size=2, max_size=7),
)
def test_at_rest_it_is_the_recursive_mean(
    side: int, smoothing: float, values: Sequence[float]
) -> None:
    light = np.full((5, 6), 40, np.float32)
    mean, count = values[0], 1.0
    found = planes(light, mean, -mean, side=side)
    for value in values[1:]:
        now = planes(light, value, -value, side=side)
        found = temporal.smoothed(found, now, smoothing, side)
        count = 1 + min(count, smoothing / (1 - smoothing))
        mean += (value - mean) / count
    np.testing.assert_allclose(found[-3], count, rtol=1e-4)
    np.testing.assert_allclose(found[-2], mean, atol=1e-3)
    np.testing.assert_allclose(found[-1], -mean, atol=1e-3)
    np.testing.assert_array_equal(found[:-3], split(light, side))


def test_a_mean_of_logits_commutes_with_rebalancing() -> None:
    rng = np.random.default_rng(1)
    light = seen(30, 40)[0]
    first, second = (
        np.concatenate([planes(light), rng.normal(0, 3, (4, 64, 64))]).astype(
            np.float32
        )
        for _ in range(2)
    )
    offset = np.zeros((6, 1, 1), np.float32)
    offset[2:, 0, 0] = 3, -2, 0.5, 1
    after = temporal.smoothed(first, second, 0.6, 1) + offset
    before = temporal.smoothed(first + offset, second + offset, 0.6, 1)
    np.testing.assert_allclose(after, before, atol=1e-4)


def test_inputs_are_left_alone_and_impossible_bins_stay_so() -> None:
    light = seen(30, 40)[0]
    first, second = planes(light, 1, -np.inf), planes(light, 2, -np.inf)
    kept = first.copy(), second.copy()
    found = temporal.smoothed(first, second, 0.5, 1)
    np.testing.assert_array_equal(first, kept[0])
    np.testing.assert_array_equal(second, kept[1])
    assert np.isfinite(found).all()
    assert (found[3] < -1000).all()
    np.testing.assert_allclose(inner(found[2]), 1.5, atol=0.01)


@pytest.mark.parametrize("smoothing", [-0.1, 1, 2, np.nan, np.inf])
def test_what_is_no_smoothing(smoothing: float) -> None:
    with pytest.raises(ValueError, match="smoothing of at least 0 and below 1"):
        temporal.check_smoothing(smoothing)


# -- where it ends


@SIDES
def test_after_a_cut_the_new_frame_counts_alone(side: int) -> None:
    before = planes(seen(0, 0)[0], 5, side=side)
    after = planes(seen(120, 150)[0], -5, side=side)
    found = temporal.smoothed(before, after, 0.9, side)
    np.testing.assert_array_equal(found, after)


@SIDES
def test_what_comes_into_view_starts_anew(side: int) -> None:
    before = planes(seen(60, 60)[0], 5, side=side)
    after = planes(seen(60, 70)[0], -5, side=side)
    found = temporal.smoothed(before, after, 0.5, side)
    count, logit = found[-2:]
    assert np.median(count[:, -8 // side :]) == 1
    assert np.median(logit[:, -8 // side :]) == -5
    np.testing.assert_allclose(np.median(logit[:, : 44 // side]), 0, atol=0.2)


def test_logits_of_cells_move_with_the_picture() -> None:
    """A pan by two cells: the logits of a cell come from two cells beside it."""
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 3, (1, 16, 16)).astype(np.float32)
    before = planes(seen(60, 60)[0], 0, side=4)
    before[-1:] = logits
    after = planes(seen(60, 68)[0], 0, side=4)
    found = temporal.smoothed(before, after, 0.5, 4)[-1]
    inside = np.s_[3:-3, 3:-5]
    expected = np.roll(logits[0], -2, 1) / 2
    error = np.abs(found - expected)[inside]
    assert error.mean() < 0.25
    assert np.abs(logits[0] / 2 - expected)[inside].mean() > 1


def test_what_changes_its_lightness_starts_anew() -> None:
    light = seen(60, 60)[0] * 0.5
    lit = light.copy()
    lit[24:40, 24:40] += 45
    found = temporal.smoothed(planes(light, 5), planes(lit, -5), 0.5, 1)
    assert np.median(found[2, 28:36, 28:36]) < -4
    assert abs(np.median(found[2, :12])) < 0.6


# -- flicker


def measured(
    frames: Sequence[np.ndarray],
    way: tuple[float, float],
    smoothing: float,
    side: int = 1,
) -> tuple[float, float]:
    """Flicker along the true way, and dE00 against the stand-in's own color."""
    colorizer = stand_ins.make() if side == 1 else stand_ins.make_coarse()
    flow = np.zeros((2, *frames[0].shape), np.float32)
    flow += np.reshape(way, (2, 1, 1)).astype(np.float32)
    state: np.ndarray | None = None
    before: np.ndarray | None = None
    flicker, errors = [], []
    for light in frames:
        a, b = colorizer.predictor(light)
        frame = np.concatenate([planes(light, side=side), a, b])
        if state is None:
            state = frame
        else:
            state = temporal.smoothed(state, frame, smoothing, side)
        shares = softmax(state[side**2 + 1 :][:5])
        cells = np.einsum("q,qyx->yx", stand_ins.A_BINS.centers, shares)
        chroma = enlarge(np.stack([cells] * 2), light.shape, side)[:1]
        truth = light / 2 - 25
        lab = [np.stack([light, a, 0 * light], -1) for a in (truth, chroma[0])]
        errors.append(inner(deltaE_ciede2000(*lab)).mean())
        if before is not None:
            change = chroma - motion.warped(before, flow)
            flicker.append(np.abs(inner(change)).mean())
        before = chroma
    return float(np.mean(flicker)), float(np.mean(errors))


def test_flicker_of_a_resting_scene_in_noise() -> None:
    light, rng = seen(60, 60)[0], np.random.default_rng(4)
    frames = [
        np.clip(light + rng.normal(0, 3, light.shape), 0, 100).astype(np.float32)
        for _ in range(6)
    ]
    before, _ = measured(frames, (0, 0), 0)
    after, _ = measured(frames, (0, 0), 0.6)
    assert after < before / 2


@SIDES
@pytest.mark.parametrize("way", [(1.0, 2.0), (0.3, 1.6)])
def test_flicker_of_a_pan(way: tuple[float, float], side: int) -> None:
    frames = [seen(40 + step * way[0], 40 + step * way[1])[0] for step in range(6)]
    before, error_before = measured(frames, way, 0, side)
    after, error_after = measured(frames, way, 0.6, side)
    assert after < before / 2
    assert error_after < error_before


def test_flicker_of_the_shipped_nets(one_thread: None) -> None:
    colorizer = Colorizer.from_pretrained("default", "cpu")
    rng = np.random.default_rng(6)
    gray = lightness(data.coffee()[:256:4, 100:356:4]) / 100
    state, chroma = None, {0.0: [], 0.6: []}
    for _ in range(4):
        noisy = np.clip(gray + rng.normal(0, 0.03, gray.shape), 0, 1)
        found = colorizer.predict(noisy.astype(np.float32), 64)
        side = found.head_stride
        light = planes(found.lightness, side=side)
        frame = np.concatenate([light, found.a.logits, found.b.logits])
        state = frame if state is None else temporal.smoothed(state, frame, 0.6, side)
        for smoothing, source in ((0.0, frame), (0.6, state)):
            first_a = len(light)
            first_b = first_a + len(found.a.bins)
            pair = [
                type(found.a)(logits, bins).decode(0.5, 0)
                for logits, bins in (
                    (source[first_a:first_b], found.a.bins),
                    (source[first_b:], found.b.bins),
                )
            ]
            chroma[smoothing].append(np.stack(pair))
    plain, smooth = (
        np.abs(np.diff(np.stack(frames), axis=0)).mean() for frames in chroma.values()
    )
    assert smooth < plain / 2
