"""Decoding: annealed mean, rebalancing, entropy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from colorize_engine.bins import ChannelBins
from colorize_engine.decode import (
    Distribution,
    annealed_mean,
    entropy,
    rebalanced,
    sharpened,
    softmax,
)

temperatures = st.floats(0, 1)
moderate = st.floats(-15, 15, width=32)
extreme = st.floats(-(2.0**100), 2.0**100, width=32)


@st.composite
def logits_and_centers(
    draw: st.DrawFn, elements: st.SearchStrategy[float] = moderate
) -> tuple[np.ndarray, np.ndarray]:
    """Logits (Q, 2, 3) and ascending centers (Q,)."""
    count = draw(st.integers(2, 22))
    steps = draw(arrays(np.float32, count, elements=st.floats(1, 20, width=32)))
    logits = draw(arrays(np.float32, (count, 2, 3), elements=elements))
    return logits, (np.cumsum(steps) - 100).astype(np.float32)


def direct(
    logits: np.ndarray, weights: np.ndarray, gamma: float, temperature: float
) -> np.ndarray:
    """Sharpened distribution by its formula, in float64."""
    z = np.exp(logits - logits.max(0), dtype=np.float64)
    powers = np.power(weights, gamma, where=weights > 0, out=np.zeros(len(weights)))
    z = z / z.sum(0) * powers.reshape(-1, *(1,) * (z.ndim - 1))
    z /= z.max(0)
    f = z ** (1 / temperature)
    return f / f.sum(0)


@given(logits_and_centers(extreme), temperatures)
def test_result_lies_between_the_extreme_centers(
    case: tuple[np.ndarray, np.ndarray], temperature: float
) -> None:
    logits, centers = case
    mean = annealed_mean(logits, centers, temperature)
    assert mean.dtype == np.float32
    assert mean.shape == logits.shape[1:]
    assert (mean >= centers[0]).all()
    assert (mean <= centers[-1]).all()


@given(logits_and_centers(), st.floats(0.05, 1))
def test_annealed_mean_follows_its_formula(
    case: tuple[np.ndarray, np.ndarray], temperature: float
) -> None:
    logits, centers = case
    f = direct(logits, np.ones(len(centers)), 0, temperature)
    expected = np.tensordot(centers, f, 1)
    np.testing.assert_allclose(
        annealed_mean(logits, centers, temperature), expected, atol=0.01
    )


@given(logits_and_centers())
def test_temperature_1_is_the_mean(case: tuple[np.ndarray, np.ndarray]) -> None:
    logits, centers = case
    mean = np.tensordot(centers, softmax(logits), 1)
    np.testing.assert_allclose(annealed_mean(logits, centers, 1), mean, atol=1e-3)


@given(logits_and_centers())
def test_small_temperatures_tend_to_the_mode(
    case: tuple[np.ndarray, np.ndarray],
) -> None:
    ranks, centers = case[0].argsort(0).argsort(0), case[1]
    logits = ranks.astype(np.float32) / 2
    mode = centers[logits.argmax(0)]
    np.testing.assert_array_equal(annealed_mean(logits, centers, 0), mode)
    # At T the others have less than Q exp(-0.5 / T) of the most likely one's share.
    distances = []
    for temperature in (0.1, 0.03, 0.01, 1e-6, 1e-45):
        mean = annealed_mean(logits, centers, temperature)
        distances.append(np.abs(mean - mode).max())
        bound = len(centers) * np.ptp(centers) * np.exp(-0.5 / temperature)
        assert distances[-1] <= bound + 1e-3
    assert distances[-1] == 0


@given(logits_and_centers(), st.data())
def test_tied_modes_are_averaged(
    case: tuple[np.ndarray, np.ndarray], data: st.DataObject
) -> None:
    logits, centers = case
    tied = data.draw(
        st.lists(st.integers(0, len(centers) - 1), min_size=2, unique=True)
    )
    logits[tied] = 20
    np.testing.assert_allclose(
        annealed_mean(logits, centers, 0), centers[tied].mean(), rtol=1e-5, atol=1e-4
    )
    np.testing.assert_allclose(
        annealed_mean(logits, centers, 0.01), centers[tied].mean(), atol=1e-3
    )


@given(logits_and_centers(), temperatures, st.randoms())
def test_permuting_bins_with_their_centers_changes_nothing(
    case: tuple[np.ndarray, np.ndarray], temperature: float, random: object
) -> None:
    logits, centers = case
    order = list(range(len(centers)))
    random.shuffle(order)
    np.testing.assert_allclose(
        annealed_mean(logits[order], centers[order], temperature),
        annealed_mean(logits, centers, temperature),
        atol=1e-3,
    )


@given(logits_and_centers(), st.floats(-1000, 1000, width=32), temperatures)
def test_a_constant_on_all_logits_changes_little(
    case: tuple[np.ndarray, np.ndarray], constant: float, temperature: float
) -> None:
    """Float32 keeps 1e-4 of logits around 1000, hence whole ones here."""
    logits, centers = np.rint(case[0]), case[1]
    np.testing.assert_allclose(
        annealed_mean(logits + np.rint(constant), centers, temperature),
        annealed_mean(logits, centers, temperature),
        atol=1e-3,
    )


@given(logits_and_centers(extreme), st.floats(0.01, 1))
def test_float32_is_stable_with_extreme_logits(
    case: tuple[np.ndarray, np.ndarray], temperature: float
) -> None:
    logits, centers = case
    exact = logits.astype(np.float64) - logits.max(0)
    with np.errstate(over="ignore", under="ignore"):
        f = np.exp(exact / temperature)
    expected = np.tensordot(centers.astype(np.float64), f / f.sum(0), 1)
    np.testing.assert_allclose(
        annealed_mean(logits, centers, temperature), expected, atol=0.02
    )


@pytest.mark.parametrize("temperature", [0.0, 1e-45, 0.01, 0.38, 1.0])
def test_largest_floats_do_not_overflow(temperature: float) -> None:
    top = np.finfo(np.float32).max
    logits = np.array([[top, -top, -np.inf], [-top, top, top]], np.float32)
    mean = annealed_mean(logits, [-50, 70], temperature)
    np.testing.assert_array_equal(mean, [-50, 70, 70])
    probabilities = softmax(logits)
    np.testing.assert_array_equal(probabilities, [[1, 0, 0], [0, 1, 1]])


@pytest.mark.parametrize("temperature", [-0.1, 1.1, np.nan, np.inf, -np.inf])
def test_temperature_out_of_range(temperature: float) -> None:
    with pytest.raises(ValueError, match=r"temperature in 0\.\.1"):
        annealed_mean(np.zeros((2, 3)), [0, 1], temperature)


def test_centers_that_do_not_fit_the_logits() -> None:
    with pytest.raises(ValueError, match=r"got \(20, 3, 3\) and \(10,\)"):
        annealed_mean(np.zeros((20, 3, 3)), np.arange(10))


@given(logits_and_centers(), st.floats(-5, 5), st.floats(0.1, 1), st.data())
def test_rebalancing_follows_its_formula(
    case: tuple[np.ndarray, np.ndarray],
    gamma: float,
    temperature: float,
    data: st.DataObject,
) -> None:
    logits, centers = case
    weights = data.draw(
        arrays(np.float64, len(centers), elements=st.floats(1 / 64, 64))
    )
    shifted = rebalanced(logits, weights, gamma)
    assert shifted.dtype == np.float32
    np.testing.assert_allclose(
        softmax(shifted), direct(logits, weights, gamma, 1), atol=1e-4
    )
    expected = np.tensordot(centers, direct(logits, weights, gamma, temperature), 1)
    np.testing.assert_allclose(
        annealed_mean(shifted, centers, temperature), expected, atol=0.02
    )


def test_rebalance_0_leaves_the_logits_as_they_are() -> None:
    logits = np.random.default_rng(0).normal(0, 3, (4, 5)).astype(np.float32)
    np.testing.assert_array_equal(rebalanced(logits, [0.1, 1, 2, 30], 0), logits)


@given(
    logits_and_centers(),
    st.one_of(st.sampled_from([-1.0, 0.0, 1.0, 1e6, -1e6]), st.floats(-1e30, 1e30)),
    temperatures,
)
def test_an_empty_bin_has_probability_0_at_every_gamma(
    case: tuple[np.ndarray, np.ndarray], gamma: float, temperature: float
) -> None:
    logits, centers = case
    weights = np.linspace(0.5, 3, len(centers), dtype=np.float32)
    weights[0] = 0
    logits[0] = 40
    probabilities = softmax(rebalanced(logits, weights, gamma))
    assert (probabilities[0] == 0).all()
    np.testing.assert_allclose(probabilities.sum(0), 1, atol=1e-5)
    mean = annealed_mean(rebalanced(logits, weights, gamma), centers, temperature)
    assert (mean >= centers[1]).all()
    assert (mean <= centers[-1]).all()


@pytest.mark.parametrize("gamma", [np.nan, np.inf, -np.inf])
def test_rebalance_that_is_not_finite(gamma: float) -> None:
    with pytest.raises(ValueError, match="finite rebalance"):
        rebalanced(np.zeros((2, 3)), [1, 2], gamma)


@given(logits_and_centers(extreme))
def test_entropy_bounds(case: tuple[np.ndarray, np.ndarray]) -> None:
    bits = entropy(softmax(case[0]))
    assert bits.dtype == np.float32
    assert bits.shape == case[0].shape[1:]
    assert (bits >= 0).all()
    assert not np.signbit(bits).any()
    assert (bits <= np.log2(len(case[0])) + 1e-5).all()


def test_entropy_of_known_distributions() -> None:
    p = np.array(
        [[0.25, 1, 0.5, 0.5], [0.25, 0, 0, 0.25]] + [[0.25, 0, 0.25, 0.125]] * 2
    )
    p[:, 2] = [0.5, 0.5, 0, 0]
    np.testing.assert_allclose(entropy(p), [2, 0, 1, 1.75], atol=1e-6)


def distribution() -> Distribution:
    """Four bins, the first of them empty, and 5 x 6 pixels."""
    logits = np.random.default_rng(5).normal(0, 2, (4, 5, 6)).astype(np.float32)
    bins = ChannelBins([-30, -5, 0, 40], [0, 0.2, 0.7, 0.1], [0, 1, 0.5, 4])
    return Distribution(logits, bins)


def test_probabilities_have_the_class_weights_undone() -> None:
    d = distribution()
    expected = direct(d.logits, d.bins.weights, -1, 1)
    np.testing.assert_allclose(d.probabilities, expected, atol=1e-6)
    assert d.probabilities.dtype == np.float32
    assert (d.probabilities[0] == 0).all()


def test_distribution_decodes_the_rebalanced_one() -> None:
    d = distribution()
    before = d.logits.copy()
    f = direct(d.logits, d.bins.weights, 0.5, 0.38)
    np.testing.assert_allclose(
        d.decode(0.38, 0.5), np.tensordot(d.bins.centers, f, 1), atol=1e-3
    )
    np.testing.assert_array_equal(d.logits, before)


def test_entropy_is_that_of_the_probabilities() -> None:
    d = distribution()
    p = direct(d.logits, d.bins.weights, -1, 1)[1:]
    np.testing.assert_allclose(d.entropy(), -(p * np.log2(p)).sum(0), atol=1e-5)
    assert d.entropy().max() <= np.log2(3) + 1e-6


@given(temperature=st.floats(0, 1), gamma=st.floats(-2, 2), seed=st.integers(0, 1000))
def test_the_decoded_value_is_the_mean_of_the_sharpened_distribution(
    temperature: float, gamma: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    centers = np.arange(-100, 101, 10, dtype=np.float32)
    weights = rng.uniform(0.1, 5, len(centers))
    logits = rng.normal(0, 3, (len(centers), 2, 3)).astype(np.float32)
    d = Distribution(logits, ChannelBins(centers, weights, weights))
    shares = d.sharpened(temperature, gamma)
    np.testing.assert_allclose(shares.sum(0), 1, atol=1e-5)
    mean = np.tensordot(centers, shares, 1)
    np.testing.assert_allclose(mean, d.decode(temperature, gamma), atol=1e-3)


def test_sharpened_to_the_mode_as_trained_and_without_overflow() -> None:
    logs = np.log(np.float32([0.4, 0.2, 0.4]))
    np.testing.assert_array_equal(sharpened(logs, 0), np.float32([0.5, 0, 0.5]))
    np.testing.assert_allclose(sharpened(logs, 1), [0.4, 0.2, 0.4], rtol=1e-6)
    alone = np.log(np.float32([0.1, 0.2, 0.7]))
    np.testing.assert_array_equal(sharpened(alone, 5e-324), np.float32([0, 0, 1]))
    with pytest.raises(ValueError, match=r"temperature in 0\.\.1, got 2"):
        sharpened(alone, 2)


def test_an_empty_bin_stays_empty_however_sharp() -> None:
    for temperature in (0, 0.38, 1):
        assert (distribution().sharpened(temperature, -1)[0] == 0).all()
