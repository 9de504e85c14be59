"""CPU time of both nets of `default` compared with ECCV16, and use of the CPU.

``python benchmarks/nets.py`` runs both models in turn on one 256 x 256 picture, in
float32, channels_last, with batch norms folded, eagerly. It prints medians, their
ratio, and the GFLOP/s reached, with those of a large matrix product on the same
threads. The nets of `default` run side by side, each on half of the threads, as in the
engine; another row has them one after the other, each on all threads. If the processor
has bfloat16 instructions, all is repeated in bfloat16. ``--export`` adds the gains of
torch.compile and ONNX Runtime, if they work here.

ECCV16 follows R. Zhang, P. Isola, A. A. Efros, "Colorful Image Colorization" (2016,
https://arxiv.org/abs/1603.08511, table 4). Its weights are random, which is enough to
measure time.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from colorize_engine.pretrained import fast_dtype, load, run_side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable

SIDE, ROUNDS = 256, 15
# Seconds before each pair of calls, so that threads of the call before stop spinning.
_REST = 0.05


def stage(
    widths: list[int],
    norm: Callable[[int], nn.Module] | None = nn.Identity,
    *,
    stride: int = 1,
    dilation: int = 1,
) -> list[nn.Module]:
    """Return 3x3 convolutions with ReLU; the last has the stride, a norm follows."""
    layers: list[nn.Module] = []
    for place, (before, after) in enumerate(pairwise(widths)):
        last = place == len(widths) - 2
        step = stride if last else 1
        layers += [
            nn.Conv2d(before, after, 3, step, dilation, dilation),
            nn.ReLU(inplace=True),
        ]
    return [*layers, norm(widths[-1])] if norm else layers


def eccv16_features(norm: Callable[[int], nn.Module] = nn.Identity) -> nn.Sequential:
    """Build ECCV16 up to its last 256 channels, at a quarter of the size.

    Its batch norms follow the ReLU, so each folds into the convolution after it (except
    at the border, which costs no time either way). To measure time they are left out.

    Parameters
    ----------
    norm
        Function from a number of channels to their norm; ``nn.BatchNorm2d`` to train.
    """
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
        *stage([256, 256, 256], None),
    )


def eccv16() -> nn.Sequential:
    """Build ECCV16 for inference: 313 classes at a quarter of the size, to a and b."""
    return nn.Sequential(
        eccv16_features(),
        nn.Conv2d(256, 313, 1),
        nn.Softmax(dim=1),
        nn.Conv2d(313, 2, 1, bias=False),
        nn.Upsample(scale_factor=4, mode="bilinear"),
    )


class Both(nn.Module):
    """Both nets of a model as one module."""

    def __init__(self, name: str) -> None:
        super().__init__()
        nets = load(name, "cpu").nets
        self.a, self.b = nets["a"], nets["b"]
        self.hints = len(self.a.design.inputs) - 1

    def _without_hints(self, x: torch.Tensor) -> torch.Tensor:
        """Put empty planes of hints beside the lightness, as the engine does."""
        padded = functional.pad(x, (0, 0, 0, 0, 0, self.hints))
        return padded.contiguous(memory_format=torch.channels_last)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logits of a and of b, computed one after the other."""
        x = self._without_hints(x)
        return self.a(x), self.b(x)

    def at_once(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logits of a and of b, computed side by side as in the engine."""
        x = self._without_hints(x)

        def run(net: nn.Module) -> torch.Tensor:
            with torch.inference_mode():  # applies to one thread only
                return net(x)

        return run_side_by_side(partial(run, self.a), partial(run, self.b))


def flops(net: nn.Module, x: torch.Tensor) -> float:
    """Return the floating point operations of a forward pass; multiply-add is two."""
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        net(x)
    return float(counter.get_total_flops())


class Seconds(NamedTuple):
    """Time of a call, on the clock and on all processors together."""

    clock: float
    processors: float


def by_turns(calls: dict[str, Callable[[], object]]) -> dict[str, Seconds]:
    """Return the median time of each call; the calls run in turn.

    Each timed call directly follows an untimed one of the same kind, as in a folder of
    pictures. Otherwise the call before would still fill the caches and keep the
    processors busy.
    """
    times: dict[str, list[Seconds]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            time.sleep(_REST)
            call()
            began, used = time.perf_counter(), time.process_time()
            call()
            times[name].append(
                Seconds(time.perf_counter() - began, time.process_time() - used)
            )
    return {
        name: Seconds(*map(median, zip(*values, strict=True)))
        for name, values in times.items()
    }


def compare(dtype: torch.dtype, nets: dict[str, nn.Module]) -> None:
    """Print the times of all nets in one precision, and the speed of the CPU."""
    x = torch.rand(1, 1, SIDE, SIDE).to(dtype, memory_format=torch.channels_last)
    work = {name: flops(net.float(), x.float()) for name, net in nets.items()}
    for net in nets.values():
        net.to(dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
    big = torch.rand(2048, 2048).to(dtype)
    calls: dict[str, Callable[[], object]] = {
        name: lambda net=net: net(x) for name, net in nets.items()
    }
    calls["default"] = partial(nets["default"].at_once, x)
    in_turn = "default, one net after the other"
    calls[in_turn] = partial(nets["default"], x)
    with torch.inference_mode():
        found = by_turns({**calls, "product": lambda: big @ big})
    product = 2 * 2048**3 / found["product"].clock / 1e9
    print(f"{str(dtype).removeprefix('torch.')}, {torch.get_num_threads()} threads")
    print(f"  a product of 2048 x 2048 matrices reaches {product:.0f} GFLOP/s")
    for name in (*nets, in_turn):
        model = name.partition(",")[0]
        net = nets[model]
        millions = sum(p.numel() for p in net.parameters()) / 1e6
        mine, other = found[name], found["ECCV16"]
        rate = work[model] / mine.clock / 1e9
        print(
            f"  {name}: {millions:.1f} M parameters, {work[model] / 2e9:.1f} GMAC, "
            f"{1000 * mine.clock:.0f} ms, {rate:.0f} GFLOP/s, "
            f"1/{other.clock / mine.clock:.1f} of ECCV16's time, "
            f"1/{other.processors / mine.processors:.1f} of its processor time"
        )


def runtimes(net: nn.Module) -> None:
    """Print the gains of torch.compile and ONNX Runtime over eager torch."""
    net.float()
    x = torch.rand(1, 1, SIDE, SIDE).contiguous(memory_format=torch.channels_last)
    calls: dict[str, Callable[[], object]] = {"eager": lambda: net(x)}
    with torch.inference_mode():
        compiled = torch.compile(net)
        compiled(x)
        calls["torch.compile"] = lambda: compiled(x)
        try:
            import onnxruntime
        except ImportError:
            print("  ONNX Runtime is not installed")
        else:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "net.onnx")
                torch.onnx.export(net, (x,), path, dynamo=True, verbose=False)
                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = torch.get_num_threads()
                session = onnxruntime.InferenceSession(path, options)
            feed = {session.get_inputs()[0].name: np.ascontiguousarray(x.numpy())}
            calls["ONNX Runtime"] = lambda: session.run(None, feed)
        found = by_turns(calls)
    for name, seconds in found.items():
        gain = found["eager"].clock / seconds.clock
        print(f"  {name}: {gain:.2f} times as fast as eager")


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description="CPU time of default and ECCV16.")
    parser.add_argument("--export", action="store_true", help="try other runtimes too")
    args = parser.parse_args()
    nets = {"default": Both("default"), "ECCV16": eccv16().eval()}
    compare(torch.float32, nets)
    if fast_dtype(torch.device("cpu")) == torch.bfloat16:
        compare(torch.bfloat16, nets)
    if args.export:
        runtimes(nets["default"])


if __name__ == "__main__":
    main()
