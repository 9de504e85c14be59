"""Time and memory of the command as a whole process, and where the time goes.

``python benchmarks/start.py [--before CHECKOUT]`` colors a photo of 256 pixels, one of
a megapixel and a folder of small photos, each in a new process. With ``--before``
another checkout does the same, by turns, in the same environment. Medians and their
quotients are printed, and the largest memory of a process. Then come the parts of the
time for one photo, measured inside a process of this checkout.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
from PIL import Image
from skimage import data

HERE = Path(__file__).parents[1]
ROUNDS, PHOTOS = 7, 48
COMMAND = "import sys; from colorize_engine.cli import main; sys.exit(main())"
# What the command does with one photo, step by step.
STEPS = """
import json, sys, time
marks = [("begin", time.perf_counter())]
def mark(name): marks.append((name, time.perf_counter()))
import click, numpy
from colorize_engine.cli import command, photos
from colorize_engine import batch, cluster
from colorize_engine.batch import color_photo, pipeline
from colorize_engine.files import read, write
mark("imports")
from colorize_engine.colorizer import loaded
colorizer = loaded("default")
mark("loading the nets")
(page,) = read(sys.argv[1])
mark("reading the file")
prediction = colorizer.predict(page.image)
mark("the nets")
color = prediction.colorize()
mark("coloring")
from dataclasses import replace
write(sys.argv[2], [replace(page, image=color, alpha=None)], overwrite=True)
mark("writing the file")
print(json.dumps(marks))
"""


class Run(NamedTuple):
    """Seconds and peak memory in MB of a process."""

    seconds: float
    megabytes: float


def run(checkout: Path, *words: str, code: str = COMMAND) -> tuple[Run, str]:
    """Run code of a checkout in a new process; return what it took and printed."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", code, *words],
        env={**os.environ, "PYTHONPATH": str(checkout)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=checkout,
        text=True,
    ) as process:
        assert process.stdout is not None  # noqa: S101
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{words} failed in {checkout}")
    seconds = time.perf_counter() - began
    return Run(seconds, usage.ru_maxrss / 1024), text


def make_photos(folder: Path) -> dict[str, str]:
    """Write the inputs; return the argument of the command for each."""
    photo = Image.fromarray(data.coffee()).convert("L")
    photo.resize((384, 256)).save(folder / "small.jpg")
    photo.resize((1224, 816)).save(folder / "large.jpg")
    (folder / "many").mkdir()
    for number in range(PHOTOS):
        rolled = np.roll(np.asarray(photo.resize((256, 256))), 5 * number, 1)
        Image.fromarray(rolled).save(folder / "many" / f"{number}.jpg")
    return {
        "a photo of 384 x 256 pixels": str(folder / "small.jpg"),
        "a photo of 1224 x 816 pixels": str(folder / "large.jpg"),
        f"a folder of {PHOTOS} photos of 256 x 256": str(folder / "many"),
    }


def compare(checkouts: dict[str, Path], folder: Path, rounds: int) -> None:
    """Print a table of whole processes, run by turns."""
    heads = [f"{name} | MB" for name in checkouts]
    print("| | " + " | ".join(heads) + (" | quotient |" if heads[1:] else " |"))
    print("|---" * (2 * len(heads) + 1 + bool(heads[1:])) + "|")
    for title, source in make_photos(folder).items():
        found: dict[str, list[Run]] = {name: [] for name in checkouts}
        for _ in range(rounds + 1):  # the first fills the caches
            for name, checkout in checkouts.items():
                out = Path(source).suffix and ".png"
                words = source, "-o", str(folder / f"out{out}"), "--overwrite"
                if not out:
                    words = source, "-o", tempfile.mkdtemp(dir=folder)
                found[name].append(run(checkout, *words)[0])
        medians = {
            name: Run(*map(median, zip(*runs[1:], strict=True)))
            for name, runs in found.items()
        }
        cells = [f"{r.seconds:.2f} s | {r.megabytes:.0f}" for r in medians.values()]
        if len(cells) > 1:
            before, now = (r.seconds for r in medians.values())
            cells.append(f"{now / before:.2f}")
        print(f"| {title} | " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, help="another checkout to compare with")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    args = parser.parse_args()
    checkouts = {"now": HERE}
    if args.before:
        checkouts = {"before": args.before.resolve(), **checkouts}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compare(checkouts, folder, args.rounds)
        parts: dict[str, list[float]] = {}
        for _ in range(args.rounds):
            words = str(folder / "small.jpg"), str(folder / "steps.png")
            whole, text = run(HERE, *words, code=STEPS)
            marks = json.loads(text)
            for (_, before), (title, after) in pairwise(marks):
                parts.setdefault(title, []).append(after - before)
            inside = marks[-1][1] - marks[0][1]
            parts.setdefault("Python's start and end", []).append(
                whole.seconds - inside
            )
    print("\n| part of the time for the small photo | ms |\n|---|---|")
    for title, seconds in parts.items():
        print(f"| {title} | {1000 * median(seconds):.0f} |")


if __name__ == "__main__":
    main()
