"""Bin schemes: centers, class weights, smoothed priors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from colorize_engine.bins import (
    GAMUT_RANGE,
    ChannelBins,
    class_weights,
    smoothed,
    uniform_centers,
    zero_centered,
)

priors = arrays(
    np.float64, st.integers(2, 24), elements=st.just(0) | st.floats(1e-4, 1)
).filter(np.any)


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
