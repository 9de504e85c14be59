"""Time of training steps with and without the fast kernels for CPUs.

    python benchmarks/training_step.py [--preset default] [--side 128] [--batch 32]

Both take the same steps with a preset's net, in turn, in one process, with bfloat16 if
the processor has it. A third way is float32. Random pictures are enough to measure
time. Ratios are those of medians.
"""

from __future__ import annotations

import argparse
import copy
import time
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import torch

from colorize_engine.pretrained.torch_nets import UNet, net_input
from training.learning import fastcpu
from training.learning.losses import WeightedCrossEntropy
from training.presets import Preset, load_preset, make_bins
from training.scoring import table
from training.train import keep_freed_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from colorize_engine.bins import ChannelBins

CPU = torch.device("cpu")
ROUNDS = 5


def bins_of(preset: Preset) -> dict[str, ChannelBins]:
    """Return the preset's bins for colors with a bell-shaped distribution."""
    counts = np.exp(-0.5 * ((np.arange(256) - 128) / 25) ** 2) * 1e6
    return {c: make_bins(counts.astype(np.int64), c, preset) for c in "ab"}


def stepper(
    net: UNet, preset: Preset, photos: torch.Tensor, dtype: torch.dtype, *, fast: bool
) -> Callable[[], object]:
    """Return a function for one step; the optimizer is left out, as it is the same."""
    bins = bins_of(preset)
    widths = [len(bins[c]) for c in "ab"]
    soft = preset.bins["soft"]
    losses = [WeightedCrossEntropy(bins[c], soft, CPU, fast=fast) for c in "ab"]
    if fast and not fastcpu.accelerate(net):
        raise SystemExit("the fast kernels cannot be built here")

    def step() -> None:
        x = net_input(photos[:, 0], None, net.design.inputs)
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            parts = net(x).split(widths, 1)
        both = zip(losses, parts, photos.unbind(1)[1:], strict=True)
        torch.stack([loss(part, true) for loss, part, true in both]).sum().backward()

    return step


def main() -> None:
    """Print the photos a second of each way, and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="default")
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--batch", type=int, default=32)
    args = parser.parse_args()
    keep_freed_memory()
    torch.manual_seed(0)
    preset = load_preset(args.preset)
    photos = torch.randn(args.batch, 3, args.side, args.side) * 20
    photos[:, 0] += 50
    net = UNet(preset.design("both", bins_of(preset)))
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    ways = {
        "float32": (torch.float32, False),
        "bfloat16": (torch.bfloat16, False),
        "bfloat16, fast kernels": (torch.bfloat16, True),
    }
    steps = {
        name: stepper(copy.deepcopy(net), preset, photos, dtype, fast=fast)
        for name, (dtype, fast) in ways.items()
    }
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for round_ in range(ROUNDS + 1):
        for name, step in steps.items():
            began = time.perf_counter()
            step()
            if round_:
                seconds[name].append(time.perf_counter() - began)
    found = {name: median(values) for name, values in seconds.items()}
    lines = [["a step", "photos a second", "times float32"]]
    for name, value in found.items():
        ratio = found["float32"] / value
        lines.append([name, f"{args.batch / value:.1f}", f"{ratio:.1f}"])
    print(table(lines))
    print(
        f"\n{preset.name}, both heads, {args.batch} photos of {args.side} px, "
        f"{torch.get_num_threads()} threads."
    )


if __name__ == "__main__":
    main()
