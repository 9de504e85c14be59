"""Distributions of a and b become bins, priors and class weights."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from training.photos.data_set import DataSet
from training.presets import load_bins, load_preset, make_bins, save_bins
from training.presets.bins import LEVELS
from training.statistics import histograms, main, measure

if TYPE_CHECKING:
    from pathlib import Path

    from training.presets import Preset

# A channel as photos have it: concentrated at zero, never beyond -60 and 80.
COUNTS = np.where(
    (LEVELS > -60) & (LEVELS < 80), 1e6 * np.exp(-np.abs(LEVELS) / 12), 0
).astype(np.int64)


def with_bins(preset: Preset, **bins: object) -> Preset:
    return dataclasses.replace(preset, bins={**preset.bins, **bins})


def test_histograms_count_every_pixel(data: Path) -> None:
    photos = DataSet.open(data)
    rows = np.array([0, 5, 17])
    counts = histograms(photos, rows)
    for channel in ("a", "b"):
        values, times = np.unique(photos.planes[channel][rows], return_counts=True)
        expected = np.zeros(256, np.int64)
        expected[values] = times
        np.testing.assert_array_equal(counts[channel], expected)
    assert counts["a"].sum() == 3 * 64 * 64


@pytest.mark.parametrize("name", ["default", "reference-10"])
@pytest.mark.parametrize("channel", ["a", "b"])
def test_priors_and_weights_of_the_presets(name: str, channel: str) -> None:
    bins = make_bins(COUNTS, channel, load_preset(name))
    assert bins.prior.sum() == pytest.approx(1, abs=1e-5)
    assert (bins.prior * bins.weights).sum() == pytest.approx(1, abs=1e-5)
    empty = bins.prior == 0
    assert empty.any()
    assert (bins.weights[empty] == 0).all()
    assert (bins.weights[~empty] > 0).all()


def test_the_reference_bins_are_even_and_inverse_frequencies_can_be_had() -> None:
    rule = {"sigma": 0.0, "uniform_share": 0.0, "power": 1.0}
    bins = make_bins(COUNTS, "a", with_bins(load_preset("reference-10"), **rule))
    assert len(bins) == 10
    # A value on the edge of two bins belongs to the lower one.
    index = np.maximum(np.ceil((LEVELS + 128) / 25.5) - 1, 0).astype(int)
    shares = np.bincount(index, COUNTS, 10) / COUNTS.sum()
    np.testing.assert_allclose(bins.prior, shares, atol=1e-6)
    filled = shares > 0
    products = bins.weights[filled] * shares[filled]
    np.testing.assert_allclose(products, 1 / filled.sum(), rtol=1e-4)


def test_the_weights_follow_the_recipe_of_zhang_to_a_power() -> None:
    preset = load_preset("default")
    bins = make_bins(COUNTS, "b", preset)
    assert 0 in bins.centers
    sigma, share, power = (
        preset.bins[key] for key in ("sigma", "uniform_share", "power")
    )
    # The share of a value is split between its two centers, then smoothed.
    tents = np.maximum(0, 1 - np.abs(LEVELS[:, None] - bins.centers) / 10)
    prior = COUNTS @ tents / COUNTS.sum()
    np.testing.assert_allclose(bins.prior, prior, atol=1e-6)
    kernel = np.exp(-((bins.centers[:, None] - bins.centers) ** 2) / (2 * sigma**2))
    smooth = np.where(prior > 0, kernel @ (prior / kernel.sum(0)), 0)
    smooth /= smooth.sum()
    filled = prior > 0
    mixed = (1 - share) * smooth + share / filled.sum()
    weights = np.where(filled, mixed**-power, 0)
    weights /= (weights * prior).sum()
    np.testing.assert_allclose(bins.weights, weights, rtol=1e-4)


def test_lloyd_max_bins_fit_the_values_and_keep_gray(tiny: Preset) -> None:
    preset = with_bins(tiny, scheme="lloyd-max", count=10)
    bins = make_bins(COUNTS, "a", preset)
    assert len(bins) == 10
    assert 0 in bins.centers

    def error(centers: np.ndarray) -> float:
        distance = np.abs(LEVELS[:, None] - centers).min(1)
        return float((COUNTS * distance**2).sum() / COUNTS.sum())

    assert error(bins.centers) < error(np.linspace(-55, 75, 10)) / 2


def test_measure_writes_histograms_plot_and_bins(
    data: Path, tiny: Preset, tmp_path: Path
) -> None:
    bins = measure(data, tiny, tmp_path)
    content = json.loads((tmp_path / "statistics.json").read_text())
    assert content["photos"] == 150
    for channel in ("a", "b"):
        counts = np.array(content[channel])
        assert counts.sum() == 150 * 64 * 64
        expected = make_bins(counts, channel, tiny)
        np.testing.assert_array_equal(bins[channel].weights, expected.weights)
    with Image.open(tmp_path / "statistics.png") as plot:
        assert plot.width > 500
        assert len(plot.convert("RGB").getcolors(1 << 24)) > 20
    loaded = load_bins(tmp_path / "bins.json", tiny)
    for channel in ("a", "b"):
        for part in ("centers", "prior", "weights"):
            np.testing.assert_array_equal(
                getattr(loaded[channel], part), getattr(bins[channel], part)
            )


def test_saved_bins_are_read_again_to_the_bit(tmp_path: Path) -> None:
    preset = load_preset("default")
    bins = {c: make_bins(COUNTS, c, preset) for c in ("a", "b")}
    save_bins(bins, tmp_path / "bins.json", preset)
    loaded = load_bins(tmp_path / "bins.json", preset)
    for channel in ("a", "b"):
        assert loaded[channel].weights.tobytes() == bins[channel].weights.tobytes()
        assert loaded[channel].prior.tobytes() == bins[channel].prior.tobytes()


def test_bins_of_another_preset_are_not_taken(tiny: Preset, tmp_path: Path) -> None:
    path = tmp_path / "bins.json"
    save_bins({c: make_bins(COUNTS, c, tiny) for c in ("a", "b")}, path, tiny)
    for section in ("data", "bins"):
        other = replace(tiny, **{section: {**getattr(tiny, section), "more": 1}})
        with pytest.raises(ValueError, match=r"other sections \[data\] or \[bins\]"):
            load_bins(path, other)
    assert load_bins(path, replace(tiny, net={}, runs=())).keys() == {"a", "b"}
    # Those that older versions wrote do not tell.
    content = json.loads(path.read_text())
    del content["made for"]
    path.write_text(json.dumps(content))
    assert load_bins(path, load_preset("default")).keys() == {"a", "b"}


def test_the_command_line_prints_the_bins(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--data", str(data), "--preset", "reference-10", "--out", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "a: center, share, class weight"
    assert len(lines) == 2 * 11
    assert lines[1].split()[0] == "-115.25"


@pytest.mark.parametrize("missing", ["data", "preset"])
def test_the_command_line_ends_with_one_line(
    missing: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path if missing == "data" else data
    preset = "nobody" if missing == "preset" else "default"
    with pytest.raises(SystemExit) as stop:
        main(["--data", str(place), "--preset", preset, "--out", str(tmp_path / "o")])
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    expected = {"data": "no finished data set", "preset": "no preset 'nobody'"}
    assert expected[missing] in line
