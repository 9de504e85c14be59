"""What the inspector says of a pixel, for those who do not see its colors."""

from __future__ import annotations

import numpy as np
import pytest

from colorize_engine import ChannelBins, Distribution
from colorize_engine.decode import DecodeSettings
from colorize_engine.pixel import Pixel, about_bin, about_bins, describe, summary, value

MINUS = "\N{MINUS SIGN}"


def distribution(shares: list[float], centers: list[float]) -> Distribution:
    """Distribution whose logits are the logarithms of these shares."""
    with np.errstate(divide="ignore"):
        logits = np.log(np.asarray(shares, np.float32))
    return Distribution(logits, ChannelBins.unweighted(centers))


def pixel(frame: tuple[int, ...] = (), a: Distribution | None = None) -> Pixel:
    a = a or distribution([0.1, 0.31, 0.59], [-40, 0, 40])
    b = distribution([0.5, 0.25, 0.125, 0.125], [-50, 0, 25, 75])
    return Pixel(frame, 12, 34, 60.0, a, b)


def test_the_text_names_place_color_and_entropy() -> None:
    settings = DecodeSettings(0.38, 0.0)
    text = summary(describe(pixel((3, 1)), settings))
    numbers = describe(pixel(), settings)
    assert "frame 3, 1, row 12, column 34" in text
    assert "L* 60.0" in text
    assert "RGB {}, {}, {}".format(*numbers.rgb) in text
    assert f"b* {MINUS}{-numbers.chroma[1]:.1f}" in text
    assert "uncertainty a* " in text
    assert "b* 1.75 bits" in text
    assert "frame" not in summary(numbers)


def test_the_text_tells_what_the_symbols_of_the_charts_show() -> None:
    numbers = describe(pixel(), DecodeSettings(0.2, 0.0, 2.0))
    lines = summary(numbers).splitlines()
    assert f"a*: mode +40 (59 %), mean {numbers.a.mean:.1f}" in lines
    mean = f"{numbers.b.mean:.1f}".replace("-", MINUS)
    assert f"b*: mode {MINUS}50 (50 %), mean {mean}" in lines
    assert f"L* 60.0, a* {2 * numbers.a.mean:.1f}, b* " in lines[2]


def test_a_tiny_negative_value_is_not_shown_as_minus_zero() -> None:
    neutral = distribution([0.5, 0.4999], [-0.01, 0.01])
    text = summary(describe(pixel(a=neutral), DecodeSettings(1, 0)))
    assert "L* 60.0, a* 0.0, b* " in text


@pytest.mark.parametrize(
    ("number", "text"), [(20.0, "+20"), (-7.5, f"{MINUS}7.5"), (0.0, "0"), (-0.0, "0")]
)
def test_values_have_signs_but_for_zero(number: float, text: str) -> None:
    assert value(number) == text


def test_a_chart_is_described_by_its_axis_and_its_highest_bars() -> None:
    channel = describe(pixel(), DecodeSettings(0.0, 0.0)).b
    text = about_bins(channel)
    assert f"4 bins from {MINUS}50 to +75, blue to yellow" in text
    assert f"b* = {MINUS}50: 50 % as predicted, 100 % as decoded" in text
    assert "+25" not in text, "bars of height 0 are none"


def test_a_share_that_is_not_zero_is_not_said_to_be() -> None:
    channel = describe(
        pixel(a=distribution([0.001, 0.999, 0], [-40, 0, 40])), DecodeSettings(1.0, 0.0)
    ).a
    assert "under 1 % as predicted" in about_bin(channel, 0)
    assert ": 0 % as predicted" in about_bin(channel, 2)
