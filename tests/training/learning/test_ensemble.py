"""Nets learn the mean of what several others say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch

from colorize_engine.pretrained import UNet, net_input
from training.learning import Trainer
from training.learning.checkpoints import Finished, write_finished
from training.learning.ensemble import Ensemble
from training.learning.machine import Machine
from training.photos import Augmentation
from training.photos.data_set import DataSet
from training.presets import Run, weighted
from training.presets.run import Stage

if TYPE_CHECKING:
    from pathlib import Path

    from colorize_engine.bins import ChannelBins
    from training.presets import Preset

CPU = torch.device("cpu")
SIZES = (Stage(32, 480),)
# Of one kind and with class weights, and of another kind and without.
MEMBERS = (
    Run("both", 1.0, SIZES),
    Run("both", 1.0, SIZES, encoder="lite2", class_weights=False),
)
STUDENT = Run("both", 1.0, SIZES, teachers=("both", "teacher"), number=2)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def preset(tiny: Preset) -> Preset:
    return replace(tiny, runs=(*MEMBERS, STUDENT))


@pytest.fixture
def out(preset: Preset, bins: dict[str, ChannelBins], tmp_path: Path) -> Path:
    """Make the members' runs look finished, of random nets."""
    torch.manual_seed(4)
    for run in MEMBERS:
        folder = tmp_path / run.name
        folder.mkdir()
        net = UNet(preset.design("both", bins, run.encoder))
        torch.nn.init.normal_(net.head.bias, 0, 2)
        write_finished(folder, net.state_dict(), preset, Finished(1.0, ""))
    return tmp_path


def test_it_is_the_mean_with_class_weights_undone(
    preset: Preset, bins: dict[str, ChannelBins], out: Path
) -> None:
    from safetensors.torch import load_file

    ensemble = Ensemble(preset, STUDENT, bins, out, CPU, torch.float32)
    lightness = torch.rand(2, 32, 64) * 100
    found = ensemble(lightness, ("b", "a"), (8, 16))
    wanted = {"a": 0.0, "b": 0.0}
    for run in MEMBERS:
        net = UNet(preset.design("both", bins, run.encoder)).eval()
        net.load_state_dict(load_file(out / run.name / "net.safetensors"))
        net.enlarge = False
        with torch.no_grad():
            parts = net(net_input(lightness)).split([len(bins["a"]), len(bins["b"])], 1)
        for channel, part in zip("ab", parts, strict=True):
            own = weighted(bins[channel], preset.class_weights(run)).weights
            z = part.softmax(1) / torch.from_numpy(own)[:, None, None]
            z[:, own == 0] = 0
            z = z / z.sum(1, keepdim=True)
            z = torch.nn.functional.interpolate(z, (8, 16), mode="bilinear")
            wanted[channel] = wanted[channel] + z / 2
    for z, channel in zip(found, "ba", strict=True):
        torch.testing.assert_close(z, wanted[channel], atol=1e-4, rtol=1e-3)
        torch.testing.assert_close(z.sum(1), torch.ones(2, 8, 16))


def test_a_net_learns_what_they_say_and_is_validated_on_true_colors(
    preset: Preset, data: Path, bins: dict[str, ChannelBins], out: Path
) -> None:
    photos, settings = DataSet.open(data), Machine(CPU, torch.float32)
    trainer = Trainer(preset, STUDENT, photos, bins, out, settings)
    objective = trainer.objective
    batch = trainer.validation.get(0, 32, Augmentation())
    said = objective.teacher(batch[0], ("a", "b"), (32, 32))
    for mode, wanted in ((True, said), (False, batch[1:])):
        trainer.net.train(mode)
        parts = trainer.net(net_input(batch[0])).split(objective.widths, 1)
        scored = zip(objective.losses(0), parts, wanted, strict=True)
        expected = sum(
            loss.of_distributions(part, target) if mode else loss(part, target)
            for loss, part, target in scored
        )
        torch.testing.assert_close(trainer.loss(*batch), expected)
    run = replace(STUDENT, teachers=())
    alone = Trainer(preset, run, photos, bins, out, settings)
    assert alone.objective.teacher is None


def test_a_teacher_that_has_not_finished_is_named(
    preset: Preset, bins: dict[str, ChannelBins], out: Path
) -> None:
    (out / "teacher" / "net.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match="run of teacher, a teacher, has no"):
        Ensemble(preset, STUDENT, bins, out, CPU, torch.float32)
