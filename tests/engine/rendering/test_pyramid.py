"""The lightness of a picture at smaller sizes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from skimage import data

from colorize_engine.color import lightness, lightness_to_gray
from colorize_engine.rendering import Pyramid
from colorize_engine.resize import fit_lightness

PHOTO = np.asarray(Image.fromarray(data.camera()).resize((1301, 1023)))


def whole(shape: tuple[int, int]) -> tuple[slice, slice]:
    return slice(0, shape[0]), slice(0, shape[1])


def test_four_levels_halve_a_picture_until_it_is_small() -> None:
    shapes = Pyramid(np.zeros((3000, 4000), np.uint8)).shapes
    assert shapes[0] == (3000, 4000)
    assert shapes[4] == (1500, 2000)
    assert shapes[16] == (188, 250) == shapes[-1]
    assert Pyramid(np.zeros((20, 256), np.uint8)).shapes == ((20, 256),)
    assert Pyramid(np.zeros((1, 2000), np.uint8)).shapes[-1] == (1, 250)


@pytest.mark.parametrize("level", range(10))
def test_a_level_is_the_picture_scaled_down(level: int) -> None:
    pyramid = Pyramid(PHOTO)
    shape = pyramid.shapes[level]
    found = pyramid.read(*whole(shape), level)
    assert (found.shape, found.dtype) == (shape, np.float32)
    expected = fit_lightness(PHOTO, shape)
    error = np.abs(found - expected).mean()
    assert error < 0.5
    # A shift by a pixel is much farther away.
    assert np.abs(found[1:] - expected[:-1]).mean() > 4 * error


@pytest.mark.parametrize("shape", [(640, 900), (1001, 777)])
@pytest.mark.parametrize("level", [1, 3, 4, 5, 6])
def test_every_pixel_lies_where_its_area_is(shape: tuple[int, int], level: int) -> None:
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    light = 10 + 60 * rows / shape[0] + 20 * columns / shape[1]
    pyramid = Pyramid(lightness_to_gray(light, np.float32))
    height, width = pyramid.shapes[level]
    down, right = pyramid.factors(level)
    y = (np.arange(height) + 0.5) * down - 0.5
    x = (np.arange(width) + 0.5) * right - 0.5
    expected = 10 + 60 * y[:, None] / shape[0] + 20 * x / shape[1]
    inner = np.s_[2:-2, 2:-2]  # at the border there is nothing beyond to go by
    found = pyramid.read(*whole((height, width)), level)
    np.testing.assert_allclose(found[inner], expected[inner], atol=0.02)


@given(st.data())
def test_a_window_is_a_part_of_its_level(drawn: st.DataObject) -> None:
    pyramid = Pyramid(PHOTO)
    level = drawn.draw(st.integers(0, len(pyramid.shapes) - 1))
    window = []
    for n in pyramid.shapes[level]:
        start = drawn.draw(st.integers(0, n - 1))
        window.append(slice(start, drawn.draw(st.integers(start + 1, n))))
    found = pyramid.read(*window, level)
    expected = pyramid.read(*whole(pyramid.shapes[level]), level)[tuple(window)]
    # Pillow has the places of pixels as float32.
    np.testing.assert_allclose(found, expected, atol=0.05)


def test_a_window_that_is_held_is_not_made_again() -> None:
    picture = PHOTO.copy()
    pyramid = Pyramid(picture)
    window = slice(100, 300), slice(50, 400)
    before = pyramid.read(*window)
    pyramid.hold(*window, 0)
    picture[:] = 0  # shows what is read from it
    inner = slice(120, 300), slice(60, 100)
    np.testing.assert_array_equal(pyramid.read(*inner), before[20:, 10:50])
    assert pyramid.read(slice(99, 300), slice(60, 100)).max() == 0
    assert pyramid.read(*inner, 1).max() == 0
    pyramid.hold(slice(0, 10), slice(0, 10), 1)
    assert pyramid.read(*inner).max() == 0


@pytest.mark.parametrize(
    "picture",
    [
        PHOTO.astype(np.uint16) * 257,
        PHOTO / 255,
        np.dstack([PHOTO] * 3),
        np.dstack([PHOTO] * 4),
    ],
    ids=["uint16", "float", "RGB", "RGBA"],
)
def test_kinds_of_pictures(picture: np.ndarray) -> None:
    pyramid, gray = Pyramid(picture), Pyramid(PHOTO)
    np.testing.assert_array_equal(pyramid.read(*whole(PHOTO.shape)), lightness(picture))
    window = slice(20, 90), slice(0, 130), 6
    np.testing.assert_allclose(pyramid.read(*window), gray.read(*window), atol=0.01)
