"""Several nets as the teacher of one: the mean of their distributions.

Nets that began in different places err in different ways, so that their mean is better
than each of them, and most of that can be taught to one net (Hinton, Vinyals, Dean
2015, https://arxiv.org/abs/1503.02531). It pays where photos are few: true colors seen
many times are learned by heart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file
from torch.nn import functional as F

from colorize_engine.pretrained import UNet, net_input
from training.learning.checkpoints import WEIGHTS
from training.presets import weighted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor

    from colorize_engine.bins import ChannelBins
    from training.presets import Preset, Run


class Ensemble:
    """The mean distributions of finished runs of both heads, class weights undone.

    Parameters
    ----------
    preset, run
        A run with teachers.
    bins
        Of both channels.
    out
        Folder of the preset's runs.
    device, dtype
        Where the nets run, and in which precision.

    Raises
    ------
    FileNotFoundError
        If one of the runs has not finished.
    """

    def __init__(
        self,
        preset: Preset,
        run: Run,
        bins: dict[str, ChannelBins],
        out: Path,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self._dtype, self._count = dtype, len(bins["a"])
        self._members: list[tuple[UNet, Tensor]] = []
        for name in run.teachers:
            of = preset.run_named(name)
            path = out / name / WEIGHTS
            if not path.is_file():
                raise FileNotFoundError(
                    f"{path} is missing: the run of {name}, a teacher, has not finished"
                )
            net = UNet(preset.design("both", bins, of.encoder))
            net.load_state_dict(load_file(path))
            net.enlarge = False
            net.fold().to(device, dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
            rule = preset.class_weights(of)
            weights = [torch.from_numpy(weighted(bins[c], rule).weights) for c in "ab"]
            together = torch.cat(weights)
            # No probability where a bin is empty.
            offset = torch.where(together > 0, -together.log(), -torch.inf)
            self._members.append((net, offset[:, None, None].to(device)))

    @torch.inference_mode()
    def __call__(
        self, lightness: Tensor, channels: Sequence[str], size: Sequence[int]
    ) -> list[Tensor]:
        """Return the distributions of each of these channels.

        Parameters
        ----------
        lightness : (N, h, w) float32
            L* in 0..100; h and w are multiples of the nets' stride.
        channels : sequence of {"a", "b"}
        size : (h', w')
            Of the result.

        Returns
        -------
        list of (N, Q, h', w') float32
            Each sums to 1 over Q.
        """
        x = net_input(lightness).to(self._dtype)
        x = x.contiguous(memory_format=torch.channels_last)
        parts = {"a": slice(self._count), "b": slice(self._count, None)}
        sums = [torch.zeros((), device=x.device)] * len(channels)
        for net, offset in self._members:
            logits = net(x).float() + offset
            for place, channel in enumerate(channels):
                z = logits[:, parts[channel]].softmax(1)
                if z.shape[2:] != tuple(size):
                    z = F.interpolate(z, tuple(size), mode="bilinear")
                sums[place] = sums[place] + z
        return [total / len(self._members) for total in sums]
