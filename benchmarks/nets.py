"""Time of both nets of `default` in each runtime, beside ECCV16, on the CPU.

``python benchmarks/nets.py`` measures each way in processes of its own, by turns,
because waiting threads of one runtime slow the other. A process runs one picture of
256 x 256 pixels, then eight at once, again and again. The table has the medians over
the processes, and the quotient of ECCV16's time and each one's.

ECCV16 follows R. Zhang, P. Isola, A. A. Efros, "Colorful Image Colorization" (2016,
https://arxiv.org/abs/1603.08511, table 4), in torch, float32, channels_last, without
its batch norms, which fold into the convolutions. Its weights are random, which is
enough to measure time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.parallel import processors
from colorize_engine.pretrained import Backend, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

SIDE, CALLS, ROUNDS = 256, 15, 3
BATCHES = (1, 8)
ECCV16 = "ECCV16, torch, float32"
WAYS: dict[str, tuple[str, Backend] | None] = {
    ECCV16: None,
    "default, ONNX Runtime, 8 bits": ("default", Backend("cpu", "onnx")),
    "default, ONNX Runtime, float32": ("default", Backend("cpu", "onnx", "float32")),
    "default, torch, float32": ("default", Backend("cpu", "torch", "float32")),
    "default, torch, bfloat16": ("default", Backend("cpu", "torch")),
    "reference-10, ONNX Runtime, float32": ("reference-10", Backend("cpu", "onnx")),
}


def stage(
    widths: list[int],
    norm: Callable[[int], nn.Module] | None = None,
    *,
    stride: int = 1,
    dilation: int = 1,
) -> list[nn.Module]:
    """Return 3x3 convolutions with ReLU; the last has the stride, a norm follows."""
    from torch import nn

    layers: list[nn.Module] = []
    for place, (before, after) in enumerate(pairwise(widths)):
        last = place == len(widths) - 2
        step = stride if last else 1
        layers += [
            nn.Conv2d(before, after, 3, step, dilation, dilation),
            nn.ReLU(inplace=True),
        ]
    return [*layers, norm(widths[-1])] if norm else layers


def eccv16_features(norm: Callable[[int], nn.Module] | None = None) -> nn.Sequential:
    """Build ECCV16 up to its last 256 channels, at a quarter of the size.

    Parameters
    ----------
    norm
        Function from a number of channels to their norm; ``nn.BatchNorm2d`` to train.
        Its batch norms follow the ReLU, so each folds into the convolution after it.
    """
    from torch import nn

    return nn.Sequential(
        *stage([1, 64, 64], norm, stride=2),
        *stage([64, 128, 128], norm, stride=2),
        *stage([128, 256, 256, 256], norm, stride=2),
        *stage([256, 512, 512, 512], norm),
        *stage([512, 512, 512, 512], norm, dilation=2),
        *stage([512, 512, 512, 512], norm, dilation=2),
        *stage([512, 512, 512, 512], norm),
        nn.ConvTranspose2d(512, 256, 4, 2, 1),
        nn.ReLU(inplace=True),
        *stage([256, 256, 256]),
    )


def eccv16() -> Callable[[np.ndarray], object]:
    """Build ECCV16 for inference: 313 classes at a quarter of the size, to a and b."""
    import torch
    from torch import nn

    net = nn.Sequential(
        eccv16_features(),
        nn.Conv2d(256, 313, 1),
        nn.Softmax(dim=1),
        nn.Conv2d(313, 2, 1, bias=False),
        nn.Upsample(scale_factor=4, mode="bilinear"),
    )
    net = net.eval().to(memory_format=torch.channels_last)
    torch.set_num_threads(processors())

    def run(lightness: np.ndarray) -> object:
        with torch.inference_mode():
            return net(torch.from_numpy(lightness)[:, None])

    return run


def measured(way: str) -> dict[str, Any]:
    """Return the median milliseconds of a way in this process, for each batch."""
    chosen = WAYS[way]
    run: Callable[[np.ndarray], object]
    run = eccv16() if chosen is None else load(*chosen)
    precision = getattr(run, "precision", "float32")
    times = {}
    for count in BATCHES:
        lightness = np.random.default_rng(0).uniform(0, 100, (count, SIDE, SIDE))
        lightness = lightness.astype(np.float32)
        found = []
        for _ in range(CALLS):
            began = time.perf_counter()
            run(lightness)
            found.append(1000 * (time.perf_counter() - began))
        times[str(count)] = median(found[3:])
    return {"precision": precision, **times}


def in_a_process(way: str) -> dict[str, Any]:
    """Return what `measured` finds in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--way", way],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


def main() -> None:
    """Measure all ways by turns and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--way", choices=WAYS, help="measure one, print JSON")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    args = parser.parse_args()
    if args.way:
        print(json.dumps(measured(args.way)))
        return
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for _ in range(args.rounds):
        for way, results in found.items():
            results.append(in_a_process(way))
    print("| both nets, 256 x 256 pixels | one picture | eight | of ECCV16's time |")
    print("|---|---|---|---|")
    base = median(result["1"] for result in found[ECCV16])
    for way, results in found.items():
        if way.endswith("bfloat16") and results[0]["precision"] != "bfloat16":
            print(f"| {way} | not fast on this processor | | |")
            continue
        one, eight = (median(r[str(count)] for r in results) for count in BATCHES)
        share = "1" if way == ECCV16 else f"1/{base / one:.1f}"
        print(f"| {way} | {one:.0f} ms | {eight:.0f} ms | {share} |")


if __name__ == "__main__":
    main()
