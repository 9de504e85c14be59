"""Lloyd-Max: centers with the least error on samples."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from colorize_engine.bins import (
    lloyd_max,
    uniform_centers,
)

samples = arrays(np.float64, st.integers(12, 60), elements=st.integers(-90, 90))


def error(data: np.ndarray, centers: np.ndarray) -> float:
    """Mean squared distance of samples to their nearest center."""
    return float((np.abs(data[:, None] - centers).min(1) ** 2).mean())


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
