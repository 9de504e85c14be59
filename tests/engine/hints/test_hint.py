"""One hint: what it takes, what it refuses, colors as text."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from colorize_engine import Hint
from colorize_engine.color import srgb_to_lab


def test_a_hint_is_frozen_and_has_defaults() -> None:
    hint = Hint(1.5, 2, 10, -20)
    assert (hint.radius, hint.frame, hint.strength) == (None, None, 1)
    with pytest.raises(FrozenInstanceError):
        hint.a = 3  # type: ignore[misc]


@pytest.mark.parametrize("open_", ["a", "b"])
def test_a_channel_may_be_open(open_: str) -> None:
    hint = Hint(0, 0, **{"a": 5.0, "b": 5.0, open_: None})
    assert getattr(hint, open_) is None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"row": -1}, "row to be >= -0.5, got -1"),
        ({"column": math.nan}, "column to be >= -0.5, got nan"),
        ({"row": math.inf}, "row to be"),
        ({"a": 120}, r"a to be in -86.19..98.26, got 120"),
        ({"b": -120}, r"b to be in -107.87..94.49, got -120"),
        ({"b": math.nan}, "b to be in"),
        ({"radius": -1}, "radius to be >= 0, got -1"),
        ({"strength": 0}, "strength to be in 0.01..1, got 0"),
        ({"strength": 2}, "strength to be in 0.01..1, got 2"),
        ({"frame": -1}, "frame to be >= 0, got -1"),
        ({"a": None, "b": None}, "to give a or b, got neither"),
    ],
)
def test_wrong_hints_say_what_is_wrong(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Hint(**{"row": 0, "column": 0, "a": 1, "b": 1, **wrong})


@given(st.tuples(*[st.integers(0, 255)] * 3))
@example((0, 0, 255)).via("b* is lowest there")
@example((255, 0, 255)).via("a* is highest there")
def test_a_color_gives_its_a_and_b(rgb: tuple[int, int, int]) -> None:
    text = "#" + bytes(rgb).hex()
    hint = Hint.from_color(3, 4, text, 2.5, 1)
    light, a, b = srgb_to_lab(np.array([[rgb]], np.uint8))[0, 0]
    assert (hint.row, hint.column, hint.radius, hint.frame) == (3, 4, 2.5, 1)
    assert (hint.a, hint.b) == (pytest.approx(a), pytest.approx(b))
    # At its own lightness it is the color again.
    again = bytes.fromhex(hint.color(float(light))[1:])
    assert np.abs(np.array(list(again)) - rgb).max() <= 1


def test_short_colors_and_spaces() -> None:
    assert Hint.from_color(0, 0, " #F80 ") == Hint.from_color(0, 0, "ff8800")


@pytest.mark.parametrize("color", ["red", "#12345", "", "#gggggg", "#1234567"])
def test_no_color(color: str) -> None:
    with pytest.raises(ValueError, match='a color such as "#c05030", got'):
        Hint.from_color(0, 0, color)
