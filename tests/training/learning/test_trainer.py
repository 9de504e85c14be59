"""One training run: reproducible, resumable, started from what there is."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from colorize_engine.pretrained import Card, UNet, net_input, save
from training.learning import Trainer
from training.learning.checkpoints import WEIGHTS
from training.learning.machine import Machine
from training.learning.optimizer import Ema, learning_rate
from training.learning.start import Earlier, start_net
from training.photos.data_set import DataSet
from training.presets import ClassWeights, Run, weighted
from training.presets.run import Stage

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from colorize_engine.bins import ChannelBins
    from training.learning.losses import WeightedCrossEntropy
    from training.photos import Augmentation
    from training.presets import Preset

SETTINGS = Machine(torch.device("cpu"), torch.float32)

pytestmark = pytest.mark.usefixtures("one_thread")


def trainer_of(
    preset: Preset,
    channels: str,
    data: Path,
    bins: dict[str, ChannelBins],
    out: Path,
    stages: tuple[Stage, ...] = (Stage(32, 24), Stage(64, 24)),
    unweighted: int = 0,
) -> Trainer:
    run = Run(channels, 1.0, stages, unweighted)
    return Trainer(preset, run, DataSet.open(data), bins, out, SETTINGS)


def losses(trainer: Trainer) -> list[WeightedCrossEntropy]:
    return trainer.objective.losses(trainer.done)


def recorded(trainer: Trainer, steps: int) -> list[tuple[Tensor, ...]]:
    """Take steps; give what the loss got to see in each: L, a, b and noise."""
    seen: list[tuple[Tensor, ...]] = []
    whole_loss = trainer.loss

    def loss(*batch: Tensor) -> Tensor:
        seen.append(batch)
        return whole_loss(*batch)

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
    assert [batch[0].shape[-1] for batch in expected] == [32] * 3 + [64] * 3
    for one, other in zip(expected, found, strict=True):
        assert len(one) == 4
        assert all(map(torch.equal, one, other))
    assert not torch.equal(expected[0][3], expected[1][3])
    assert_equal(whole.net.state_dict(), second.net.state_dict())
    assert_equal(whole.ema.state, second.ema.state)
    assert whole.done == second.done == 48


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
    run = Run("a", 1.0, (Stage(32, 16),))
    trainer = Trainer(tiny, run, few, bins, tmp_path, SETTINGS)
    before = trainer.net.head.weight.clone()
    trainer.step()
    assert math.isfinite(trainer.step())
    assert not torch.equal(trainer.net.head.weight, before)


def test_a_run_may_take_steps_of_its_own_size(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    run = Run("a", 1.0, (Stage(32, 16),), batch=3)
    trainer = Trainer(tiny, run, DataSet.open(data), bins, tmp_path, SETTINGS)
    trainer.step()
    assert trainer.done == 3 != tiny.training["batch"]


def test_a_size_that_the_net_cannot_take_is_an_error(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"multiples of 8 in the preset tiny.*36"):
        trainer_of(tiny, "a", data, bins, tmp_path, (Stage(32, 8), Stage(36, 8)))


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
    constant = sum(loss.of_constant() for loss in losses(trainer))
    assert trainer.objective.constant(trainer.done) == constant


def test_deferred_class_weights_enter_where_the_preset_says(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    trainer = trainer_of(
        tiny, "both", data, bins, tmp_path, (Stage(32, 64),), unweighted=16
    )
    parts = trainer.net.head.bias.detach().split(trainer.objective.widths)
    for part, channel in zip(parts, "ab", strict=True):
        prior = bins[channel].prior * (bins[channel].weights > 0)
        best = torch.from_numpy(prior / prior.sum())
        torch.testing.assert_close(part.softmax(0), best, atol=2e-3, rtol=0)
    for loss in losses(trainer):
        assert set(loss.weights.tolist()) <= {0, 1}
    weights = torch.from_numpy(np.concatenate([bins[c].weights for c in "ab"]))
    filled = weights > 0
    before = trainer.step()
    assert trainer.done == 8
    kept = trainer.net.head.bias.detach().clone()
    trainer.step()
    assert trainer.done == 16
    moved = (trainer.net.head.bias.detach() - kept)[filled]
    # A step moves each bias by little beside the logarithm of the weights.
    torch.testing.assert_close(moved, weights[filled].log(), atol=0.01, rtol=0)
    assert [loss.weights.tolist() for loss in losses(trainer)] == [
        bins[c].weights.tolist() for c in "ab"
    ]
    # Just taken in, the weights leave the loss about where the prior has it.
    assert trainer.validate() < trainer.objective.constant(trainer.done) * 1.1
    assert math.isfinite(before)


@pytest.mark.parametrize("soft", [None, True, False])
def test_a_run_has_soft_or_hard_targets_of_its_own(
    data: Path,
    tiny: Preset,
    bins: dict[str, ChannelBins],
    tmp_path: Path,
    soft: bool | None,
) -> None:
    photos = DataSet.open(data)
    run = Run("a", 1.0, (Stage(32, 64),), soft_targets=soft)
    trainer = Trainer(tiny, run, photos, bins, tmp_path, SETTINGS)
    (loss,) = losses(trainer)
    # Three tenths of the way from one center to the next, with a likelihood of
    # 0.7 and 0.3 there: a hard target has but the first.
    at = int(bins["a"].weights.argmax())
    at = at if at + 1 < len(bins["a"]) and bins["a"].weights[at + 1] > 0 else at - 1
    low, high = bins["a"].centers[at : at + 2]
    values = torch.full((1, 2, 2), 0.7 * low + 0.3 * high)
    likely = torch.full((len(bins["a"]),), 1e-9)
    likely[at], likely[at + 1] = 0.7, 0.3
    found = loss(likely.log()[None, :, None, None].expand(1, -1, 2, 2), values)
    shares = [0.7, 0.3] if tiny.bins["soft"] and soft is not False else [1.0, 0.0]
    amounts = np.array(shares) * bins["a"].weights[at : at + 2]
    expected = -(amounts * np.log([0.7, 0.3])).sum() / amounts.sum()
    assert float(found) == pytest.approx(expected, rel=1e-4)


def test_a_stage_has_a_crop_of_its_own(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    trainer = trainer_of(
        tiny, "a", data, bins, tmp_path, (Stage(32, 8, 0.25), Stage(64, 8))
    )
    crops = []
    get = trainer.batches.get

    def recording(first: int, size: int, augmentation: Augmentation) -> object:
        crops.append((size, augmentation.crop))
        return get(first, size, augmentation)

    trainer.batches.get = recording
    trainer.step()
    trainer.step()
    assert crops == [(32, 0.25), (64, tiny.training["crop"])]
    assert tiny.training["crop"] != 0.25


def test_a_second_run_of_both_heads_goes_on_from_the_first(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    first = Run("both", 1.0, (Stage(32, 16),))
    second = replace(first, number=2)
    preset = replace(tiny, runs=(first, second, *tiny.runs[1:]))
    photos = DataSet.open(data)
    trainer = Trainer(preset, first, photos, bins, tmp_path, SETTINGS)
    state = load_file(trainer.fit())
    again = Trainer(preset, second, photos, bins, tmp_path, SETTINGS)
    assert_equal(again.net.state_dict(), state)
    assert tuple(again.batches.order(0, 50)) != tuple(trainer.batches.order(0, 50))
    assert again.fit() == tmp_path / "both-2" / WEIGHTS
    separate = Trainer(preset, tiny.runs[1], photos, bins, tmp_path, SETTINGS)
    of_second = load_file(tmp_path / "both-2" / WEIGHTS)
    name = next(name for name in of_second if not name.startswith("head"))
    assert torch.equal(separate.net.state_dict()[name], of_second[name])


def test_separate_nets_start_from_the_one_with_both_heads(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    both = trainer_of(tiny, "both", data, bins, tmp_path, (Stage(32, 16),))
    path = both.fit()
    assert path == tmp_path / "both" / WEIGHTS
    assert_equal(load_file(path), both.ema.state)
    whole = UNet(tiny.design("both", bins)).eval()
    whole.load_state_dict(load_file(path))
    earlier = Earlier(path, {c: bins[c].weights for c in "ab"})
    lightness, a = torch.rand(1, 32, 32) * 100, torch.rand(1, 32, 32) * 50
    logits = whole(net_input(lightness)).split([len(bins["a"]), len(bins["b"])], 1)
    for part, channel in zip(logits, ("a", "b"), strict=True):
        net = start_net(tiny, channel, bins, earlier).eval()
        seen = a if "a" in net.design.inputs else None
        torch.testing.assert_close(net(net_input(lightness, seen)), part)


def test_what_was_trained_with_other_class_weights_starts_with_its_own_in_them(
    data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    rule = ClassWeights(2.0, 0.9, 0.7)
    first, *rest = tiny.runs
    runs = (replace(first, stages=(Stage(32, 16),), class_weights=rule), *rest)
    preset = replace(tiny, runs=runs)
    photos = DataSet.open(data)
    both = Trainer(preset, runs[0], photos, bins, tmp_path, SETTINGS)
    others = {c: weighted(bins[c], rule).weights for c in "ab"}
    for loss, channel in zip(losses(both), "ab", strict=True):
        np.testing.assert_array_equal(loss.weights.numpy(), others[channel])
    both.fit()
    bias = dict(
        zip("ab", both.ema.state["head.bias"].split(both.objective.widths), strict=True)
    )
    for run in runs[1:]:
        channel = run.channels
        trainer = Trainer(preset, run, photos, bins, tmp_path, SETTINGS)
        (loss,) = losses(trainer)
        np.testing.assert_array_equal(loss.weights.numpy(), bins[channel].weights)
        filled = torch.from_numpy(bins[channel].prior > 0)
        # Undoing the one kind of weights gives what undoing the other gave.
        now = trainer.net.head.bias.detach() - loss.weights.log()
        then = bias[channel] - torch.from_numpy(others[channel]).log()
        torch.testing.assert_close(now[filled], then[filled], atol=1e-5, rtol=0)


def test_where_the_earlier_run_left_nothing_the_encoder_starts_the_net(
    tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    gone = Earlier(tmp_path / "gone", {c: bins[c].weights for c in "ab"})
    alone = start_net(tiny, "a", bins, gone).state_dict()
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
    alone = replace(tiny, net={**tiny.net, "b_given_a": False})
    with pytest.raises(ValueError, match="expected its net b to be"):
        start_net(alone, "b", bins, init_from=folder)
    with pytest.raises(ValueError, match="no model"):
        start_net(tiny, "a", bins, init_from=tmp_path / "gone")


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
