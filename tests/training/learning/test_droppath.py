"""Residual blocks are left out while training, and only then."""

from __future__ import annotations

import pytest
import torch

from colorize_engine.pretrained import NetDesign, UNet
from training.learning.droppath import DropPath
from training.photos import Dice

CPU = torch.device("cpu")
DESIGN = NetDesign("lite0", (), (8, 8), False, ("L",), 5)
PHOTOS = 400


@pytest.fixture
def net() -> UNet:
    torch.manual_seed(2)
    return UNet(DESIGN)


def test_a_dropped_block_gives_its_input_and_the_mean_stays(net: UNet) -> None:
    drop = DropPath(net, 0.5)
    block = net.encoder.get_submodule("blocks.14")
    assert block.residual  # type: ignore[union-attr]
    # All photos alike, so that the batch's statistics do not depend on what is dropped.
    x = torch.rand(1, 192, 2, 2).expand(PHOTOS, -1, -1, -1)
    drop.draw(Dice((1,), PHOTOS), CPU)
    y = block.train()(x) - x
    whole = y.abs().amax((1, 2, 3)) > 0
    # Number 15 of 16 blocks.
    rate = 0.5 * 15 / 16
    assert abs(float((~whole).float().mean()) - rate) < 0.1
    block.project.norm.reset_running_stats()  # type: ignore[union-attr]
    bare = UNet(DESIGN).encoder.get_submodule("blocks.14")
    bare.load_state_dict(block.state_dict())
    expected = (bare.train()(x) - x)[0] / (1 - rate)
    torch.testing.assert_close(y[whole][0], expected, atol=1e-5, rtol=1e-4)


def test_it_is_a_function_of_the_numbers_given(net: UNet) -> None:
    drop, x = DropPath(net, 0.5), torch.rand(8, 1, 32, 32)
    net.train()

    def run(seed: int) -> torch.Tensor:
        drop.draw(Dice((seed,), 8), CPU)
        return net(x)

    torch.testing.assert_close(run(1), run(1), atol=0, rtol=0)
    assert not torch.allclose(run(1), run(2))


def test_in_use_nothing_is_dropped(net: UNet) -> None:
    x = torch.rand(2, 1, 32, 32)
    expected = net.eval()(x)
    drop = DropPath(net, 0.5)
    drop.draw(Dice((1,), 2), CPU)
    torch.testing.assert_close(net(x), expected, atol=0, rtol=0)


def test_a_rate_of_zero_hooks_nothing(net: UNet) -> None:
    DropPath(net, 0.0)
    assert not any(module._forward_hooks for module in net.modules())
