"""A model as teacher: its distributions over other bins; nets that learn from it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from colorize_engine.bins import ChannelBins, uniform_centers, zero_centered
from colorize_engine.decode import softmax
from colorize_engine.pretrained import Card, NetDesign, UNet, load, save
from training.learning import Trainer, read_finished
from training.learning.machine import Machine
from training.learning.teacher import Teacher, regrouping
from training.photos import Augmentation
from training.photos.data_set import DataSet
from training.presets import Run
from training.presets.run import Stage

if TYPE_CHECKING:
    from pathlib import Path

    from training.presets import Preset

CPU = torch.device("cpu")
FINE = zero_centered(10, -60, 60)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Folder of an untrained model with class weights, one bin of which is empty."""
    weights = np.linspace(0.5, 3, len(FINE), dtype=np.float32)
    weights[0] = 0
    prior = np.ones(len(FINE), np.float32)
    prior[0] = 0
    bins = ChannelBins(FINE, prior / prior.sum(), weights)
    design = NetDesign("plain", (4, 6, 8), (6,), False, ("L",), len(FINE))
    torch.manual_seed(5)
    nets = {channel: UNet(design) for channel in "ab"}
    for net in nets.values():
        torch.nn.init.normal_(net.head.weight, 0, 2)
    card = Card("known", "1", "", {}, {"a": bins, "b": bins})
    card = replace(card, calibration={"a": 1.5, "b": 0.75})
    save(tmp_path / "known", card, nets)
    return tmp_path / "known"


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize(
    "centers", [uniform_centers(10, -128, 127), zero_centered(25, -50, 50)]
)
def test_every_share_goes_somewhere_near(centers: np.ndarray, soft: bool) -> None:
    target = ChannelBins.unweighted(centers)
    shares = regrouping(ChannelBins.unweighted(FINE), target, soft).numpy()
    assert shares.shape == (len(centers), len(FINE))
    np.testing.assert_allclose(shares.sum(0), 1, atol=1e-6)
    assert shares.min() >= 0
    width = float(np.diff(centers).max())
    for q, k in np.argwhere(shares > 0):
        # Beyond the outermost centers all counts as these.
        at = np.clip(FINE[k], centers[0], centers[-1])
        assert abs(centers[q] - at) <= 10 + width


def test_mass_is_split_where_a_hard_edge_runs_through_a_bin() -> None:
    source = ChannelBins.unweighted([-10, 0, 10])
    target = ChannelBins.unweighted([-6, 6])
    shares = regrouping(source, target, soft=False).numpy()
    np.testing.assert_allclose(shares, [[1, 0.5, 0], [0, 0.5, 1]], atol=0.02)


def test_means_stay_where_soft_bins_reach_as_far() -> None:
    source = ChannelBins.unweighted([-20, 0, 20])
    target = ChannelBins.unweighted([-60, -5, 7, 60])
    shares = regrouping(source, target, soft=True).numpy()
    np.testing.assert_allclose(target.centers @ shares, source.centers, atol=1e-5)


def test_distributions_are_those_that_the_model_shows(model: Path) -> None:
    """Calibrated, class weights undone; with bins of the same centers, the same."""
    shown = load(model, "cpu")
    bins = shown.card.bins
    teacher = Teacher(model, bins, True, CPU)
    assert teacher.model_hash == shown.card.model_hash
    lightness = torch.rand(2, 16, 24) * 100
    for channel, logits in zip("ab", shown(lightness.numpy()), strict=True):
        (found,) = teacher(lightness, [channel], (8, 12))
        assert found.shape == (2, len(FINE), 8, 12)
        torch.testing.assert_close(found.sum(1), torch.ones(2, 8, 12))
        assert not found[:, 0].any()
        # `shown` enlarges logits, the teacher works where the head does.
        weights = shown.card.calibrated_bins[channel].weights
        offset = np.where(weights > 0, -np.log(np.maximum(weights, 1e-9)), -np.inf)
        expected = np.stack([softmax(z + offset[:, None, None]) for z in logits])
        expected = expected.reshape(2, len(FINE), 8, 2, 12, 2).mean((3, 5))
        np.testing.assert_allclose(found, expected, atol=0.05)
        assert abs(found.numpy() - expected).mean() < 0.01


def test_matched_to_priors_the_mean_is_nearer_to_them(model: Path) -> None:
    """And what a bin has that no photo has is nothing."""
    bins = load(model, "cpu").card.bins
    prior = np.zeros(len(FINE), np.float32)
    prior[4:9] = (0.1, 0.2, 0.4, 0.2, 0.1)
    wanted = {
        c: replace(b, prior=prior, weights=np.sign(prior)) for c, b in bins.items()
    }
    teacher = Teacher(model, wanted, True, CPU)
    photos = [torch.rand(2, 16, 16) * 100 for _ in range(3)]

    def mean() -> np.ndarray:
        return np.mean(
            [teacher(p, ["b"], (4, 4))[0].mean((0, 2, 3)) for p in photos], 0
        )

    before = abs(mean() - prior).sum()
    teacher.match_priors(photos)
    assert abs(mean() - prior).sum() < 0.3 * before
    (found,) = teacher(photos[0], ["b"], (16, 16))
    torch.testing.assert_close(found.sum(1), torch.ones(2, 16, 16))
    assert not found[:, prior == 0].any()


def test_a_teacher_that_needs_more_than_l_is_refused(
    model: Path, tmp_path: Path
) -> None:
    known = load(model, "cpu")
    design = replace(known.nets["b"].design, inputs=("L", "a"))
    nets = {"a": UNet(known.nets["a"].design), "b": UNet(design)}
    save(tmp_path / "chained", replace(known.card, name="chained"), nets)
    with pytest.raises(ValueError, match="teacher chained must take L alone"):
        Teacher(tmp_path / "chained", known.card.bins, True, CPU)


def test_a_net_comes_to_say_what_its_teacher_says(
    model: Path, data: Path, tiny: Preset, bins: dict[str, ChannelBins], tmp_path: Path
) -> None:
    """Of bins that photos have; neither class weights nor true colors take part."""
    stages = (Stage(32, 480),)
    run = Run("both", 1.0, stages, teacher=str(model), class_weights=False)
    photos = DataSet.open(data)
    settings = Machine(CPU, torch.float32)
    trainer = Trainer(tiny, run, photos, bins, tmp_path / "runs", settings)
    # As it is, not matched to priors, to which an untrained model says nothing new.
    teacher = trainer.objective.teacher = Teacher(model, bins, True, CPU)
    lightness = trainer.validation.get(0, 32, Augmentation())[0]
    occurs = torch.from_numpy(bins["a"].weights > 0)[:, None, None]
    wanted = teacher(lightness, ["a"], (32, 32))[0] * occurs
    wanted /= wanted.sum(1, keepdim=True)
    count = len(bins["a"])

    def distance() -> float:
        trainer.net.eval()
        with torch.no_grad():
            z = trainer.net(lightness[:, None] * 0.02 - 1)[:, :count].log_softmax(1)
        known = wanted * (wanted.clamp(min=1e-9).log() - z)
        return float(known.sum(1).mean())

    before = distance()
    while trainer.done < run.photos:
        trainer.step()
    assert distance() < 0.75 * before
    trainer.fit()
    finished = read_finished(tmp_path / "runs/both", tiny)
    assert finished is not None
    assert finished.teacher == load(model, "cpu").card.model_hash
