"""Hints as planes: squares at any place of any picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorize_engine.hints import DEFAULT_RADIUS, Hint, check_inside, paint
from colorize_engine.resize import working_shape

SIDES = st.integers(1, 20_000)


@given(SIDES, SIDES, st.floats(0, 1), st.floats(0, 1), st.none() | st.floats(0, 3000))
def test_any_place_of_any_picture(
    height: int, width: int, down: float, right: float, radius: float | None
) -> None:
    row, column = down * height - 0.5, right * width - 0.5
    working = working_shape((height, width), 32)
    planes = paint([Hint(row, column, 11, -22, radius)], (height, width), working)
    assert planes.shape == (4, *working)
    mask = planes[1]
    assert set(np.unique(mask)) <= {0, 1}
    np.testing.assert_array_equal(planes[3], mask)
    np.testing.assert_allclose(planes[0], 0.1 * mask, rtol=1e-6)
    np.testing.assert_allclose(planes[2], -0.2 * mask, rtol=1e-6)
    # The pixel of the working size that the point lies in is inside, or next to it.
    y = min(working[0] - 1, int((row + 0.5) * working[0] / height))
    x = min(working[1] - 1, int((column + 0.5) * working[1] / width))
    assert mask[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].any()
    # A square, cut by the border at most.
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    assert mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
    if radius is None:
        assert max(len(rows), len(columns)) <= 2 * DEFAULT_RADIUS + 1


def test_the_square_by_hand() -> None:
    planes = paint([Hint(20, 41, 55, radius=2)], (40, 80), (20, 40))
    expected = np.zeros((20, 40))
    expected[9:12, 19:22] = 0.5
    np.testing.assert_allclose(planes[0], expected)
    np.testing.assert_array_equal(planes[1], expected > 0)
    assert not planes[2:].any(), "b is open"


def test_the_later_hint_lies_on_top_and_leaves_an_open_channel() -> None:
    below, above = Hint(5, 5, 11, 22, radius=4), Hint(5, 5, b=-22, radius=1)
    planes = paint([below, above], (11, 11), (11, 11))
    assert planes[0, 5, 5] == pytest.approx(0.1)
    assert planes[2, 5, 5] == pytest.approx(-0.2)
    assert planes[2, 1, 1] == pytest.approx(0.2)


def test_a_weak_hint_has_weak_planes() -> None:
    full, half = (
        paint([Hint(5, 5, 11, 22, strength=share)], (11, 11), (11, 11))
        for share in (1, 0.5)
    )
    np.testing.assert_allclose(half, full / 2)
    assert half[1, 5, 5] == 0.5


def test_no_hints_are_zeros() -> None:
    assert not paint([], (9, 9), (4, 4)).any()


@pytest.mark.parametrize(("row", "column"), [(10, 3), (9.6, 3), (3, 20), (99, 99)])
def test_outside_of_the_picture(row: float, column: float) -> None:
    hint = Hint(row, column, 0, 0)
    message = f"at row {row:g}, column {column:g} lies outside the picture of 10 rows"
    with pytest.raises(ValueError, match=message):
        check_inside([hint], (10, 20))
    with pytest.raises(ValueError, match=message):
        paint([hint], (10, 20), (5, 10))
    check_inside([Hint(9.5, 19.5, 0, 0)], (10, 20))
