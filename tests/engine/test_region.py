"""Regions: their pixels, their soft edges, their surroundings, their text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import ndimage
from skimage.draw import ellipse, polygon2mask

from colorize_engine.region import FEATHER, Region, Shape

SHAPE = (60, 80)
BOX = Shape("polygon", ((9.5, 19.5), (9.5, 49.5), (39.5, 49.5), (39.5, 19.5)))
TRIANGLE = Shape("polygon", ((5.2, 60.4), (50.3, 75.1), (48.8, 22.7)))
ROUND = Shape("ellipse", ((10, 20), (10, 60), (40, 60), (40, 20)))


def weights(
    *shapes: Shape, rows: slice = slice(0, 60), columns: slice = slice(0, 80)
) -> np.ndarray:
    return Region(shapes).weights(rows, columns, SHAPE)


def test_a_box_has_the_pixels_whose_centers_are_in_it() -> None:
    expected = np.zeros(SHAPE, bool)
    expected[10:40, 20:50] = True
    np.testing.assert_array_equal(weights(BOX) > 0, expected)


def test_a_polygon_and_an_ellipse_have_the_pixels_that_scikit_image_says() -> None:
    expected = polygon2mask(SHAPE, np.array(TRIANGLE.points))
    np.testing.assert_array_equal(weights(TRIANGLE) > 0, expected)
    expected = np.zeros(SHAPE, bool)
    expected[ellipse(25, 40, 15, 20, SHAPE)] = True
    assert (expected != (weights(ROUND) > 0)).sum() <= 4  # those on the very edge


def test_an_ellipse_may_be_turned() -> None:
    turn = np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]])
    corners = np.array(ROUND.points)
    turned = (corners - corners.mean(0)) @ turn.T + corners.mean(0)
    found = weights(Shape("ellipse", tuple(map(tuple, turned)))) > 0
    y, x = np.mgrid[:60, :80]
    v, u = np.tensordot(turn.T, np.stack([y - 25, x - 40]), 1)
    expected = (v / 15) ** 2 + (u / 20) ** 2 < 1
    assert (expected != found).sum() <= 6


def test_shapes_are_joined_and_what_a_polygon_covers_twice_is_outside() -> None:
    joined = weights(BOX, TRIANGLE) > 0
    np.testing.assert_array_equal(joined, (weights(BOX) > 0) | (weights(TRIANGLE) > 0))
    turns = np.pi / 2 + 4 * np.pi / 5 * np.arange(5)
    tips = np.stack([30 - 25 * np.sin(turns), 40 + 25 * np.cos(turns)], 1)
    star = weights(Shape("polygon", tuple(map(tuple, tips)))) > 0
    assert star[12, 40] and star[20, 40]  # a tip
    assert not star[30, 40]  # the middle
    assert not star[10, 20]


def test_the_edge_is_soft_inward() -> None:
    found = weights(BOX)
    inside = found > 0
    distance = ndimage.distance_transform_cdt(inside, "chessboard")
    expected = np.minimum(distance, FEATHER + 1) / (FEATHER + 1)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found[25, 35] == 1
    assert found[10, 30] == 0.25


def test_the_border_of_the_picture_is_no_edge() -> None:
    beyond = Shape("polygon", ((-9, -9), (-9, 30), (30, 30), (30, -9)))
    found = weights(beyond)
    assert (found[:20, :20] == 1).all()
    assert found[29, 10] == found[10, 29] == 0.25
    whole = Shape("polygon", ((-0.5, -0.5), (-0.5, 79.5), (59.5, 79.5), (59.5, -0.5)))
    assert (weights(whole) == 1).all()


def test_the_least_shape_is_not_lost() -> None:
    line = Shape("polygon", ((10, 10), (10, 11), (30, 11), (30, 10)))
    found = weights(line)
    assert (found[10:30, 10] == 0.25).all()
    assert found.sum() == 5


@given(st.data())
def test_a_window_has_the_weights_of_the_whole(drawn: st.DataObject) -> None:
    places = st.floats(-20, 100).map(lambda value: round(value, 2))
    points = drawn.draw(st.lists(st.tuples(places, places), min_size=3, max_size=7))
    region = Region((Shape("polygon", tuple(points)), ROUND))
    factor = drawn.draw(st.sampled_from([1.0, 1.3, 4.0]))
    window = []
    for n in SHAPE:
        start = drawn.draw(st.integers(0, n - 1))
        window.append(slice(start, drawn.draw(st.integers(start + 1, n))))
    factors = (factor, factor)
    whole = region.weights(slice(0, 60), slice(0, 80), SHAPE, factors)
    found = region.weights(window[0], window[1], SHAPE, factors)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, whole[tuple(window)])


def test_at_a_smaller_size_it_lies_where_it_lay() -> None:
    region = Region((TRIANGLE,))
    full = region.weights(slice(0, 60), slice(0, 80), SHAPE)
    small = region.weights(slice(0, 15), slice(0, 20), (15, 20), (4, 4))
    means = full.reshape(15, 4, 20, 4).mean((1, 3))
    assert np.abs(small - means).mean() < 0.08
    assert np.abs(np.roll(small, 2, 1) - means).mean() > 0.1


@given(
    st.integers(-30, 90),
    st.integers(1, 70),
    st.integers(-30, 110),
    st.integers(1, 90),
    st.integers(0, 100),
)
def test_the_box_has_the_region_and_its_surroundings(
    top: int, height: int, left: int, width: int, least: int
) -> None:
    y, x = top - 0.5, left - 0.5
    points = ((y, x), (y, x + width), (y + height, x + width), (y + height, x))
    region = Region((Shape("polygon", points),))
    rows, columns = region.bounds(SHAPE)
    inside = max(top, 0) < min(top + height, 60) and max(left, 0) < min(
        left + width, 80
    )
    assert region.covers(SHAPE) is inside
    assume(inside)
    corner, size = region.box(SHAPE, least)
    for k, first, n, whole in zip((rows, columns), corner, size, SHAPE, strict=True):
        assert first >= 0 and first + n <= whole
        assert n >= min(whole, least)
        margin = (k.stop - k.start) / 4
        assert first <= max(0, k.start - margin)
        assert first + n >= min(whole, k.stop + margin)
        assert n <= max(least + 1, 1.5 * (k.stop - k.start) + 2)


def test_what_holds_no_center_of_a_pixel_covers_nothing() -> None:
    tiny = Shape("polygon", ((10.1, 10.1), (10.1, 10.9), (10.9, 10.9), (10.9, 10.1)))
    assert not Region((tiny,)).covers(SHAPE)
    assert Region((tiny, BOX)).covers(SHAPE)


numbers = st.floats(-1e4, 1e5)


@given(
    st.lists(
        st.one_of(
            st.builds(
                lambda points: Shape("polygon", tuple(points)),
                st.lists(st.tuples(numbers, numbers), min_size=3, max_size=6),
            ),
            st.builds(
                lambda points: Shape("ellipse", tuple(points)),
                st.lists(st.tuples(numbers, numbers), min_size=4, max_size=4),
            ),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_the_text_says_it_exactly(shapes: list[Shape]) -> None:
    region = Region(tuple(shapes))
    text = region.to_text()
    assert ";" not in text and "\n" not in text
    assert Region.from_text(text) == region


def test_the_text_is_short() -> None:
    region = Region((BOX, Shape("ellipse", ((1, 2.126), (1, 8), (5, 8), (5, 2.126)))))
    assert region.to_text() == (
        "polygon 19.5,9.5 49.5,9.5 49.5,39.5 19.5,39.5 ellipse 2.13,1 8,1 8,5 2.13,5"
    )


@pytest.mark.parametrize("text", ["1,2", "polygon 1,2 3", "polygon 1,2 3,4", "box 1,2"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"region|points"):
        Region.from_text(text)


@pytest.mark.parametrize(
    ("kind", "points"),
    [
        ("line", ((0, 0), (1, 1), (2, 2))),
        ("polygon", ((0, 0), (1, 1))),
        ("ellipse", ((0, 0), (1, 1), (2, 2))),
        ("polygon", ((0, 0), (1, np.nan), (2, 2))),
    ],
)
def test_other_shapes_are_refused(kind: str, points: tuple) -> None:
    with pytest.raises(ValueError, match="expected"):
        Shape(kind, points)
