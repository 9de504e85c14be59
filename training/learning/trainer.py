"""One training run: a net, its optimizer, its average, and how far it is."""

from __future__ import annotations

import math
import time
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.distributed as dist

from colorize_engine.pretrained import net_input
from training.learning import fastcpu
from training.learning.checkpoints import (
    CHECKPOINT,
    WEIGHTS,
    Finished,
    read_checkpoint,
    write_checkpoint,
    write_finished,
)
from training.learning.droppath import DropPath
from training.learning.objective import Objective, first_bins
from training.learning.optimizer import ENCODER, Ema, learning_rate, make_optimizer
from training.learning.progress import Progress
from training.learning.start import earlier_run, start_net
from training.learning.teacher import Teacher
from training.photos import Augmentation, Batches

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from colorize_engine.bins import ChannelBins
    from colorize_engine.pretrained import UNet
    from training.learning.machine import Machine
    from training.photos.data_set import DataSet
    from training.presets import Preset, Run

_VALIDATION_PHOTOS = 64
# Noise on the true a that a chain-rule b-net is trained with, in Lab units: in use it
# sees a guessed a.
_NOISE_OF_A = 8.0
# Steps between two looks at the loss on a GPU, which each of them waits for.
_LOOK_EVERY = 16


class Trainer:
    """One run: net, optimizer, average and how many photos were seen.

    Parameters
    ----------
    preset, run
        What to train.
    photos
        The data set.
    bins
        Of both channels.
    out
        Folder of the preset's runs; this one writes into ``out / run.name``.
    settings
        What the machine decides.
    init_from
        Name or folder of a model to start from.

    Raises
    ------
    ValueError
        If a size of the run is no multiple of the net's stride, the processes cannot
        share a batch, or the model to start from does not fit.
    """

    def __init__(
        self,
        preset: Preset,
        run: Run,
        photos: DataSet,
        bins: dict[str, ChannelBins],
        out: Path,
        settings: Machine,
        init_from: str | Path | None = None,
    ) -> None:
        self.preset, self.run, self.settings = preset, run, settings
        self.folder = out / run.name
        first = first_bins(preset, run, bins)
        earlier = earlier_run(preset, run, bins, out)
        net = start_net(preset, run.channels, first, earlier, init_from, run.encoder)
        if any(stage.side % net.stride for stage in run.stages):
            raise ValueError(
                f"expected sizes that are multiples of {net.stride} in the preset "
                f"{preset.name}, got {[stage.side for stage in run.stages]}"
            )
        self.net: UNet = net.to(settings.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        # The loss compares each distribution with all pixels that it stands for.
        self.net.enlarge = False
        fast = settings.device.type == "cpu" and settings.dtype == torch.bfloat16
        fast = fast and fastcpu.accelerate(self.net)
        self._drop_path = DropPath(self.net, run.drop_path)
        self.objective = Objective(
            preset, run, bins, out, settings.device, settings.dtype, fast
        )
        self.wrapped = settings.shared(self.net)
        self.optimizer = make_optimizer(self.net, preset)
        self.ema = Ema(self.net, preset.training["ema"])
        self.done, self.seconds = 0, 0.0
        self._take(photos)
        side, augmentation = run.stages[0].side, self.augmentation
        batches = self.batches
        self.objective.prepare(
            lambda first: batches.get(first, side, augmentation)[0], batches.batch
        )

    def _take(self, photos: DataSet) -> None:
        """Draw the photos to train on, and choose some to validate with."""
        data, settings = self.preset.data, self.settings
        rows = photos.draw(data["draw"], data["sample"], data["seed"])
        batch, device = self.run.batch or self.preset.training["batch"], settings.device
        # Numbers of its own for each run, so that none repeats another's order.
        seed = data["seed"] * 10 + ("both", "a", "b").index(self.run.channels)
        seed += 3 * (self.run.number - 1) + 1000 * bool(self.run.encoder)
        self.batches = Batches(
            photos, rows, batch, seed, device, settings.rank, settings.world
        )
        step = max(1, len(photos.validation) // _VALIDATION_PHOTOS)
        held_out = photos.validation[::step]
        at_once = min(batch, len(held_out))
        self.validation = Batches(photos, held_out, at_once, seed, device)

    @property
    def augmentation(self) -> Augmentation:
        """What may happen to the photos of the next step."""
        training, crop = self.preset.training, self.run.stage_at(self.done).crop
        return Augmentation(
            training["crop"] if crop is None else crop,
            self.run.aged if training["augment_lightness"] else 0.0,
            flip=True,
        )

    @torch.no_grad()
    def _take_class_weights(self) -> None:
        """Let the head's bias turn z into z * w, the best z once the weights count."""
        for bias in (self.net.head.bias, self.ema.state["head.bias"]):
            bias.add_(self.objective.shift())

    def save(self) -> None:
        """Write the checkpoint."""
        content = {
            "preset": self.preset.text,
            "net": self.net.state_dict(),
            "ema": self.ema.state,
            "ema_steps": self.ema.steps,
            "optimizer": self.optimizer.state_dict(),
            "done": self.done,
            "seconds": self.seconds,
        }
        write_checkpoint(self.folder / CHECKPOINT, content)

    def resume(self) -> None:
        """Go on from the checkpoint, if there is one.

        Raises
        ------
        ValueError
            If it is damaged, or was written by a preset of other content.
        """
        path = self.folder / CHECKPOINT
        if not path.is_file():
            return
        content = read_checkpoint(path, self.preset, self.settings.device)
        self.net.load_state_dict(content["net"])
        self.ema.state, self.ema.steps = content["ema"], content["ema_steps"]
        self.optimizer.load_state_dict(content["optimizer"])
        self.done, self.seconds = content["done"], content["seconds"]

    def loss(
        self, lightness: Tensor, a: Tensor, b: Tensor, noise: Tensor | None = None
    ) -> Tensor:
        """Sum of the losses of the heads; while training against the teacher, if any.

        Parameters
        ----------
        lightness, a, b : (n, h, w) float32
            A batch.
        noise : (n, h, w) float32, optional
            Added to a where the net sees it.
        """
        seen = None
        if "a" in self.net.design.inputs:
            seen = a if noise is None else a + noise
        x = net_input(lightness, seen).contiguous(memory_format=torch.channels_last)
        device, dtype = self.settings.device.type, self.settings.dtype
        with torch.autocast(device, dtype, enabled=dtype != torch.float32):
            logits = self.wrapped(x)
        batch, taught = (lightness, a, b), self.net.training
        return self.objective(logits, batch, self.done, taught)

    def step(self) -> Tensor:
        """See one batch; give its loss, which a GPU may still be computing."""
        warm_up = self.preset.training["warm_up"]
        rate = learning_rate(self.done, self.run.photos, warm_up)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base"] * self.run.learning_rate_factor * rate
        if self.done < self.run.frozen:
            self.optimizer.param_groups[ENCODER]["lr"] = 0.0
        size = self.run.stage_at(self.done).side
        lightness, a, b = self.batches.get(self.done, size, self.augmentation)
        noise = None
        if "a" in self.net.design.inputs:
            dice = self.batches.dice(self.done, 1)
            noise = _NOISE_OF_A * dice.normal(tuple(a.shape[1:]), a.device)
        self._drop_path.draw(self.batches.dice(self.done, 2), self.settings.device)
        self.net.train()
        loss = self.loss(lightness, a, b, noise)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self.ema.update(self.net)
        before, self.done = self.done, self.done + self.batches.batch
        if before < self.run.unweighted <= self.done:
            self._take_class_weights()
        return loss.detach()

    def _finite(self, loss: Tensor) -> float:
        """Wait for a step's loss; once it is not finite, no later one will be."""
        value = float(loss)
        if not math.isfinite(value):
            raise ValueError(
                f"the loss is {value} after {self.done} photos: lower the learning "
                "rates of the preset, or give --precision float32"
            )
        return value

    @torch.no_grad()
    def validate(self) -> float:
        """Loss of the averaged weights on validation photos at the present size."""
        kept = {k: v.clone() for k, v in self.net.state_dict().items()}
        # Other processes do not take part: the net by itself waits for none.
        wrapped, self.wrapped = self.wrapped, self.net
        self.net.load_state_dict(self.ema.state)
        self.net.eval()
        size = self.run.stage_at(self.done - 1).side
        firsts = range(0, len(self.validation.rows), self.validation.batch)
        batches = [self.validation.get(f, size, Augmentation()) for f in firsts]
        mean = float(np.mean([float(self.loss(*batch)) for batch in batches]))
        self.net.load_state_dict(kept)
        self.wrapped = wrapped
        return mean

    def fit(self) -> Path:
        """Train to the end of the run and write the averaged weights.

        Returns
        -------
        Path
            The float32 weights, ``out / run.name / net.safetensors``.

        Raises
        ------
        ValueError
            If the loss is not finite any more.
        """
        if self.settings.rank > 0:
            while self.done < self.run.photos:
                self.step()
        else:
            self._fit_and_report()
        if self.settings.world > 1:
            dist.barrier()
        return self.folder / WEIGHTS

    def _fit_and_report(self) -> None:
        title = f"{self.preset.name} {self.run.name}"
        total, saved = self.run.photos, self.done
        began = time.monotonic() - self.seconds
        every = _LOOK_EVERY if self.settings.device.type == "cuda" else 1
        log = self.folder / "log"
        with Progress(log, title, total, self.done) as progress:
            for steps in count(1):
                if self.done >= total:
                    break
                before = self.done
                loss = self.step()
                due = self.done - saved >= self.settings.checkpoint_every
                if due or self.done >= total or steps % every == 0:
                    value = self._finite(loss)
                    self.seconds = time.monotonic() - began
                    size = self.run.stage_at(before).side
                    constant = self.objective.constant(before)
                    rate = self.optimizer.param_groups[1]["lr"]
                    progress.step(self.done, size, value, constant, rate)
                if due:
                    saved = self.done
                    self.save()
                    progress.validation(self.done, self.validate())
            value = self.validate()
            progress.validation(self.done, value)
        constant = self.objective.constant(self.done)
        print(f"{title}: validation loss {value:.4f}, constant {constant:.4f}")
        teacher = self.objective.teacher
        # Which model it was: names outlive their weights.
        digest = teacher.model_hash if isinstance(teacher, Teacher) else ""
        of = Finished(self.seconds, digest)
        write_finished(self.folder, self.ema.state, self.preset, of)
