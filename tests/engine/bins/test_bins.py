"""Bins: centers, encoding, prior and class weights."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from colorize_engine.bins import (
    GAMUT_RANGE,
    ChannelBins,
    class_weights,
    lloyd_max,
    smoothed,
    uniform_centers,
    zero_centered,
)

values = st.floats(-150, 150, width=32)
samples = arrays(np.float64, st.integers(12, 60), elements=st.integers(-90, 90))
priors = arrays(
    np.float64, st.integers(2, 24), elements=st.just(0) | st.floats(1e-4, 1)
).filter(np.any)


@st.composite
def some_bins(draw: st.DrawFn) -> ChannelBins:
    """Any bins, evenly spaced or not."""
    steps = draw(
        st.lists(st.floats(0.5, 40, width=32), min_size=1, max_size=24), label="steps"
    )
    first = draw(st.floats(-120, 0, width=32), label="first")
    return ChannelBins.unweighted(np.cumsum([first, *steps]))


def error(data: np.ndarray, centers: np.ndarray) -> float:
    """Mean squared distance of samples to their nearest center."""
    return float((np.abs(data[:, None] - centers).min(1) ** 2).mean())


def test_uniform_centers_halve_equal_bins() -> None:
    np.testing.assert_allclose(uniform_centers(4, 0, 8), [1, 3, 5, 7])


def test_ten_uniform_bins_over_the_8_bit_range_have_no_gray() -> None:
    bins = ChannelBins.unweighted(uniform_centers(10, -128, 127))
    assert np.diff(bins.centers) == pytest.approx(25.5)
    # Gray, 127.5 of 0..255, is where two bins meet: a hair decides which cast it gets.
    low, high = bins.encode_hard([-0.5 - 1e-3, -0.5 + 1e-3])
    assert (low, high) == (4, 5)
    assert np.abs(bins.centers).min() > 12


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(1, 0, 1), (0, 0, 1), (10, 5, 5), (10, 5, 4), (10, 0, np.inf), (3, np.nan, 1)],
)
def test_uniform_centers_of_nothing(count: int, low: float, high: float) -> None:
    with pytest.raises(ValueError, match="at least 2 bins and low < high"):
        uniform_centers(count, low, high)


@given(st.floats(0.5, 80), st.floats(-130, -60), st.floats(60, 130))
def test_zero_centered_covers_the_range(step: float, low: float, high: float) -> None:
    centers = zero_centered(step, low, high)
    assert 0 in centers
    np.testing.assert_allclose(np.diff(centers), step, atol=1e-4)
    # The ends are within half a step of the outer centers, which are all needed.
    slack = 1e-4 * step
    assert centers[0] - step / 2 <= low + slack < centers[1] - step / 2 + 2 * slack
    assert centers[-1] + step / 2 >= high - slack > centers[-2] + step / 2 - 2 * slack


def test_zero_centered_over_the_gamut() -> None:
    np.testing.assert_array_equal(
        zero_centered(10, *GAMUT_RANGE["a"]), np.arange(-90, 101, 10)
    )
    np.testing.assert_array_equal(
        zero_centered(10, *GAMUT_RANGE["b"]), np.arange(-110, 91, 10)
    )


@pytest.mark.parametrize(
    ("step", "low", "high"),
    [(0, -1, 1), (-2, -9, 9), (np.nan, -9, 9), (np.inf, -9, 9), (2, 1, 9), (2, -9, 0)],
)
def test_zero_centered_of_nothing(step: float, low: float, high: float) -> None:
    with pytest.raises(ValueError, match="a positive step and low < 0 < high"):
        zero_centered(step, low, high)


def test_zero_centered_with_one_bin_only() -> None:
    with pytest.raises(ValueError, match="at least 2 bins"):
        zero_centered(50, -10, 10)


@pytest.mark.parametrize("pin_zero", [False, True])
def test_lloyd_max_finds_clusters(pin_zero: bool) -> None:
    data = [-31, -30, -29, 0, 0, 0, 12, 14, 70]
    centers = lloyd_max(data, 4, pin_zero=pin_zero)
    np.testing.assert_allclose(centers, [-30, 0, 13, 70])


def test_lloyd_max_of_a_uniform_distribution_is_uniform() -> None:
    centers = lloyd_max(np.linspace(-60, 60, 6001), 6, pin_zero=False)
    np.testing.assert_allclose(centers, uniform_centers(6, -60, 60), atol=0.05)


def best_error(data: np.ndarray, count: int, pin_zero: bool) -> float:
    """Least error over all partitions of sorted data into cells, tried one by one."""
    # A center at zero may be nearest to nothing.
    best = best_error(data, count - 1, False) if pin_zero else np.inf
    for cuts in combinations(range(1, len(data)), count - 1):
        cells = np.split(data, cuts)
        for zero in range(count) if pin_zero else (None,):
            centers = [0 if i == zero else c.mean() for i, c in enumerate(cells)]
            best = min(best, error(data, np.array(centers)))
    return best


@given(
    st.lists(st.integers(-30, 30), min_size=5, max_size=8, unique=True),
    st.integers(2, 4),
    st.booleans(),
)
def test_lloyd_max_is_the_optimum(data: list[int], count: int, pin_zero: bool) -> None:
    ordered = np.sort(np.array(data, float))
    centers = lloyd_max(data, count, pin_zero=pin_zero)
    best = best_error(ordered, count, pin_zero)
    assert error(ordered, centers) == pytest.approx(best, abs=1e-3)


def test_lloyd_max_leaves_no_center_idle() -> None:
    """Equal bins over 0..1000 leave all but two of them empty here."""
    centers = lloyd_max([0, 1, 2, 3, 4, 1000], 6, pin_zero=False)
    np.testing.assert_allclose(centers, [0, 1, 2, 3, 4, 1000])


def test_lloyd_max_merges_very_many_values() -> None:
    data = np.random.default_rng(1).laplace(2, 10, 20_000)
    centers = lloyd_max(data, 8, pin_zero=False)
    nearest = np.abs(data[:, None] - centers).argmin(1)
    means = [data[nearest == index].mean() for index in range(8)]
    np.testing.assert_allclose(centers, means, atol=0.2)


def test_lloyd_max_of_a_histogram_is_that_of_its_samples() -> None:
    rng = np.random.default_rng(3)
    data = rng.laplace(3, 15, 3000).round().clip(-90, 90)
    levels = np.arange(-100, 101)
    counts = np.array([(data == level).sum() for level in levels])
    plain = lloyd_max(data, 10)
    np.testing.assert_allclose(lloyd_max(levels, 10, counts=counts), plain, atol=1e-3)
    # Shares do as well as counts.
    shares = counts / counts.sum()
    np.testing.assert_allclose(lloyd_max(levels, 10, counts=shares), plain, atol=1e-3)


@given(samples.filter(lambda x: len(np.unique(x)) >= 8), st.integers(2, 8))
def test_lloyd_max_is_no_worse_than_uniform(data: np.ndarray, count: int) -> None:
    centers = lloyd_max(data, count, pin_zero=False)
    assert len(centers) == count
    assert (np.diff(centers) > 0).all()
    uniform = uniform_centers(count, data.min(), data.max())
    assert error(data, centers) <= error(data, uniform) + 1e-4


@given(samples.filter(lambda x: len(np.unique(x)) >= 8), st.integers(2, 8))
def test_lloyd_max_pins_zero(data: np.ndarray, count: int) -> None:
    centers = lloyd_max(data, count, pin_zero=True)
    assert (centers == 0).sum() == 1
    assert (np.diff(centers) > 0).all()
    start = uniform_centers(count, data.min(), data.max())
    start[np.abs(start).argmin()] = 0
    assert error(data, centers) <= error(data, start) + 1e-4


@pytest.mark.parametrize(
    ("data", "count"), [([1, 2, 2, 1], 3), ([], 2), ([1, 2, 3], 1), ([5.0], 2)]
)
def test_lloyd_max_with_too_few_values(data: list[float], count: int) -> None:
    with pytest.raises(ValueError, match="different sample values"):
        lloyd_max(data, count)


@pytest.mark.parametrize(
    ("data", "counts"),
    [([1, np.nan, 3], None), ([1, np.inf, 3], None), ([1, 2], [1, 2, 3])],
)
def test_lloyd_max_of_broken_samples(data: list[float], counts: list[int]) -> None:
    with pytest.raises(ValueError, match="finite samples and a count for each"):
        lloyd_max(data, 2, counts=counts)


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


@given(priors, st.floats(0, 1), st.floats(0, 2))
def test_class_weights(prior: np.ndarray, share: float, power: float) -> None:
    weights = class_weights(prior, uniform_share=share, power=power)
    p = prior / prior.sum()
    assert weights.dtype == np.float32
    assert (weights[p == 0] == 0).all()
    assert (weights[p > 0] > 0).all()
    assert p @ weights.astype(float) == pytest.approx(1, rel=1e-4)
    # w ~ ((1 - lambda) p + lambda / Q)^-power, over the bins that are not empty.
    filled = p > 0
    mixed = (1 - share) * p[filled] + share / filled.sum()
    product = weights[filled] * mixed**power
    np.testing.assert_allclose(product, product[0], rtol=1e-4)


def test_class_weights_of_the_reference_are_inverse_frequencies() -> None:
    np.testing.assert_allclose(
        class_weights([0.5, 0.25, 0.25, 0]), [2 / 3, 4 / 3, 4 / 3, 0], rtol=1e-6
    )
    np.testing.assert_allclose(class_weights([0.5, 0.5, 0], uniform_share=1), [1, 1, 0])
    # Square roots: a bin sixteen times as rare weighs four times as much.
    one, other = class_weights([16 / 17, 1 / 17], power=0.5)
    assert other == pytest.approx(4 * one)
    np.testing.assert_array_equal(class_weights([0.9, 0.1, 0], power=0), [1, 1, 0])


@pytest.mark.parametrize("share", [-0.1, 1.1, np.nan])
def test_class_weights_with_a_share_out_of_range(share: float) -> None:
    with pytest.raises(ValueError, match=r"share in 0\.\.1"):
        class_weights([0.5, 0.5], uniform_share=share)


@pytest.mark.parametrize("power", [-0.1, np.inf, np.nan])
def test_class_weights_of_no_power(power: float) -> None:
    with pytest.raises(ValueError, match="power of at least 0"):
        class_weights([0.5, 0.5], power=power)


@pytest.mark.parametrize(
    "prior", [[0, 0], [-0.1, 1.1], [np.nan, 1], [[0.5, 0.5]], [np.inf, 1]]
)
def test_weights_of_what_is_no_prior(prior: list[float]) -> None:
    with pytest.raises(ValueError, match="expected a prior"):
        class_weights(prior)
    with pytest.raises(ValueError, match="expected a prior"):
        smoothed(prior, [0, 1], 5)


@given(priors, st.floats(0.1, 30))
def test_smoothed_prior(prior: np.ndarray, sigma: float) -> None:
    centers = np.arange(len(prior)) * 10
    result = smoothed(prior, centers, sigma)
    assert result.sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(result == 0, prior == 0)
    np.testing.assert_allclose(
        smoothed(prior, centers, 0), prior / prior.sum(), rtol=1e-5
    )


def test_smoothing_spreads_a_peak_evenly() -> None:
    result = smoothed([1e-9, 1e-9, 1, 1e-9, 1e-9], [-20, -10, 0, 10, 20], 5)
    kernel = np.exp(-0.5 * np.array([4.0, 2.0, 0.0, 2.0, 4.0]) ** 2)
    np.testing.assert_allclose(result, kernel / kernel.sum(), rtol=1e-4)


@pytest.mark.parametrize("sigma", [-1, np.nan, np.inf])
def test_smoothing_by_no_sigma(sigma: float) -> None:
    with pytest.raises(ValueError, match="sigma"):
        smoothed([0.5, 0.5], [0, 1], sigma)


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
