"""Shots: smoothed each for itself, and on after a flash."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from colorize_engine.color import lightness
from colorize_engine.stacks.cells import split
from colorize_engine.stacks.shots import Shots
from colorize_engine.stacks.smoothing import smoothed

SIDE = 2
COFFEE, CAT = (
    lightness(photo[100:228, 100:228].mean(2).astype(np.uint8))
    for photo in (data.coffee(), data.chelsea())
)
WHITE = np.full_like(COFFEE, 100)


def planes(light: np.ndarray, seed: int) -> np.ndarray:
    """Planes of a frame with noise for logits."""
    pixels = split(light, SIDE)
    noise = np.random.default_rng(seed).normal(0, 1, (4, *pixels.shape[1:]))
    one = np.ones_like(pixels[:1])
    return np.concatenate([pixels, one, noise.astype(np.float32)])


def followed_by(*lights: np.ndarray, smoothing: float = 0.6) -> list[np.ndarray]:
    """Give the planes that come out."""
    shots = Shots(smoothing, SIDE)
    return [shots.steady(planes(light, n)) for n, light in enumerate(lights)]


def test_a_shot_is_smoothed_as_a_stack_is() -> None:
    found = followed_by(COFFEE, COFFEE, COFFEE)
    expected = planes(COFFEE, 0)
    for number in (1, 2):
        expected = smoothed(expected, planes(COFFEE, number), 0.6, SIDE)
        np.testing.assert_array_equal(found[number], expected)
    assert np.abs(found[2] - planes(COFFEE, 2)).max() > 0.1


def test_nothing_crosses_a_cut() -> None:
    found = followed_by(COFFEE, COFFEE, CAT, CAT)
    np.testing.assert_array_equal(found[2], planes(CAT, 2))
    expected = smoothed(planes(CAT, 2), planes(CAT, 3), 0.6, SIDE)
    np.testing.assert_array_equal(found[3], expected)


@pytest.mark.parametrize("length", [1, 3])
def test_after_a_flash_the_shot_goes_on(length: int) -> None:
    found = followed_by(COFFEE, COFFEE, *[WHITE] * length, COFFEE)
    before = smoothed(planes(COFFEE, 0), planes(COFFEE, 1), 0.6, SIDE)
    np.testing.assert_array_equal(found[2], planes(WHITE, 2))
    expected = smoothed(before, planes(COFFEE, 2 + length), 0.6, SIDE)
    np.testing.assert_array_equal(found[-1], expected)


def test_a_scene_that_returns_later_begins_anew() -> None:
    found = followed_by(COFFEE, *[CAT] * 7, COFFEE)
    np.testing.assert_array_equal(found[-1], planes(COFFEE, 8))


def test_without_smoothing_frames_stay_as_they_are() -> None:
    for number, one in enumerate(followed_by(COFFEE, COFFEE, smoothing=0)):
        np.testing.assert_array_equal(one, planes(COFFEE, number))
    with pytest.raises(ValueError, match="smoothing"):
        Shots(1.0, SIDE)
