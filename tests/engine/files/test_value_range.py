"""Black and white of stored values: what may be meant for other limits."""

from __future__ import annotations

import numpy as np
import pytest

from colorize_engine import files


@pytest.mark.parametrize(
    ("span", "white", "little"),
    [
        ((0, 40), 255, True),
        ((0, 60), 255, False),
        ((230, 255), 255, False),  # a blank page
        ((7, 7), 255, False),
        ((0, 4095), 65535, True),
        ((40_000, 44_095), 65535, True),
        ((0, 20_000), 65535, False),
        ((0.0, 0.06), 1, True),
        ((0.9, 1.0), 1, False),
    ],
)
def test_what_fills_little_of_its_type(
    span: tuple[float, float], white: float, little: bool
) -> None:
    assert files.fills_little(span, (0, white)) is little


def test_a_dark_scan_of_8_bits_has_a_note() -> None:
    dark = np.arange(41, dtype=np.uint8).reshape(1, -1)
    values, notes = files.fit(dark, 8, "full")
    np.testing.assert_array_equal(values, dark)
    assert "span only 0..40 of 0..255" in notes[0]
    assert files.fit(dark, 8, "auto")[1] == ()
