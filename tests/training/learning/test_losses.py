"""The weighted cross-entropy, against its textbook forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from colorize_engine.bins import ChannelBins
from training.learning.losses import WeightedCrossEntropy

CPU = torch.device("cpu")
CENTERS = np.array([-60, -20, -5, 0, 8, 30, 75], np.float32)


def bins_of(values: torch.Tensor, *, soft: bool) -> ChannelBins:
    """Bins with the very prior of the values and weights of all sizes."""
    weights = np.array([3.0, 0.5, 1.0, 0.2, 1.5, 4.0, 2.0], np.float32)
    blank = ChannelBins.unweighted(CENTERS)
    prior = blank.measure_prior(values.numpy(), soft=soft)
    return ChannelBins(CENTERS, prior, weights)


@pytest.fixture
def values() -> torch.Tensor:
    random = torch.Generator().manual_seed(0)
    return torch.randn(3, 9, 7, generator=random) * 35


@pytest.fixture
def logits() -> torch.Tensor:
    random = torch.Generator().manual_seed(1)
    return torch.randn(3, len(CENTERS), 9, 7, generator=random) * 2


def test_hard_targets_give_the_cross_entropy_of_torch(
    values: torch.Tensor, logits: torch.Tensor
) -> None:
    bins = bins_of(values, soft=False)
    found = WeightedCrossEntropy(bins, False, CPU)(logits, values)
    nearest = (values[..., None] - torch.from_numpy(CENTERS)).abs().argmin(-1)
    weights = torch.from_numpy(bins.weights)
    expected = F.cross_entropy(logits, nearest, weight=weights, reduction="mean")
    torch.testing.assert_close(found, expected)


def test_soft_targets_give_a_dense_sum(
    values: torch.Tensor, logits: torch.Tensor
) -> None:
    bins = bins_of(values, soft=True)
    found = WeightedCrossEntropy(bins, True, CPU)(logits, values)
    inside = values.clamp(-60, 75).numpy()
    # Piecewise linear interpolation of the unit vectors is the soft encoding.
    shares = np.stack([np.interp(inside, CENTERS, unit) for unit in np.eye(7)], 1)
    np.testing.assert_allclose(
        np.einsum("nqhw,q->nhw", shares, CENTERS), inside, atol=1e-4
    )
    weighted = torch.from_numpy(shares * bins.weights[:, None, None])
    log_z = logits.double().log_softmax(1)
    expected = -(weighted * log_z).sum() / weighted.sum()
    assert float(found) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("soft", [False, True])
def test_targets_are_those_of_the_bins(soft: bool) -> None:
    bins = ChannelBins.unweighted(CENTERS)
    values = torch.tensor([-100.0, -60, -40, -12.5, -2.6, -2.4, 0, 4, 4.1, 75, 99])
    lower, share = WeightedCrossEntropy(bins, soft, CPU).targets(values)
    if soft:
        expected_lower, expected_share = bins.encode_soft(values.numpy())
        np.testing.assert_array_equal(lower, expected_lower)
        np.testing.assert_allclose(share, expected_share, atol=1e-6)
    else:
        np.testing.assert_array_equal(
            lower + share.long(), bins.encode_hard(values.numpy())
        )


@pytest.mark.parametrize("soft", [False, True])
def test_the_best_constant_is_weights_times_prior(
    soft: bool, values: torch.Tensor
) -> None:
    bins = bins_of(values, soft=soft)
    loss = WeightedCrossEntropy(bins, soft, CPU)
    best = torch.from_numpy(bins.weights * bins.prior)
    best = best / best.sum()

    def of(z: torch.Tensor) -> torch.Tensor:
        logits = z.log()[None, :, None, None].expand(3, -1, 9, 7)
        return loss(logits, values)

    assert float(of(best)) == pytest.approx(loss.of_constant(), rel=1e-5)
    # There the slope is zero; every other constant is worse.
    free = best.log()[None, :, None, None].clone().requires_grad_()
    loss(free.expand(3, -1, 9, 7), values).backward()
    assert float(free.grad.abs().max()) < 1e-6
    random = torch.Generator().manual_seed(2)
    for scale in (0.05, 0.5, 2):
        noise = torch.randn(len(CENTERS), generator=random) * scale
        other = (best.log() + noise).softmax(0)
        assert float(of(other)) > loss.of_constant()


def test_learned_logits_tend_to_weights_times_the_data(values: torch.Tensor) -> None:
    bins = bins_of(values, soft=True)
    loss = WeightedCrossEntropy(bins, True, CPU)
    logits = torch.zeros(1, len(CENTERS), 1, 1, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=60)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        value = loss(logits.expand(3, -1, 9, 7), values)
        value.backward()
        return value

    optimizer.step(closure)
    z = logits.detach().flatten().softmax(0)
    undone = z / torch.from_numpy(bins.weights)
    torch.testing.assert_close(
        undone / undone.sum(), torch.from_numpy(bins.prior), atol=2e-3, rtol=0
    )


def test_empty_bins_count_for_nothing() -> None:
    bins = ChannelBins([-50, 0, 50], [0, 0.5, 0.5], [0, 1, 2])
    loss = WeightedCrossEntropy(bins, False, CPU)
    values = torch.tensor([[[0.0, 50.0, -50.0]]])
    logits = torch.zeros(1, 3, 1, 3)
    assert float(loss(logits, values)) == pytest.approx(np.log(3), rel=1e-6)
    only_empty = loss(logits, torch.full((1, 1, 3), -50.0))
    assert float(only_empty) == 0
    assert loss.of_constant() == pytest.approx(
        -(1 / 3 * np.log(1 / 3) + 2 / 3 * np.log(2 / 3)), rel=1e-6
    )


def test_photos_that_are_not_counted_are_as_good_as_absent(
    values: torch.Tensor, logits: torch.Tensor
) -> None:
    loss = WeightedCrossEntropy(bins_of(values, soft=True), True, CPU)
    free = logits.clone().requires_grad_()
    found = loss(free, values, torch.tensor([True, False, True]))
    torch.testing.assert_close(found, loss(logits[::2], values[::2]))
    found.backward()
    assert not free.grad[1].any()
    assert free.grad[0].any()
    assert float(loss(logits, values, torch.zeros(3, dtype=torch.bool))) == 0
