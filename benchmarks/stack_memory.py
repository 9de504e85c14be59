"""Peak memory of a long stack, file to file, which must not grow with the frames.

``python benchmarks/stack_memory.py`` writes a stack of 1,000 frames of 512 x 512 (a pan
over a photo, with noise), colors it with `default` from OME-TIFF to OME-Zarr in its own
process, and prints that process's peak RSS along the way and the time per frame.
``--frames``, ``--smoothing``, ``--target out.tif`` and ``--working-size`` (a small one
is faster) change the run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDE, LIMIT_MB = 512, 1500
_MEBI = 1 << 20


def pan(count: int) -> Iterator[np.ndarray]:
    """Yield uint8 frames of a pan over a gray photo, each with fresh noise."""
    from skimage import data

    photo = np.pad(data.camera(), ((0, SIDE), (0, SIDE)), mode="symmetric")
    rng = np.random.default_rng(0)
    for number in range(count):
        # There and back.
        at = SIDE - abs(SIDE - number % (2 * SIDE))
        part = photo[at : at + SIDE, at // 2 : at // 2 + SIDE]
        noise = rng.normal(0, 3, part.shape)
        yield np.clip(part + noise, 0, 255).astype(np.uint8)


def peak_mb() -> float:
    """Return the peak resident size of this process so far, in MiB (Linux)."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _MEBI


def color(source: str, target: str, smoothing: float, working_size: int) -> None:
    """Color a stack and print the peaks and the time as JSON."""
    from colorize_engine.stackfiles import StackSettings, color_stack_file

    peaks: dict[int, float] = {}
    began: list[float] = []

    def note(done: int, total: int) -> None:
        # The first frame loads the nets.
        if done == 1:
            began.append(time.perf_counter())
        if done and (done in (1, 10) or done == total or done % 100 == 0):
            peaks[done] = round(peak_mb())

    settings = StackSettings(smoothing=smoothing, working_size=working_size)
    color_stack_file(source, target, settings=settings, progress=note)
    seconds = (time.perf_counter() - began[0]) / max(1, max(peaks) - 1)
    print(json.dumps({"peaks": peaks, "seconds": seconds, "end": peak_mb()}))


def measure(count: int, smoothing: float, target: str, working_size: int) -> None:
    """Write a stack, color it in a separate process, and print the figures."""
    import tifffile

    from training.scoring import table

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "in.ome.tif")
        tifffile.imwrite(
            source,
            pan(count),
            shape=(count, SIDE, SIDE),
            dtype=np.uint8,
            photometric="minisblack",
            ome=True,
            metadata={"axes": "TYX", "TimeIncrement": 0.04},
        )
        arguments = ["--child", str(source), str(Path(folder, target))]
        arguments += ["--smoothing", str(smoothing)]
        arguments += ["--working-size", str(working_size)]
        result = subprocess.run(
            [sys.executable, __file__, *arguments],
            check=True,
            capture_output=True,
            text=True,
        )
    found = json.loads(result.stdout)
    peaks = [[done, f"{peak:.0f}"] for done, peak in found["peaks"].items()]
    lines = [["after frame", "peak of memory, MiB"], *peaks]
    print(table([*lines, ["in all", f"{found['end']:.0f}"]]))
    print(
        f"\n{count} frames of {SIDE} x {SIDE}, smoothing {smoothing:g}, working size "
        f"{working_size}, to {target}; {1000 * found['seconds']:.0f} ms a frame."
    )
    if found["end"] >= LIMIT_MB:
        sys.exit(f"more than {LIMIT_MB} MiB")


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description="Peak memory of a long stack.")
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--smoothing", type=float, default=0.6)
    parser.add_argument("--target", default="out.zarr")
    parser.add_argument("--working-size", type=int, default=256)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        color(*args.child, args.smoothing, args.working_size)
    else:
        measure(args.frames, args.smoothing, args.target, args.working_size)


if __name__ == "__main__":
    main()
