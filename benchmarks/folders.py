"""Photos a second from files to files, compared with the networks alone.

    python benchmarks/folders.py [--photos 48] [--rounds 5] [--threads 4] [--model ...]

The photos are 256 x 256 JPEG files, cut from photos of scikit-image. The networks alone
get their lightness from memory: one by one on all processors, and side by side as in a
run over a folder. All take turns in one process, and their medians are compared. A
share near 1 means that in a folder the networks wait for nothing. Processor seconds
show what reading, coloring and writing cost in addition.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from skimage import data

from colorize_engine import Colorizer
from colorize_engine.batch import Pipeline, Settings, plan_jobs
from colorize_engine.batch.pipeline import THREADS, Nets
from colorize_engine.resize import fit_lightness, pad
from training.scoring import table

if TYPE_CHECKING:
    from collections.abc import Callable

SIDE = 256


def make_photos(folder: Path, count: int) -> None:
    """Write gray JPEG files, no two alike."""
    sources = [
        np.asarray(Image.fromarray(photo).convert("L"))
        for photo in (data.astronaut(), data.coffee(), data.chelsea(), data.rocket())
    ]
    rng = np.random.default_rng(1)
    for number, photo in enumerate(islice(cycle(sources), count)):
        top, left = (int(rng.integers(0, side - SIDE + 1)) for side in photo.shape)
        crop = photo[top : top + SIDE, left : left + SIDE]
        Image.fromarray(crop).save(folder / f"{number:05}.jpg", quality=90)


def net_alone(colorizer: Colorizer, folder: Path, most: int) -> Callable[[], None]:
    """Return a call that runs the networks on all photos, ``most`` at a time."""
    planes, side = [], colorizer.working_size
    for path in sorted(folder.iterdir()):
        with Image.open(path) as image:
            plane = fit_lightness(np.asarray(image), (side, side))
        planes.append(pad(plane, colorizer.stride, colorizer.head_stride))

    def call() -> None:
        # As in a run over a folder, where separate threads run the networks.
        nets = Nets(colorizer.predictor, most)
        with ThreadPoolExecutor(most) as pool:
            list(pool.map(nets, planes))
        nets.close()

    return call


def whole(colorizer: Colorizer, folder: Path, threads: int) -> Callable[[], None]:
    """Return a call that colors all photos from files to new files."""

    def call() -> None:
        with tempfile.TemporaryDirectory() as out:
            jobs = plan_jobs([folder], f"{out}/").jobs
            for record in Pipeline(colorizer, Settings(), threads).run(jobs):
                if record.status != "done":
                    raise RuntimeError(record.error)

    return call


def timed(call: Callable[[], None]) -> tuple[float, float]:
    """Return wall seconds and processor seconds of a call."""
    wall, work = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - work


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=THREADS)
    parser.add_argument("--model", default="default")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    colorizer = Colorizer.from_pretrained(args.model, args.device)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_photos(folder, args.photos)
        calls = {
            "networks alone, one by one": net_alone(colorizer, folder, 1),
            "networks alone, side by side": net_alone(colorizer, folder, 2),
            "from files to files": whole(colorizer, folder, args.threads),
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
        for round_ in range(args.rounds + 1):
            for title, call in calls.items():
                seconds = timed(call)
                if round_:  # the first round warms up
                    times[title].append(seconds)
    heads = ["of one by one", "ms a photo", "processor ms a photo"]
    lines, first = [["", "photos a second", *heads]], 0.0
    for title, pairs in times.items():
        wall, work = (median(part) / args.photos for part in zip(*pairs, strict=True))
        first = first or wall
        cells = [f"{1 / wall:.1f}", f"{first / wall:.2f}"]
        lines.append([title, *cells, f"{1e3 * wall:.1f}", f"{1e3 * work:.1f}"])
    print(table(lines))
    print(
        f"\n{args.photos} photos of {SIDE} x {SIDE}, {args.threads} working threads, "
        f"{args.model} on {args.device}; medians of {args.rounds} rounds."
    )


if __name__ == "__main__":
    main()
