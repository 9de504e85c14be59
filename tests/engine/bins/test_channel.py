"""The bins of one channel: encoding, prior, the power of a divisor."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from colorize_engine.bins import (
    ChannelBins,
)

values = st.floats(-150, 150, width=32)


@st.composite
def some_bins(draw: st.DrawFn) -> ChannelBins:
    """Any bins, evenly spaced or not."""
    steps = draw(
        st.lists(st.floats(0.5, 40, width=32), min_size=1, max_size=24), label="steps"
    )
    first = draw(st.floats(-120, 0, width=32), label="first")
    return ChannelBins.unweighted(np.cumsum([first, *steps]))


@given(some_bins(), arrays(np.float32, (3, 4), elements=values))
def test_hard_encoding_takes_the_nearest_center(
    bins: ChannelBins, data: np.ndarray
) -> None:
    index = bins.encode_hard(data)
    assert index.shape == data.shape
    assert index.dtype == np.int64
    distance = np.abs(bins.centers[index] - data)
    nearest = np.abs(bins.centers - data[..., None]).min(-1)
    np.testing.assert_allclose(distance, nearest, atol=1e-4)


def test_hard_encoding_of_ties_takes_the_lower() -> None:
    bins = ChannelBins.unweighted([-10, 0, 10])
    np.testing.assert_array_equal(bins.encode_hard([-5, 5, -99, 99]), [0, 1, 0, 2])


@given(some_bins(), arrays(np.float32, (3, 4), elements=values))
def test_mean_of_soft_encoding_is_the_value(
    bins: ChannelBins, data: np.ndarray
) -> None:
    lower, share = bins.encode_soft(data)
    assert lower.shape == share.shape == data.shape
    assert (lower >= 0).all()
    assert (lower < len(bins) - 1).all()
    assert (share >= 0).all()
    assert (share <= 1).all()
    low, high = bins.centers[lower], bins.centers[lower + 1]
    inside = np.clip(data, bins.centers[0], bins.centers[-1])
    np.testing.assert_allclose((1 - share) * low + share * high, inside, atol=1e-3)
    assert ((low <= inside + 1e-3) & (inside <= high + 1e-3)).all()


@given(some_bins(), arrays(np.float32, 20, elements=values), st.booleans())
def test_prior_counts_what_encoding_gives(
    bins: ChannelBins, data: np.ndarray, soft: bool
) -> None:
    expected = np.zeros(len(bins))
    for value in data:
        if soft:
            lower, share = bins.encode_soft(value)
            expected[lower] += 1 - share
            expected[lower + 1] += share
        else:
            expected[bins.encode_hard(value)] += 1
    prior = bins.measure_prior(data, soft=soft)
    assert prior.dtype == np.float32
    np.testing.assert_allclose(prior, expected / len(data), atol=1e-6)
    assert prior.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("soft", [False, True])
def test_prior_of_a_histogram(soft: bool) -> None:
    bins = ChannelBins.unweighted([-10, 0, 30])
    once = bins.measure_prior([-7, -7, -7, 12, 12, 25], soft=soft)
    prior = bins.measure_prior([-7, 12, 25], [3, 2, 1], soft=soft)
    np.testing.assert_allclose(prior, once, atol=1e-6)


def test_soft_prior_keeps_the_mean() -> None:
    bins = ChannelBins.unweighted([-40, -10, 0, 30])
    data = np.random.default_rng(0).uniform(-40, 30, 500)
    prior = bins.measure_prior(data, soft=True)
    assert prior @ bins.centers == pytest.approx(data.mean(), abs=1e-3)


@pytest.mark.parametrize("counts", [None, [0.0, 0.0]])
def test_prior_of_nothing(counts: list[float] | None) -> None:
    bins = ChannelBins.unweighted([-10, 0, 30])
    with pytest.raises(ValueError, match="expected samples"):
        bins.measure_prior([] if counts is None else [1, 2], counts, soft=True)


def test_bins_are_float32_and_have_a_length() -> None:
    bins = ChannelBins(
        np.arange(3), np.array([0.2, 0.3, 0.5]), np.array([0.0, 1.0, 2.0])
    )
    assert len(bins) == 3
    for array in (bins.centers, bins.prior, bins.weights):
        assert array.dtype == np.float32


@pytest.mark.parametrize(
    ("centers", "prior", "weights", "message"),
    [
        ([0, 1, 2], [0.5, 0.5], [1, 1, 1], "one shape"),
        ([0], [1], [1], "Q >= 2"),
        ([[0, 1]], [[0.5, 0.5]], [[1, 1]], "one shape"),
        ([0, 0], [0.5, 0.5], [1, 1], "ascending"),
        ([1, 0], [0.5, 0.5], [1, 1], "ascending"),
        ([0, np.nan], [0.5, 0.5], [1, 1], "ascending"),
        ([0, np.inf], [0.5, 0.5], [1, 1], "finite"),
        ([0, 1], [0.5, 0.5], [0, 0], "weights"),
        ([0, 1], [0.5, 0.5], [-1, 1], "weights"),
        ([0, 1], [0.5, 0.5], [np.nan, 1], "weights"),
        ([0, 1], [0.5, 0.5], [np.inf, 1], "weights"),
        ([0, 1], [-0.5, 1.5], [1, 1], "prior"),
        ([0, 1], [np.nan, 1], [1, 1], "prior"),
    ],
)
def test_bins_that_do_not_fit_together(
    centers: list[float], prior: list[float], weights: list[float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ChannelBins(centers, prior, weights)


def test_bins_of_divided_logits_have_the_weights_to_that_power() -> None:
    bins = ChannelBins([-1, 0, 1, 2], [0, 1, 1, 2], [0, 4, 1, 2])
    assert bins.tempered(1) is bins
    found = bins.tempered(2).weights
    np.testing.assert_allclose(found / found[2], [0, 2, 1, 2**0.5], rtol=1e-6)


@pytest.mark.parametrize("divisor", [1e-3, 1e3])
def test_no_power_empties_a_bin_or_overflows(divisor: float) -> None:
    bins = ChannelBins([-1, 0, 1], [0, 1, 1], [0, 2e5, 1e-3])
    weights = bins.tempered(divisor).weights
    assert np.isfinite(weights).all()
    assert ((weights > 0) == [False, True, True]).all()
