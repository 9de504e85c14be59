"""Training loop of one run."""

from __future__ import annotations

import math
import time
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.distributed as dist

from colorize_engine.pretrained import find_folder, read_card
from colorize_engine.pretrained.torch_nets import net_input
from training.learning import fastcpu
from training.learning.checkpoints import (
    CHECKPOINT,
    WEIGHTS,
    Finished,
    expect_same_start,
    read_checkpoint,
    write_checkpoint,
    write_finished,
)
from training.learning.objective import Objective
from training.learning.optimizer import Ema, learning_rate, make_optimizer
from training.learning.progress import Progress
from training.learning.start import start_net
from training.photos import Batches, HintShares, draw_hints

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from colorize_engine.bins import ChannelBins
    from colorize_engine.pretrained.torch_nets import UNet
    from training.learning.machine import Machine
    from training.photos import Hints
    from training.photos.data_set import DataSet
    from training.presets import Preset, Run

_VALIDATION_PHOTOS = 64
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
        Folder of the preset's runs; this one writes into ``out / run.channels``.
    machine
        Device, precision, processes and checkpoints.
    init_from
        Name or folder of a model to start from.

    Raises
    ------
    ValueError
        If a size of the run is not a multiple of the net's stride, the processes cannot
        share its batches, or the model to start from does not fit.
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
        self.folder = out / run.channels
        earlier = None if run.channels == "both" else out / "both" / WEIGHTS
        net = start_net(preset, run.channels, bins, earlier, init_from)
        stride = net.design.stride
        if any(stage.side % stride for stage in run.stages):
            raise ValueError(
                f"expected sizes that are multiples of {stride} in the preset "
                f"{preset.name}, got {[stage.side for stage in run.stages]}"
            )
        if any(stage.batch % machine.world for stage in run.stages):
            raise ValueError(
                "expected a number of processes that divides the batches of "
                f"{[stage.batch for stage in run.stages]} photos, got {machine.world}"
            )
        label = read_card(find_folder(init_from)).label if init_from else ""
        self.origin = Finished(0.0, label, str(machine.dtype).removeprefix("torch."))
        self.net: UNet = net.to(machine.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        fast = machine.device.type == "cpu" and machine.dtype == torch.bfloat16
        fast = fast and fastcpu.accelerate(self.net)
        self.objective = Objective(run, bins, machine.device, fast)
        self.wrapped = machine.shared(self.net)
        self.optimizer = make_optimizer(self.net, preset)
        self.ema = Ema(self.net, preset.training["ema"])
        self.done = 0
        self._choose_photos(photos)

    def _choose_photos(self, photos: DataSet) -> None:
        """Set up batches of drawn photos to train on, and of some to validate with."""
        data, machine = self.preset.data, self.machine
        rows = photos.draw(data["draw"], data["sample"], data["seed"])
        # A separate seed for each run, so that no two share an order.
        seed = data["seed"] * 10 + ("both", "a", "b").index(self.run.channels)
        place = machine.device, machine.rank, machine.world
        self.batches = Batches(photos, rows, seed, *place)
        step = max(1, len(photos.validation) // _VALIDATION_PHOTOS)
        held_out = photos.validation[::step]
        self.validation = Batches(photos, held_out, seed, machine.device)

    def save(self) -> None:
        """Write the checkpoint."""
        content = {
            "preset": self.preset.text,
            "net": self.net.state_dict(),
            "ema": self.ema.state,
            "ema_steps": self.ema.steps,
            "optimizer": self.optimizer.state_dict(),
            "done": self.done,
            **self.origin._asdict(),
        }
        write_checkpoint(self.folder / CHECKPOINT, content)

    def resume(self) -> None:
        """Continue from the checkpoint, if there is one.

        Raises
        ------
        ValueError
            If it is damaged, belongs to a preset that trains in another way, or the run
        started from another model.
        """
        path = self.folder / CHECKPOINT
        if not path.is_file():
            return
        content = read_checkpoint(path, self.preset, self.machine.device)
        expect_same_start(path, content["init_from"], self.origin.init_from)
        self.net.load_state_dict(content["net"])
        self.ema.state, self.ema.steps = content["ema"], content["ema_steps"]
        self.optimizer.load_state_dict(content["optimizer"])
        self.done = content["done"]
        self.origin = self.origin._replace(seconds=content["seconds"])

    def loss(
        self,
        lightness: Tensor,
        a: Tensor,
        b: Tensor,
        hints: Hints | None = None,
        *,
        soft: bool,
    ) -> Tensor:
        """Return the sum of the losses of the heads.

        Parameters
        ----------
        lightness, a, b : (n, h, w) float32
            A batch.
        hints
            Hints that the net is shown; none by default.
        soft
            Whether targets are soft.
        """
        planes, shown = (None, None) if hints is None else hints
        x = net_input(lightness, planes, self.net.design.inputs)
        device, dtype = self.machine.device.type, self.machine.dtype
        with torch.autocast(device, dtype, enabled=dtype != torch.float32):
            logits = self.wrapped(x.contiguous(memory_format=torch.channels_last))
        return self.objective(logits, {"a": a, "b": b}, soft, shown)

    def step(self) -> Tensor:
        """Train on one batch; return its loss, which a GPU may still be computing."""
        training, stage = self.preset.training, self.run.stage_at(self.done)
        rate = learning_rate(self.done, self.run.photos, training["warm_up"])
        for group in self.optimizer.param_groups:
            group["lr"] = group["base"] * self.run.learning_rate_factor * rate
        first, count = self.done, stage.batch
        lightness, a, b = self.batches.augmented(first, count, stage.side, stage.crop)
        hints = None
        if self.net.design.takes_hints:
            dice = self.batches.dice(first, count, 1)
            hints = draw_hints(a, b, HintShares(**training["hints"]), dice)
        self.net.train()
        loss = self.loss(lightness, a, b, hints, soft=self.run.soft_at(first))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self.ema.update(self.net)
        self.done += count
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

        The photos have the size of the last step, and the targets are of its kind.
        """
        kept = {k: v.clone() for k, v in self.net.state_dict().items()}
        # Other processes do not take part, and the unwrapped net waits for none.
        wrapped, self.wrapped = self.wrapped, self.net
        self.net.load_state_dict(self.ema.state)
        self.net.eval()
        stage, soft = (
            at(self.done - 1) for at in (self.run.stage_at, self.run.soft_at)
        )
        count = min(stage.batch, len(self.validation.rows))
        firsts = range(0, len(self.validation.rows), count)
        batches = [self.validation.get(f, count, stage.side) for f in firsts]
        losses = [float(self.loss(*batch, soft=soft)) for batch in batches]
        self.net.load_state_dict(kept)
        self.wrapped = wrapped
        return float(np.mean(losses))

    def fit(self) -> Path:
        """Train to the end of the run and write the averaged weights.

        Returns
        -------
        Path
            The float32 weights, ``out / run.channels / net.safetensors``.

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
        title = f"{self.preset.name} {self.run.channels}"
        total, saved = self.run.photos, self.done
        began = time.monotonic() - self.origin.seconds
        every = _LOOK_EVERY if self.machine.device.type == "cuda" else 1
        constant = self.objective.constant
        log = self.folder / "log"
        with Progress(log, title, total, self.done) as progress:
            for steps in count(1):
                if self.done >= total:
                    break
                size = self.run.stage_at(self.done).side
                loss = self.step()
                due = self.done - saved >= self.machine.checkpoint_every
                if due or self.done >= total or steps % every == 0:
                    value = self._finite(loss)
                    seconds = time.monotonic() - began
                    self.origin = self.origin._replace(seconds=seconds)
                    rate = self.optimizer.param_groups[1]["lr"]
                    progress.step(self.done, size, value, constant, rate)
                if due:
                    saved = self.done
                    self.save()
                    progress.validation(self.done, self.validate())
            value = self.validate()
            progress.validation(self.done, value)
        print(f"{title}: validation loss {value:.4f}, constant {constant:.4f}")
        write_finished(self.folder, self.ema.state, self.preset, self.origin)
