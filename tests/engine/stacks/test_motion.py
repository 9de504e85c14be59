"""Motion from frame to frame: pans, things that move, noise, warping."""

from __future__ import annotations

import numpy as np
import pytest
from pans import inner, seen

from colorize_engine.stacks import motion


@pytest.mark.parametrize("way", [(0, 0), (1, -2), (0.4, 1.7), (-11, 14)])
def test_motion_of_a_pan(way: tuple[float, float]) -> None:
    before, after = seen(60, 60)[0], seen(60 + way[0], 60 + way[1])[0]
    flow = motion.motion(before, after)
    assert flow.dtype == np.float32
    error = inner(flow, 18) - np.reshape(way, (2, 1, 1))
    assert np.abs(error).mean() < 0.25


def test_motion_of_a_thing_before_a_resting_background() -> None:
    texture = np.random.default_rng(2).uniform(20, 80, (2, 16, 16))
    smooth = np.kron(texture, np.ones((1, 8, 8))).astype(np.float32)
    before, after = smooth[0].copy(), smooth[0].copy()
    before[40:80, 40:80] = smooth[1, 40:80, 40:80]
    after[42:82, 43:83] = smooth[1, 40:80, 40:80]
    flow = motion.motion(before, after)
    assert np.abs(flow[:, 52:72, 52:72].mean((1, 2)) - (-2, -3)).max() < 1
    assert np.abs(flow[:, :20]).mean() < 0.3


def test_no_motion_in_noise_flat_frames_and_small_ones() -> None:
    light = seen(60, 60)[0]
    noise = np.random.default_rng(3).normal(0, 4, (2, *light.shape))
    flow = motion.motion(*(light + noise).astype(np.float32))
    assert np.abs(flow).mean() < 0.5
    flat = np.full((40, 50), 50, np.float32)
    np.testing.assert_array_equal(motion.motion(flat, flat), np.zeros((2, 40, 50)))
    small = light[:9, :40]
    np.testing.assert_array_equal(motion.motion(small, small), np.zeros((2, 9, 40)))


def test_warping() -> None:
    stack = np.random.default_rng(0).random((3, 7, 9)).astype(np.float32)
    flow = np.zeros((2, 7, 9), np.float32)
    np.testing.assert_array_equal(motion.warped(stack, flow), stack)
    flow[0], flow[1] = 2, -3
    found = motion.warped(stack, flow)
    np.testing.assert_array_equal(found[:, :5, 3:], stack[:, 2:, :6])
    # Beyond the border its values go on.
    np.testing.assert_array_equal(found[:, 6, 3:], stack[:, 6, :6])
    np.testing.assert_array_equal(found[:, :5, 0], stack[:, 2:, 0])
    flow[0], flow[1] = 0.25, 0
    between = 0.75 * stack[:, :-1] + 0.25 * stack[:, 1:]
    np.testing.assert_allclose(motion.warped(stack, flow)[:, :-1], between, rtol=1e-5)
