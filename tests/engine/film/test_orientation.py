"""Display matrices: pictures upright, and back as they are stored."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from colorize_engine.film.orientation import Orientation

IMAGE = np.arange(12).reshape(3, 4)
ONE = 1 << 16


def orientation(a: int, b: int, c: int, d: int) -> Orientation:
    return Orientation((a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, 1 << 30))


@pytest.mark.parametrize(
    ("entries", "turns"),
    [((1, 0, 0, 1), 0), ((0, -1, 1, 0), 1), ((-1, 0, 0, -1), 2), ((0, 1, -1, 0), 3)],
)
def test_turns_are_those_of_phones(
    entries: tuple[int, int, int, int], turns: int
) -> None:
    """A turn of 90 degrees in FFmpeg is one against the clock."""
    upright = orientation(*entries).upright(IMAGE)
    np.testing.assert_array_equal(upright, np.rot90(IMAGE, turns))
    assert orientation(*entries).turned == bool(turns % 2)


def test_mirrors() -> None:
    np.testing.assert_array_equal(
        orientation(-1, 0, 0, 1).upright(IMAGE), IMAGE[:, ::-1]
    )
    np.testing.assert_array_equal(orientation(1, 0, 0, -1).upright(IMAGE), IMAGE[::-1])
    np.testing.assert_array_equal(orientation(0, 1, 1, 0).upright(IMAGE), IMAGE.T)


@pytest.mark.parametrize("signs", list(product((-1, 1), repeat=2)))
@pytest.mark.parametrize("crossed", [False, True])
def test_stored_undoes_upright(signs: tuple[int, int], crossed: bool) -> None:
    one, other = signs
    entries = (0, one, other, 0) if crossed else (one, 0, 0, other)
    found = orientation(*entries)
    color = np.stack([IMAGE, -IMAGE], axis=-1)
    np.testing.assert_array_equal(found.stored(found.upright(color)), color)


@pytest.mark.parametrize("matrix", [None, (46341, 46341, 0, -46341, 46341, 0, 0, 0, 1)])
def test_other_angles_stay_as_they_are(matrix: tuple[int, ...] | None) -> None:
    found = Orientation(matrix)
    np.testing.assert_array_equal(found.upright(IMAGE), IMAGE)
    assert not found.turned
