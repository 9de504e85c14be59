"""Windows that were rendered before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorize_engine.rendering import WindowCache

SHAPE = (40, 60)


class Numbers:
    """Colors that tell the level, row and column of each pixel, and count them."""

    dtype, channels = np.dtype(np.uint16), 3

    def __init__(self) -> None:
        self.count = 0

    def window(
        self, rows: slice, columns: slice, level: int = 0, check: Any = None
    ) -> np.ndarray:
        """Return the numbers of a window."""
        if check is not None:
            check()
        y, x = np.mgrid[rows, columns]
        self.count += y.size
        return np.stack([np.full_like(y, level), y, x], -1).astype(np.uint16)


@st.composite
def windows(draw: Any) -> tuple[slice, slice, int]:
    found = []
    for n in SHAPE:
        start = draw(st.integers(0, n - 1))
        found.append(slice(start, draw(st.integers(start + 1, n))))
    return found[0], found[1], draw(st.integers(0, 4))


@given(st.lists(windows(), min_size=1, max_size=12))
def test_every_window_is_right_whatever_was_asked_before(
    asked: list[tuple[slice, slice, int]],
) -> None:
    cache, truth = WindowCache(Numbers()), Numbers()
    for window in asked:
        found = cache.window(*window)
        np.testing.assert_array_equal(found, truth.window(*window))
        found[:] = 0  # what is given may be changed


def test_only_what_is_new_is_rendered() -> None:
    numbers = Numbers()
    cache = WindowCache(numbers)
    cache.window(slice(10, 20), slice(0, 30))
    assert numbers.count == 300
    cache.window(slice(12, 18), slice(5, 20))
    assert numbers.count == 300
    # Moved by two rows and three columns.
    cache.window(slice(12, 22), slice(3, 33))
    assert numbers.count == 300 + 2 * 30 + 3 * 8 == cache.rendered
    cache.window(slice(12, 22), slice(3, 33), 1)
    assert numbers.count == 300 + 2 * 30 + 3 * 8 + 300


def test_few_levels_are_kept() -> None:
    numbers = Numbers()
    cache = WindowCache(numbers)
    for level in range(4):
        cache.window(slice(0, 10), slice(0, 10), level)
    cache.window(slice(0, 10), slice(0, 10), 3)
    assert numbers.count == 400
    cache.window(slice(0, 10), slice(0, 10), 0)
    assert numbers.count == 500


def test_what_is_too_large_is_not_kept() -> None:
    numbers = Numbers()
    cache = WindowCache(numbers)
    for _ in range(2):
        cache.window(slice(0, 4000), slice(0, 3000))
    assert numbers.count == 24_000_000


def test_a_check_stops_it() -> None:
    numbers = Numbers()
    cache = WindowCache(numbers)
    cache.window(slice(0, 10), slice(0, 10))

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.window(slice(0, 20), slice(0, 10), check=stop)
    cache.window(slice(0, 10), slice(0, 10), check=stop)
    assert numbers.count == 100
