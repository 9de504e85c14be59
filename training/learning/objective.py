"""The loss of a run: its targets and its class weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from training.learning.ensemble import Ensemble
from training.learning.losses import WeightedCrossEntropy
from training.learning.teacher import Teacher
from training.presets import weighted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor

    from colorize_engine.bins import ChannelBins
    from training.presets import Preset, Run

# Number of photos for a teacher's mean distribution.
_PRIOR_PHOTOS = 256


def first_bins(
    preset: Preset, run: Run, bins: dict[str, ChannelBins]
) -> dict[str, ChannelBins]:
    """Return the bins of both channels with the class weights a run begins with."""
    rule = None if run.unweighted else preset.class_weights(run)
    return {c: weighted(b, rule) for c, b in bins.items()}


class Objective:
    """The loss of a run.

    Parameters
    ----------
    preset, run
        The preset, and its run to train.
    bins
        Bins of both channels.
    out
        Folder of the preset's runs; runs that are teachers are read from it.
    device, dtype
        Device of the loss, and precision of the teachers.
    fast
        Whether the kernel of `training.learning.fastcpu` computes the loss of bfloat16
        logits.

    Attributes
    ----------
    heads : tuple of str
        The channels.
    widths : list of int
        Their numbers of bins.
    teacher : Teacher or Ensemble, optional
        Source of the distributions that are learned in place of true colors.
    """

    def __init__(
        self,
        preset: Preset,
        run: Run,
        bins: dict[str, ChannelBins],
        out: Path,
        device: torch.device,
        dtype: torch.dtype,
        fast: bool = False,
    ) -> None:
        self.heads = ("a", "b") if run.channels == "both" else (run.channels,)
        self.widths = [len(bins[c]) for c in self.heads]
        self._unweighted = run.unweighted
        soft = preset.bins["soft"] if run.soft_targets is None else run.soft_targets
        self._weighted, self._plain = (
            [
                WeightedCrossEntropy(weighted(bins[c], rule), soft, device, fast)
                for c in self.heads
            ]
            for rule in (preset.class_weights(run), None)
        )
        self.teacher: Teacher | Ensemble | None = None
        if run.teacher:
            self.teacher = Teacher(run.teacher, bins, soft, device)
        elif run.teachers:
            self.teacher = Ensemble(preset, run, bins, out, device, dtype)

    def prepare(self, lightness: Callable[[int], Tensor], batch: int) -> None:
        """Match the mean distribution of a teacher that is a model to the prior.

        Parameters
        ----------
        lightness
            Function that takes the number of a photo and returns L* (n, h, w) of the
            batch that begins with it.
        batch
            Photos in a batch.
        """
        if isinstance(self.teacher, Teacher):
            firsts = range(0, _PRIOR_PHOTOS, batch)
            self.teacher.match_priors([lightness(first) for first in firsts])

    def losses(self, done: int) -> list[WeightedCrossEntropy]:
        """Return the loss of each head after ``done`` photos."""
        return self._plain if done < self._unweighted else self._weighted

    def constant(self, done: int) -> float:
        """Return the loss of the best constant prediction, summed over the heads."""
        return sum(loss.of_constant() for loss in self.losses(done))

    def shift(self) -> Tensor:
        """Return what turns logits of z into those of z * w, for all heads: (Q,)."""
        weights = torch.cat([loss.weights for loss in self._weighted])
        return torch.where(weights > 0, weights, 1).log()

    def __call__(
        self,
        logits: Tensor,
        batch: tuple[Tensor, Tensor, Tensor],
        done: int,
        taught: bool,
    ) -> Tensor:
        """Return the sum of the losses of the heads, a scalar.

        Parameters
        ----------
        logits : (n, Q, h', w')
            Logits of all heads.
        batch : three of (n, h, w) float32
            L*, a* and b*.
        done : int
            Photos seen before.
        taught : bool
            Whether the targets are the teacher's, if there is one, or the true colors.
        """
        lightness, a, b = batch
        teacher = self.teacher if taught else None
        if teacher is None:
            wanted = [{"a": a, "b": b}[head] for head in self.heads]
        else:
            wanted = teacher(lightness, self.heads, logits.shape[2:])
        parts = logits.split(self.widths, 1)
        scores = [
            loss if teacher is None else loss.of_distributions
            for loss in self.losses(done)
        ]
        losses = [
            score(part, target)
            for score, part, target in zip(scores, parts, wanted, strict=True)
        ]
        return torch.stack(losses).sum()
