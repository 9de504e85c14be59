"""One training run: reproducible, resumable, started from what there is."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from colorize_engine.pretrained import Card, save
from colorize_engine.pretrained.torch_nets import UNet, net_input
from training.learning import Trainer
from training.learning.checkpoints import WEIGHTS
from training.learning.machine import Machine
from training.learning.optimizer import Ema, learning_rate
from training.learning.start import start_net
from training.photos import Hints
from training.photos.data_set import DataSet
from training.presets import Run, Stage

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from colorize_engine.bins import ChannelBins
    from training.presets import Preset

SETTINGS = Machine(torch.device("cpu"), torch.float32)

pytestmark = pytest.mark.usefixtures("one_thread")


def trainer_of(
    preset: Preset,
    channels: str,
    data: Path,
    bins: dict[str, ChannelBins],
    out: Path,
    stages: tuple[Stage, ...] = (Stage(32, 24, 8, 0.8), Stage(64, 12, 4, 0.8)),
    soft_share: float = 0.5,
) -> Trainer:
    run = Run(channels, 1.0, stages, soft_share)
    return Trainer(preset, run, DataSet.open(data), bins, out, SETTINGS)


def recorded(trainer: Trainer, steps: int) -> list[tuple[Tensor, ...]]:
    """Take steps; give what the loss got to see in each: L, a, b, hints, softness."""
    seen: list[tuple[Tensor, ...]] = []
    whole_loss = trainer.loss

    def loss(*batch: Tensor | Hints, soft: bool) -> Tensor:
        *planes, hints = batch
        shown = hints.planes, hints.dense["a"], hints.dense["b"]
        seen.append((*planes, *shown, torch.tensor(soft)))
        return whole_loss(*batch, soft=soft)

    trainer.loss = loss
    for _ in range(steps):
        trainer.step()
    trainer.loss = whole_loss
    return seen


def assert_equal(left: dict[str, Tensor], right: dict[str, Tensor]) -> None:
    assert left.keys() == right.keys()
    for name, value in left.items():
        assert torch.equal(value, right[name]), name


def test_a_resumed_training_is_the_same_to_the_bit(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    whole = trainer_of(tiny, "b", data, bins, tmp_path / "whole")
    expected = recorded(whole, 6)
    first = trainer_of(tiny, "b", data, bins, tmp_path / "parts")
    found = recorded(first, 3)
    first.save()
    # Other numbers from the global generator must change nothing.
    torch.manual_seed(99)
    second = trainer_of(tiny, "b", data, bins, tmp_path / "parts")
    second.resume()
    assert second.done == 24
    found += recorded(second, 3)
    shapes = [tuple(batch[0].shape) for batch in expected]
    assert shapes == [(8, 32, 32)] * 3 + [(4, 64, 64)] * 3
    for one, other in zip(expected, found, strict=True):
        assert all(map(torch.equal, one, other))
    assert not torch.equal(expected[0][3], expected[1][3])
    # Half of the 36 photos have soft targets.
    assert [bool(batch[-1]) for batch in expected] == [True] * 3 + [False] * 3
    assert_equal(whole.net.state_dict(), second.net.state_dict())
    assert_equal(whole.ema.state, second.ema.state)
    assert whole.done == second.done == 36


def test_validation_does_not_disturb_the_training(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    left, right = (trainer_of(tiny, "a", data, bins, tmp_path) for _ in range(2))
    losses = []
    for _ in range(2):
        left.step()
        right.step()
        losses.append(right.validate())
    assert losses[0] != losses[1]
    assert right.validate() == losses[1]
    assert_equal(left.net.state_dict(), right.net.state_dict())


def test_the_channels_learn_in_orders_of_their_own(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    orders = {
        channels: tuple(
            trainer_of(tiny, channels, data, bins, tmp_path).batches.order(0, 50)
        )
        for channels in ("both", "a", "b")
    }
    assert len(set(orders.values())) == 3


def test_a_batch_larger_than_the_data_set_trains(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    photos = DataSet.open(data)
    few = replace(photos, train=photos.train[:3])
    run = Run("a", 1.0, (Stage(32, 16, 8, 0.8),))
    trainer = Trainer(tiny, run, few, bins, tmp_path, SETTINGS)
    before = trainer.net.head.weight.clone()
    trainer.step()
    assert math.isfinite(trainer.step())
    assert not torch.equal(trainer.net.head.weight, before)


def test_a_size_that_the_net_cannot_take_is_an_error(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"multiples of 8 in the preset tiny.*36"):
        stages = (Stage(32, 8, 8, 0.8), Stage(36, 8, 8, 0.8))
        trainer_of(tiny, "a", data, bins, tmp_path, stages)


def test_processes_that_cannot_share_a_batch_are_an_error(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    run = Run("a", 1.0, (Stage(32, 12, 6, 0.8), Stage(64, 8, 8, 0.8)))
    three = replace(SETTINGS, world=3)
    with pytest.raises(ValueError, match=r"divides the batches of \[6, 8\] .* got 3"):
        Trainer(tiny, run, DataSet.open(data), bins, tmp_path, three)


def test_a_loss_that_is_not_finite_ends_the_training(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    trainer = trainer_of(tiny, "a", data, bins, tmp_path)
    with torch.no_grad():
        trainer.net.head.bias[0] = float("nan")
    with pytest.raises(ValueError, match="the loss is nan after 8 photos"):
        trainer.fit()


def test_a_fresh_net_predicts_the_best_constant(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    trainer = trainer_of(tiny, "both", data, bins, tmp_path)
    bias = trainer.net.head.bias.detach()
    for part, channel in zip(bias.split(trainer.objective.widths), "ab", strict=True):
        best = torch.from_numpy(bins[channel].weights * bins[channel].prior)
        torch.testing.assert_close(
            part.softmax(0), best / best.sum(), atol=2e-3, rtol=0
        )
    prior = [bins[c].weights * bins[c].prior for c in "ab"]
    shares = [mass[mass > 0] / mass.sum() for mass in prior]
    constant = -sum(float((share * np.log(share)).sum()) for share in shares)
    assert trainer.objective.constant == pytest.approx(constant, rel=1e-5)


@pytest.mark.parametrize("soft", [True, False])
def test_targets_are_soft_or_hard(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path, soft: bool
) -> None:
    objective = trainer_of(tiny, "a", data, bins, tmp_path).objective
    # Three tenths of the way from one center to the next, with a likelihood of
    # 0.7 and 0.3 there: a hard target has but the first.
    at = int(bins["a"].weights.argmax())
    at = at if at + 1 < len(bins["a"]) and bins["a"].weights[at + 1] > 0 else at - 1
    low, high = bins["a"].centers[at : at + 2]
    values = torch.full((1, 2, 2), 0.7 * low + 0.3 * high)
    likely = torch.full((len(bins["a"]),), 1e-9)
    likely[at], likely[at + 1] = 0.7, 0.3
    logits = likely.log()[None, :, None, None].expand(1, -1, 2, 2)
    found = objective(logits, {"a": values}, soft)
    shares = [0.7, 0.3] if soft else [1.0, 0.0]
    amounts = np.array(shares) * bins["a"].weights[at : at + 2]
    expected = -(amounts * np.log([0.7, 0.3])).sum() / amounts.sum()
    assert float(found) == pytest.approx(expected, rel=1e-4)


def test_the_net_sees_hints_and_a_head_learns_nothing_from_its_own_channel(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    trainer = trainer_of(tiny, "both", data, bins, tmp_path)
    batch = trainer.batches.augmented(0, 8, 32, 0.8)
    planes = torch.rand(8, 4, 32, 32)
    all_of_a = torch.arange(8) < 5
    all_of_b = torch.arange(8) >= 8
    hints = Hints(planes, {"a": all_of_a, "b": all_of_b})
    trainer.net.eval().requires_grad_(False)
    found = trainer.loss(*batch, hints, soft=True)
    logits = trainer.net(net_input(batch[0], planes, trainer.net.design.inputs))
    of_a, of_b = logits.split(trainer.objective.widths, 1)
    alone = {c: trainer_of(tiny, c, data, bins, tmp_path).objective for c in ("a", "b")}
    expected = alone["a"](of_a[5:], {"a": batch[1][5:]}, soft=True)
    expected = expected + alone["b"](of_b, {"b": batch[2]}, soft=True)
    torch.testing.assert_close(found, expected)
    assert float(trainer.loss(*batch, soft=True)) != float(found)


def test_a_stage_has_a_crop_of_its_own(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    stages = (Stage(32, 8, 8, 0.25), Stage(64, 8, 4, 0.9))
    trainer = trainer_of(tiny, "a", data, bins, tmp_path, stages)
    asked = []
    augmented = trainer.batches.augmented

    def recording(*arguments: float) -> object:
        asked.append(arguments)
        return augmented(*arguments)

    trainer.batches.augmented = recording
    for _ in range(3):
        trainer.step()
    assert asked == [(0, 8, 32, 0.25), (8, 4, 64, 0.9), (12, 4, 64, 0.9)]


def test_separate_nets_start_from_the_one_with_both_heads(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    both = trainer_of(tiny, "both", data, bins, tmp_path, (Stage(32, 16, 8, 0.8),))
    path = both.fit()
    assert path == tmp_path / "both" / WEIGHTS
    assert_equal(load_file(path), both.ema.state)
    whole = UNet(tiny.design("both", bins)).eval()
    whole.load_state_dict(load_file(path))
    lightness, planes = torch.rand(1, 32, 32) * 100, torch.rand(1, 4, 32, 32)
    x = net_input(lightness, planes, whole.design.inputs)
    logits = whole(x).split([len(bins["a"]), len(bins["b"])], 1)
    for part, channel in zip(logits, ("a", "b"), strict=True):
        net = start_net(tiny, channel, bins, path).eval()
        torch.testing.assert_close(net(x), part)
        separate = trainer_of(tiny, channel, data, bins, tmp_path)
        assert_equal(separate.net.state_dict(), net.state_dict())


def test_without_an_earlier_run_a_net_starts_afresh(
    tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    alone = start_net(tiny, "a", bins, tmp_path / "gone").state_dict()
    assert_equal(alone, start_net(tiny, "a", bins).state_dict())


def test_training_starts_from_a_model_folder(
    tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    torch.manual_seed(5)
    nets = {channel: UNet(tiny.design(channel, bins)) for channel in "ab"}
    folder = tmp_path / "model"
    save(folder, Card("m", "1", "A model.", {}, bins), nets)
    started = {
        c: start_net(tiny, c, bins, init_from=folder) for c in ("a", "b", "both")
    }
    for channel in "ab":
        expected = {k: v.half().to(v) for k, v in nets[channel].state_dict().items()}
        assert_equal(started[channel].state_dict(), expected)
    heads = [nets[channel].head.weight.half().float() for channel in "ab"]
    assert torch.equal(started["both"].head.weight, torch.cat(heads))
    doubled = {c: replace(b, weights=b.weights * b.weights) for c, b in bins.items()}
    moved = start_net(tiny, "b", doubled, init_from=folder).head.bias
    shift = torch.from_numpy(np.log(np.where(bins["b"].weights, bins["b"].weights, 1)))
    torch.testing.assert_close(moved, started["b"].head.bias + shift)
    other = replace(tiny, net={**tiny.net, "context": False})
    with pytest.raises(ValueError, match="expected its net a to be"):
        start_net(other, "a", bins, init_from=folder)
    with pytest.raises(ValueError, match="no model"):
        start_net(tiny, "a", bins, init_from=tmp_path / "gone")


def test_a_checkpoint_of_another_start_is_an_error(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    nets = {channel: UNet(tiny.design(channel, bins)) for channel in "ab"}
    card = save(folder, Card("m", "1", "A model.", {}, bins), nets)
    trainer_of(tiny, "a", data, bins, tmp_path).save()
    run, photos = tiny.runs[1], DataSet.open(data)
    trainer = Trainer(tiny, run, photos, bins, tmp_path, SETTINGS, folder)
    expected = f"started from no model, expected {card.label}"
    with pytest.raises(ValueError, match=expected):
        trainer.resume()


def test_the_learning_rate_warms_up_and_falls_as_a_cosine() -> None:
    rates = [learning_rate(done, 1000, 0.1) for done in range(1001)]
    assert rates[0] == 0
    assert rates[50] == pytest.approx(0.5)
    assert rates[100] == 1
    assert rates[550] == pytest.approx(0.5)
    assert rates[1000] == pytest.approx(0, abs=1e-12)
    assert learning_rate(0, 1000, 0) == 1
    assert np.all(np.diff(rates[:101]) > 0)
    assert np.all(np.diff(rates[100:]) < 0)


def test_the_average_follows_its_formula(
    tiny: Preset, bins: dict[str, ChannelBins]
) -> None:
    net = UNet(tiny.design("a", bins))
    ema, expected = Ema(net, 0.9), net.head.bias.detach().clone()
    for step in range(1, 200):
        with torch.no_grad():
            net.head.bias.copy_(torch.randn_like(net.head.bias))
        net.decoder[0][0].norm.num_batches_tracked += 1
        ema.update(net)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * net.head.bias.detach()
    torch.testing.assert_close(ema.state["head.bias"], expected)
    assert int(ema.state["decoder.0.0.norm.num_batches_tracked"]) == 199
