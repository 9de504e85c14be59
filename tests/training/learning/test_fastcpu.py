"""The fast training steps for CPUs, against PyTorch's own in float32."""

from __future__ import annotations

import copy
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from colorize_engine.bins import ChannelBins
from colorize_engine.pretrained import NetDesign
from colorize_engine.pretrained.torch_nets import ConvNorm, Doubling, UNet
from training.learning import fastcpu
from training.learning.losses import WeightedCrossEntropy

if TYPE_CHECKING:
    from torch import Tensor

DENSE = torch.channels_last
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def kernels() -> None:
    if sys.platform != "linux" and not fastcpu.available():
        pytest.skip("the fast kernels are for Linux; elsewhere training does without")
    assert fastcpu.available(), "g++ and ninja are part of what `make test` installs"


def values(*shape: int, seed: int = 0, mean: float = 0, scale: float = 1) -> Tensor:
    """Numbers that bfloat16 holds exactly, so that only the computing differs."""
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    drawn = (drawn * scale + mean).bfloat16().float()
    return drawn.contiguous(memory_format=DENSE) if len(shape) == 4 else drawn


def off(found: Tensor, expected: Tensor) -> float:
    """Relative distance of two tensors."""
    with torch.no_grad():
        return float((found.float() - expected).norm() / expected.norm())


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(12, 14), (4, 2), (1, 1)])
def test_depthwise_gradients(kernel: int, stride: int, size: tuple[int, int]) -> None:
    x, weight = values(3, 32, *size), values(32, 1, kernel, kernel, seed=1)
    exact = [t.clone().requires_grad_() for t in (x, weight)]
    expected = F.conv2d(*exact, stride=stride, padding=kernel // 2, groups=32)
    ours = [x.bfloat16().requires_grad_(), weight.clone().requires_grad_()]
    found = fastcpu.Depthwise.apply(*ours, stride)
    assert off(found, expected) < 5e-3
    gradient = values(*expected.shape, seed=2)
    expected.backward(gradient)
    found.backward(gradient.bfloat16())
    for mine, other in zip(ours, exact, strict=True):
        assert off(mine.grad, other.grad) < 5e-3


@pytest.mark.parametrize("activation", [None, nn.ReLU(), nn.ReLU6()])
@pytest.mark.parametrize("channels", [5, 24, 160])
def test_norm_and_activation(channels: int, activation: nn.Module | None) -> None:
    """Where y lies at a clamp, rounding may let a gradient through or not: few do."""
    slow = ConvNorm(channels, channels, 1, activation=activation).train()
    nn.init.uniform_(slow.norm.weight, 0.5, 3)
    nn.init.normal_(slow.norm.bias)
    # As it is: the convolution before it is not ours to test.
    slow.conv = nn.Identity()
    fast = copy.deepcopy(slow)
    x = values(4, channels, 16, 14, mean=1, scale=2)
    exact, ours = x.clone().requires_grad_(), x.bfloat16().requires_grad_()
    expected = slow(exact)
    top = -1.0 if activation is None else getattr(activation, "max_val", 1e30)
    norm = fast.norm
    found, mean, variance = fastcpu.NormAct.apply(
        ours, norm.weight, norm.bias, norm.eps, top
    )
    assert off(found, expected) < 5e-3
    assert off(mean, x.mean((0, 2, 3))) < 1e-4
    assert off(variance, x.var((0, 2, 3), unbiased=False)) < 1e-4
    gradient = values(*expected.shape, seed=2)
    expected.backward(gradient)
    found.backward(gradient.bfloat16())
    assert off(ours.grad, exact.grad) < 0.08
    assert off(norm.weight.grad, slow.norm.weight.grad) < 0.08
    assert off(norm.bias.grad, slow.norm.bias.grad) < 0.08


def test_running_statistics_are_those_of_batch_norm() -> None:
    slow = ConvNorm(3, 16, 3, activation=nn.ReLU()).train()
    fast = copy.deepcopy(slow)
    fast.__class__ = fastcpu.FastConvNorm
    for seed in range(3):
        slow(values(2, 3, 8, 8, seed=seed))
        with torch.autocast("cpu", torch.bfloat16):
            fast(values(2, 3, 8, 8, seed=seed))
    assert off(fast.norm.running_mean, slow.norm.running_mean) < 0.02
    assert off(fast.norm.running_var, slow.norm.running_var) < 0.02
    assert fast.norm.num_batches_tracked == 3
    x = values(2, 3, 8, 8)
    # In use, a net is any other.
    torch.testing.assert_close(fast.eval()(x), slow.eval()(x), atol=0.05, rtol=0.05)


@pytest.mark.parametrize("size", [(5, 7), (1, 3), (1, 1)])
def test_doubling(size: tuple[int, int]) -> None:
    x = values(2, 24, *size)
    exact, ours = x.clone().requires_grad_(), x.bfloat16().requires_grad_()
    expected = Doubling()(exact)
    found = fastcpu.Double.apply(ours)
    assert off(found, expected) < 5e-3
    gradient = values(*expected.shape, seed=2)
    expected.backward(gradient)
    found.backward(gradient.bfloat16())
    assert off(ours.grad, exact.grad) < 5e-3


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("block", [1, 4])
@pytest.mark.parametrize("counted", [None, [True, False, True]])
def test_cross_entropy(soft: bool, block: int, counted: list[bool] | None) -> None:
    """Of one head of two; true values lie beyond the outer centers, too."""
    photos = None if counted is None else torch.tensor(counted)
    centers = np.array([-60, -20, -5, 0, 8, 30, 75], np.float32)
    blank = ChannelBins.unweighted(centers)
    bins = replace(blank, weights=np.array([0, 0.5, 1, 0.2, 1.5, 4, 2], np.float32))
    logits, true = (
        values(3, 12, 6, 8, scale=3),
        values(3, 6 * block, 8 * block, scale=40),
    )
    slow, fast = (WeightedCrossEntropy(bins, soft, CPU, fast=f) for f in (False, True))
    exact, ours = logits.clone().requires_grad_(), logits.bfloat16().requires_grad_()
    expected = slow(exact[:, 2:9], true, photos)
    found = fast(ours[:, 2:9], true, photos)
    assert float(found.detach()) == pytest.approx(float(expected.detach()), rel=1e-4)
    (3 * expected).backward()
    (3 * found).backward()
    assert off(ours.grad, exact.grad) < 1e-2
    assert not ours.grad[:, :2].any()


def test_a_net_trains_as_well_with_them() -> None:
    """The same steps with PyTorch's functions in float32 and with these."""
    design = NetDesign("lite0", (), (32, 16), True, ("L",), 6)
    torch.manual_seed(0)
    slow = UNet(design).to(memory_format=DENSE).train()
    fast = copy.deepcopy(slow)
    assert fastcpu.accelerate(fast)
    assert list(fast.state_dict()) == list(slow.state_dict())
    x, wanted = values(4, 1, 64, 64), values(4, 1, 8, 8, seed=1) > 0
    starts, ends = [], []
    for net, enabled in ((slow, False), (fast, True)):
        optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
        for step in range(12):
            with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
                logits = net(x)
            loss = F.cross_entropy(logits.float(), wanted[:, 0].long() * 5)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step == 0:
                starts.append(float(loss.detach()))
        ends.append(float(loss.detach()))
    assert starts[1] == pytest.approx(starts[0], abs=0.02)
    assert ends[1] == pytest.approx(ends[0], abs=0.05)
    assert ends[1] < starts[1] - 0.2


def test_nets_that_do_not_fit_stay_as_they_are() -> None:
    net = UNet(NetDesign("lite0", (), (8,), False, ("L",), 3))
    net.encoder.stem = ConvNorm(1, 24, groups=1, stride=2)
    net.encoder.blocks[0].depthwise = ConvNorm(24, 24, groups=24)
    assert not fastcpu.accelerate(net)
    assert not any(isinstance(m, fastcpu.FastConvNorm) for m in net.modules())
