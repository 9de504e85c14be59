"""Training loop of one run."""

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
# Noise on the true a that a chain-rule b-net is trained with, in Lab units, because it
# gets a predicted a when it is used.
_NOISE_OF_A = 8.0
# Steps between two reads of the loss on a GPU, because each read waits for it.
_LOOK_EVERY = 16


class Trainer:
    """One training run: net, optimizer, averaged weights and number of photos seen.

    Parameters
    ----------
    preset, run
        The preset, and its run to train.
    photos
        The data set.
    bins
        Bins of both channels.
    out
        Folder of the preset's runs; this one writes into ``out / run.name``.
    machine
        Device, precision, processes and checkpoints.
    init_from
        Name or folder of a model to start from.

    Raises
    ------
    ValueError
        If a size of the run is not a multiple of the net's stride, the processes cannot
        share a batch, or the model to start from does not fit.
    """

    def __init__(
        self,
        preset: Preset,
        run: Run,
        photos: DataSet,
        bins: dict[str, ChannelBins],
        out: Path,
        machine: Machine,
        init_from: str | Path | None = None,
    ) -> None:
        self.preset, self.run, self.machine = preset, run, machine
        self.folder = out / run.name
        first = first_bins(preset, run, bins)
        earlier = earlier_run(preset, run, bins, out)
        net = start_net(preset, run.channels, first, earlier, init_from, run.encoder)
        if any(stage.side % net.stride for stage in run.stages):
            raise ValueError(
                f"expected sizes that are multiples of {net.stride} in the preset "
                f"{preset.name}, got {[stage.side for stage in run.stages]}"
            )
        self.net: UNet = net.to(machine.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        # The loss compares each distribution with all pixels that it covers.
        self.net.enlarge = False
        fast = machine.device.type == "cpu" and machine.dtype == torch.bfloat16
        fast = fast and fastcpu.accelerate(self.net)
        self._drop_path = DropPath(self.net, run.drop_path)
        self.objective = Objective(
            preset, run, bins, out, machine.device, machine.dtype, fast
        )
        self.wrapped = machine.shared(self.net)
        self.optimizer = make_optimizer(self.net, preset)
        self.ema = Ema(self.net, preset.training["ema"])
        self.done, self.seconds = 0, 0.0
        self._choose_photos(photos)
        side, augmentation = run.stages[0].side, self.augmentation
        batches = self.batches
        self.objective.prepare(
            lambda first: batches.get(first, side, augmentation)[0], batches.batch
        )

    def _choose_photos(self, photos: DataSet) -> None:
        """Set up batches of drawn photos to train on, and of some to validate with."""
        data, machine = self.preset.data, self.machine
        rows = photos.draw(data["draw"], data["sample"], data["seed"])
        batch, device = self.run.batch or self.preset.training["batch"], machine.device
        # A separate seed for each run, so that no two share an order.
        seed = data["seed"] * 10 + ("both", "a", "b").index(self.run.channels)
        seed += 3 * (self.run.number - 1) + 1000 * bool(self.run.encoder)
        self.batches = Batches(
            photos, rows, batch, seed, device, machine.rank, machine.world
        )
        step = max(1, len(photos.validation) // _VALIDATION_PHOTOS)
        held_out = photos.validation[::step]
        at_once = min(batch, len(held_out))
        self.validation = Batches(photos, held_out, at_once, seed, device)

    @property
    def augmentation(self) -> Augmentation:
        """Random changes to the photos of the next step."""
        training, crop = self.preset.training, self.run.stage_at(self.done).crop
        return Augmentation(
            training["crop"] if crop is None else crop,
            self.run.aged_share if training["augment_lightness"] else 0.0,
            flip=True,
        )

    @torch.no_grad()
    def _add_class_weights(self) -> None:
        """Shift the head's bias to turn z into z * w, the best z with class weights."""
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
        """Continue from the checkpoint, if there is one.

        Raises
        ------
        ValueError
            If it is damaged, or belongs to a preset that trains in another way.
        """
        path = self.folder / CHECKPOINT
        if not path.is_file():
            return
        content = read_checkpoint(path, self.preset, self.machine.device)
        self.net.load_state_dict(content["net"])
        self.ema.state, self.ema.steps = content["ema"], content["ema_steps"]
        self.optimizer.load_state_dict(content["optimizer"])
        self.done, self.seconds = content["done"], content["seconds"]

    def loss(
        self, lightness: Tensor, a: Tensor, b: Tensor, noise: Tensor | None = None
    ) -> Tensor:
        """Return the sum of the losses of the heads.

        While training, the targets are those of the teacher, if there is one.

        Parameters
        ----------
        lightness, a, b : (n, h, w) float32
            A batch.
        noise : (n, h, w) float32, optional
            Added to the a that the net sees.
        """
        seen = None
        if "a" in self.net.design.inputs:
            seen = a if noise is None else a + noise
        x = net_input(lightness, seen).contiguous(memory_format=torch.channels_last)
        device, dtype = self.machine.device.type, self.machine.dtype
        with torch.autocast(device, dtype, enabled=dtype != torch.float32):
            logits = self.wrapped(x)
        batch, taught = (lightness, a, b), self.net.training
        return self.objective(logits, batch, self.done, taught)

    def step(self) -> Tensor:
        """Train on one batch; return its loss, which a GPU may still be computing."""
        warm_up = self.preset.training["warm_up"]
        rate = learning_rate(self.done, self.run.photos, warm_up)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base"] * self.run.learning_rate_factor * rate
        if self.done < self.run.frozen_photos:
            self.optimizer.param_groups[ENCODER]["lr"] = 0.0
        size = self.run.stage_at(self.done).side
        lightness, a, b = self.batches.get(self.done, size, self.augmentation)
        noise = None
        if "a" in self.net.design.inputs:
            dice = self.batches.dice(self.done, 1)
            noise = _NOISE_OF_A * dice.normal(tuple(a.shape[1:]), a.device)
        self._drop_path.draw(self.batches.dice(self.done, 2), self.machine.device)
        self.net.train()
        loss = self.loss(lightness, a, b, noise)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self.ema.update(self.net)
        before, self.done = self.done, self.done + self.batches.batch
        if before < self.run.unweighted <= self.done:
            self._add_class_weights()
        return loss.detach()

    def _finite(self, loss: Tensor) -> float:
        """Return a step's loss; raise ValueError if it is not finite.

        No later loss would be finite either.
        """
        value = float(loss)
        if not math.isfinite(value):
            raise ValueError(
                f"the loss is {value} after {self.done} photos: lower the learning "
                "rates of the preset, or use --precision float32"
            )
        return value

    @torch.no_grad()
    def validate(self) -> float:
        """Return the loss of the averaged weights on validation photos.

        The photos have the size of the last step.
        """
        kept = {k: v.clone() for k, v in self.net.state_dict().items()}
        # Other processes do not take part, and the unwrapped net waits for none.
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
            If the loss is no longer finite.
        """
        if self.machine.rank > 0:
            while self.done < self.run.photos:
                self.step()
        else:
            self._fit_and_report()
        if self.machine.world > 1:
            dist.barrier()
        return self.folder / WEIGHTS

    def _fit_and_report(self) -> None:
        title = f"{self.preset.name} {self.run.name}"
        total, saved = self.run.photos, self.done
        began = time.monotonic() - self.seconds
        every = _LOOK_EVERY if self.machine.device.type == "cuda" else 1
        log = self.folder / "log"
        with Progress(log, title, total, self.done) as progress:
            for steps in count(1):
                if self.done >= total:
                    break
                before = self.done
                loss = self.step()
                due = self.done - saved >= self.machine.checkpoint_every
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
        # The hash says which model it was; its name may get other weights.
        digest = teacher.model_hash if isinstance(teacher, Teacher) else ""
        origin = Finished(self.seconds, digest)
        write_finished(self.folder, self.ema.state, self.preset, origin)
