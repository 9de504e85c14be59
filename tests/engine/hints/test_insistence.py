"""Hints shown again: by how much stronger, and within which limits."""

from __future__ import annotations

import numpy as np
import pytest

from colorize_engine import Hint
from colorize_engine.bins import GAMUT_RANGE
from colorize_engine.hints import insisting, missing


def found(*pairs: tuple[float, float]) -> np.ndarray:
    return np.array(pairs, np.float32).reshape(-1, 2).T


def test_half_of_what_is_missing_comes_on_top() -> None:
    hints = [Hint(1, 2, 40, -10), Hint(3, 4, b=20), Hint(5, 6, 8, strength=0.5)]
    again = insisting(hints, found((20, -10), (99, 30), (0, 7)))
    assert [(hint.a, hint.b) for hint in again] == [(50, -10), (None, 15), (10, None)]
    assert [(hint.row, hint.column) for hint in again] == [(1, 2), (3, 4), (5, 6)]
    assert insisting([], found()) == ()


@pytest.mark.parametrize("sign", [-1, 1])
def test_it_stays_among_the_colors_that_there_are(sign: int) -> None:
    edge = 0 if sign < 0 else 1
    a, b = GAMUT_RANGE["a"][edge], GAMUT_RANGE["b"][edge]
    (again,) = insisting([Hint(0, 0, a, b)], found((-80 * sign, -80 * sign)))
    assert (again.a, again.b) == (a, b)


def test_an_open_channel_misses_nothing() -> None:
    hints = [Hint(1, 2, 40, -10), Hint(3, 4, b=20)]
    assert missing(hints, found((37, -14), (99, 18))) == 7
    assert missing([], found()) == 0
