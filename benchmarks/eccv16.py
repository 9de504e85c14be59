"""Quality of ECCV16 when it is trained for as long as `default`.

    python benchmarks/eccv16.py train --data data/photos --bins data/default/runs \
--seconds 240 --out data/eccv16
    python benchmarks/eccv16.py score --photos CORPUS/val.tar --chroma data/eccv16

``train`` trains the architecture of R. Zhang, P. Isola, A. A. Efros, "Colorful Image
Colorization" (2016, https://arxiv.org/abs/1603.08511, table 4) from scratch, for
``--seconds`` of wall time, on a GPU if there is one. Photos, augmentation, bins,
targets and class weights are those of the preset `default`; each of the two channels
has a head on common features. Then ``train`` decodes the validation photos at the
decode point of `default`, and at one to either side of it, into ``chroma-N.npz``.
``score`` prints the full table for the odd-numbered photos.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from nets import eccv16_features
from torch import nn
from torch.nn import functional as F

from colorize_engine.color import lab_to_rgb
from colorize_engine.decode import annealed_mean, rebalanced
from colorize_engine.pretrained.torch_nets import choose_device, fast_dtype, net_input
from training.learning.losses import WeightedCrossEntropy
from training.learning.optimizer import learning_rate
from training.photos import Batches
from training.photos.data_set import DataSet
from training.presets import BINS, load_bins, load_preset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from colorize_engine.bins import ChannelBins

BATCH, RATE, WEIGHT_DECAY = 64, 7e-4, 1e-2
# The sizes, and the share of the time after which each ends.
SIZES = ((128, 0.7), (256, 1.0))
REBALANCE_AROUND = (0.0, -0.3, 0.3)


class Eccv16(nn.Module):
    """ECCV16 with a head for each channel."""

    def __init__(self, bins: dict[str, ChannelBins]) -> None:
        super().__init__()
        self.features = eccv16_features(nn.BatchNorm2d)
        self.head = nn.Conv2d(256, sum(map(len, bins.values())), 1)
        self.widths = [len(b) for b in bins.values()]

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the logits of a and of b at a quarter of the size."""
        return self.head(self.features(x)).split(self.widths, 1)


def train(
    net: Eccv16,
    batches: Batches,
    losses: Sequence[WeightedCrossEntropy],
    crop: float,
    dtype: torch.dtype,
    seconds: float,
) -> int:
    """Train for ``seconds``; return the number of photos seen."""
    device = batches.device
    fused = device.type == "cuda"
    optimizer = torch.optim.AdamW(
        net.parameters(), lr=0.0, weight_decay=WEIGHT_DECAY, fused=fused
    )
    began, done, look = time.monotonic(), 0, 0.0
    net.train()
    while (elapsed := time.monotonic() - began) < seconds:
        share = elapsed / seconds
        side = next(side for side, end in SIZES if share <= end)
        for group in optimizer.param_groups:
            group["lr"] = RATE * learning_rate(elapsed, seconds, 0.03)
        lightness, *chroma = batches.augmented(done, BATCH, side, crop)
        x = net_input(lightness).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            logits = net(x)
        parts = [f(z, c) for f, z, c in zip(losses, logits, chroma, strict=True)]
        loss = torch.stack(parts).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        done += BATCH
        if (done // BATCH) % 8 == 0:
            # Waits for the GPU, so that it does not fall far behind the clock.
            value = float(loss.detach())
            if elapsed - look > seconds / 20:
                look = elapsed
                print(f"{elapsed:.0f} s, {done} photos, loss {value:.3f}", flush=True)
    return done


@torch.inference_mode()
def decode(
    net: Eccv16,
    photos: DataSet,
    bins: dict[str, ChannelBins],
    point: tuple[float, float],
    dtype: torch.dtype,
) -> np.ndarray:
    """Return chroma (n, 2, h / 4, w / 4) float16 at a decode point (rebalance, T)."""
    net.eval()
    device, found = next(net.parameters()).device, []
    rebalance, temperature = point
    for row in photos.validation:
        lightness = torch.from_numpy(np.asarray(photos.planes["L"][row])[None])
        x = net_input(lightness.to(device).float() / 2.55)
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            logits = net(x.contiguous(memory_format=torch.channels_last))
        means = [
            annealed_mean(
                rebalanced(z[0].float().cpu().numpy(), b.weights, rebalance),
                b.centers,
                temperature,
            )
            for z, b in zip(logits, bins.values(), strict=True)
        ]
        found.append(np.stack(means).astype(np.float16))
    return np.stack(found)


def train_and_decode(args: argparse.Namespace) -> None:
    """Run the command ``train``."""
    preset, device = load_preset("default"), choose_device(args.device)
    photos, dtype = DataSet.open(args.data), fast_dtype(device)
    bins = load_bins(args.bins / BINS, preset)
    torch.manual_seed(preset.data["seed"])
    net = Eccv16(bins).to(device, memory_format=torch.channels_last)
    losses = [WeightedCrossEntropy(b, soft=False, device=device) for b in bins.values()]
    rows = photos.draw(0, 0, 0)
    batches = Batches(photos, rows, preset.data["seed"], device)
    crop = preset.runs[0].stages[0].crop
    done = train(net, batches, losses, crop, dtype, args.seconds)
    names = [Path(photos.names[row]).stem for row in photos.validation]
    args.out.mkdir(parents=True, exist_ok=True)
    for number, offset in enumerate(REBALANCE_AROUND):
        point = (preset.decode["rebalance"] + offset, preset.decode["temperature"])
        chroma = decode(net, photos, bins, point, dtype)
        title = f"ECCV16, {args.seconds:.0f} s, {done} photos, "
        title += f"rebalance {point[0]:.2f}, T {point[1]:g}"
        path = args.out / f"chroma-{number}.npz"
        np.savez_compressed(path, chroma=chroma, names=names, title=title)
        print(f"{title}: {path}")


def score(args: argparse.Namespace) -> None:
    """Run the command ``score``."""
    from training.photos import find_photos, read_photos, select, square
    from training.photos.source import SIDE
    from training.scoring import Row, Truth, markdown

    files = [np.load(path) for path in sorted(args.chroma.glob("chroma-*.npz"))]
    rows = [Row("gray"), *(Row(str(file["title"])) for file in files)]
    chroma = [dict(zip(f["names"], f["chroma"], strict=True)) for f in files]
    chosen = select(find_photos(args.photos), "odd", args.limit)
    for name, rgb in read_photos(chosen, "evaluation"):
        truth = Truth.of(name, square(rgb, SIDE))
        zeros = np.zeros_like(truth.chroma)
        rows[0].add(truth, np.repeat(truth.gray[..., None], 3, axis=2), zeros)
        for row, known in zip(rows[1:], chroma, strict=True):
            small = torch.from_numpy(known[Path(name).stem]).float()[None]
            whole = F.interpolate(small, (SIDE, SIDE), mode="bilinear")[0].numpy()
            row.add(truth, lab_to_rgb(truth.lightness, whole), whole)
    print(markdown(rows, f"{len(chosen)} photos (odd)"))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    add = commands.add_parser("train", help="train, and decode validation photos")
    add.add_argument("--data", required=True, help="folder of the data set")
    add.add_argument("--bins", required=True, type=Path, help="runs of default")
    add.add_argument("--seconds", required=True, type=float, help="time to train")
    add.add_argument("--out", required=True, type=Path, help="folder to write")
    add.add_argument("--device", default="auto", help="auto, cpu or cuda")
    add.set_defaults(work=train_and_decode)
    add = commands.add_parser("score", help="print the table of what train decoded")
    add.add_argument("--photos", required=True, help="the validation photos")
    add.add_argument("--chroma", required=True, type=Path, help="what train wrote")
    add.add_argument("--limit", type=int, default=0, help="maximum photos; 0 = all")
    add.set_defaults(work=score)
    args = parser.parse_args()
    args.work(args)


if __name__ == "__main__":
    main()
