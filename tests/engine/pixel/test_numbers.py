"""The numbers that the inspector shows: those of the engine, for one pixel."""

from __future__ import annotations

import csv
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from colorize_engine import ChannelBins, Distribution
from colorize_engine.color import lab_to_rgb, srgb_to_lab
from colorize_engine.pixel import COLUMNS, describe, write_csv

if TYPE_CHECKING:
    from pathlib import Path


def make_distribution(shares, centers, weights=None):
    """Distribution whose logits are the logarithms of these shares."""
    ones = np.ones(len(centers), np.float32)
    bins = ChannelBins(
        centers, ones / len(centers), ones if weights is None else weights
    )
    with np.errstate(divide="ignore"):
        return Distribution(np.log(np.asarray(shares, np.float32)), bins)


def make_pixel(lightness=60.0, frame=(), a=None, b=None):
    return SimpleNamespace(
        frame=frame,
        row=12,
        column=34,
        lightness=lightness,
        a=a or make_distribution([0.1, 0.2, 0.7], [-40, 0, 40], [1, 1, 4]),
        b=b or make_distribution([0.5, 0.25, 0.125, 0.125], [-50, 0, 25, 75]),
    )


def make_settings(temperature=0.38, rebalance=-0.25, saturation=1.0, caution=0.0):
    return SimpleNamespace(
        temperature=temperature,
        rebalance=rebalance,
        saturation=saturation,
        caution=caution,
    )


def test_caution_takes_chroma_where_the_nets_are_unsure():
    flat = make_distribution([1 / 32] * 32, np.arange(32) * 2.0)
    unsure = make_pixel(a=flat, b=flat)
    bold, careful = (
        describe(unsure, make_settings(1, 0, caution=caution)) for caution in (0, 0.5)
    )
    assert np.allclose(careful.chroma, np.multiply(bold.chroma, 0.5))
    sure = make_pixel()
    assert (
        describe(sure, make_settings(caution=1)).chroma
        == describe(sure, make_settings()).chroma
    )


def test_raw_probabilities_and_entropy_do_not_follow_the_settings():
    pixel = make_pixel()
    plain, other = (
        describe(pixel, make_settings(*values))
        for values in ((0.38, 0.0, 1.0), (0.0, 1.5, 3.0))
    )
    undone = np.float32([0.1, 0.2, 0.7 / 4])
    undone /= undone.sum()
    for numbers in (plain, other):
        np.testing.assert_allclose(numbers.a.probabilities, undone, rtol=1e-6)
        expected = -(undone * np.log2(undone)).sum()
        assert numbers.a.entropy == pytest.approx(expected, rel=1e-5)
        assert numbers.b.entropy == pytest.approx(1.75)
    assert plain.a.decoded[2] < other.a.decoded[2]


def test_mean_and_mode_are_those_of_the_rebalanced_distribution():
    # With the weights undone the last bin, 0.4 / 4, is not the most likely any more.
    a = make_distribution([0.3, 0.3001, 0.3999], [-40, 0, 40], [1, 1, 4])
    assert describe(make_pixel(a=a), make_settings(0.38, 0)).a.mode == 40
    undone = describe(make_pixel(a=a), make_settings(0.38, -1)).a
    assert undone.mode == 0
    assert undone.mean == pytest.approx(float(a.decode(0.38, -1)))


def test_saturation_scales_the_chroma_but_not_the_mean():
    plain, doubled = (
        describe(make_pixel(), make_settings(0.38, -0.25, s)) for s in (1.0, 2.0)
    )
    assert plain.chroma == (plain.a.mean, plain.b.mean)
    assert doubled.a.mean == plain.a.mean
    assert doubled.chroma == (2 * plain.a.mean, 2 * plain.b.mean)


def test_the_rgb_is_that_of_the_lightness_with_the_decoded_chroma():
    numbers = describe(make_pixel(), make_settings(saturation=0.3))
    assert all(isinstance(value, int) for value in numbers.rgb)
    lab = srgb_to_lab(np.uint8(numbers.rgb).reshape(1, 3))[0]
    np.testing.assert_allclose(lab, [60, *numbers.chroma], atol=0.8)


def test_each_bar_has_the_color_of_its_center_at_the_lightness_of_the_pixel():
    pixel = make_pixel(lightness=45.0)
    numbers = describe(pixel, make_settings())
    for channel, axis in ((numbers.a, 0), (numbers.b, 1)):
        assert channel.colors.shape == (len(channel.centers), 3)
        for center, color in zip(channel.centers, channel.colors, strict=True):
            chroma = np.zeros((2, 1, 1), np.float32)
            chroma[axis] = center
            expected = lab_to_rgb(np.full((1, 1), 45, np.float32), chroma)[0, 0]
            np.testing.assert_array_equal(color, expected)
    gray = numbers.a.colors[1]
    assert gray[0] == gray[1] == gray[2]


def test_the_table_has_a_row_for_each_bin_of_each_pixel(tmp_path: Path):
    settings = make_settings(0.25, -0.5, 1.5)
    pinned, current = (describe(make_pixel(60, f), settings) for f in ((), (2, 7)))
    write_csv(tmp_path / "pixels.csv", {"pinned": pinned, "cursor": current})
    with open(tmp_path / "pixels.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    kinds = [(row["pixel"], row["channel"]) for row in rows]
    assert kinds == [
        *[("pinned", "a")] * 3,
        *[("pinned", "b")] * 4,
        *[("cursor", "a")] * 3,
        *[("cursor", "b")] * 4,
    ]
    last, numbers = rows[-1], current
    assert (rows[0]["frame"], last["frame"]) == ("", "2 7")
    assert (last["row"], last["column"]) == ("12", "34")
    expected = {
        "center": 75,
        "probability": numbers.b.probabilities[-1],
        "decoded_probability": numbers.b.decoded[-1],
        "lightness": 60,
        "a": numbers.chroma[0],
        "b": numbers.chroma[1],
        "red": numbers.rgb[0],
        "green": numbers.rgb[1],
        "blue": numbers.rgb[2],
        "mean": numbers.b.mean,
        "mode": numbers.b.mode,
        "entropy": 1.75,
        "temperature": 0.25,
        "rebalance": -0.5,
        "saturation": 1.5,
    }
    for column, value in expected.items():
        assert float(last[column]) == pytest.approx(value, rel=1e-6), column
    shares = [float(row["decoded_probability"]) for row in rows[:3]]
    assert sum(shares) == pytest.approx(1, abs=1e-5)


def test_a_place_that_cannot_be_written_is_an_oserror(tmp_path: Path):
    numbers = describe(make_pixel(), make_settings())
    with pytest.raises(OSError, match="none"):
        write_csv(tmp_path / "none" / "pixels.csv", {"cursor": numbers})
