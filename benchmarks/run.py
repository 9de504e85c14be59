"""All benchmarks, one after the other, with their figures on one page.

    python benchmarks/run.py [--out docs/benchmarks.md] [--fullsize FOLDER] [--only ...]

Each benchmark runs in its own process; nothing else should run on the machine. The page
names the machine. ``--fullsize`` is a folder of color photos of 6 megapixels or more
for the benchmark of upsampling, which is left out without it. Benchmarks that need a
window are left out if there is neither a display nor ``xvfb-run``.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent


@dataclass(frozen=True)
class Benchmark:
    """A script, with the title of its figures, its arguments and what it needs."""

    title: str
    script: str
    arguments: tuple[str, ...] = ()
    window: bool = False
    fullsize: bool = False

    def command(self, photos: list[Path]) -> list[str] | None:
        """Return the command line; None if something that it needs is missing."""
        words = [sys.executable, str(HERE / self.script), *self.arguments]
        if self.fullsize:
            if not photos:
                return None
            words[2:2] = [str(photo) for photo in photos]
        if self.window and not os.environ.get("DISPLAY"):
            if not shutil.which("xvfb-run"):
                return None
            screen = ["-s", "-screen 0 1600x1000x24"]
            words = ["xvfb-run", "-a", *screen, *words]
        return words


BENCHMARKS = (
    Benchmark(
        "File to file",
        "speed.py",
        ("--repeats", "3", "--chart", "docs/images/stages.png"),
    ),
    Benchmark("The command from start to end", "start.py"),
    Benchmark("Memory", "memory.py"),
    Benchmark("Networks", "nets.py"),
    Benchmark("Training steps", "training_step.py"),
    Benchmark("Color conversion", "color.py"),
    Benchmark(
        "Upsampling of predicted chroma",
        "upsampling.py",
        ("--most", "3"),
        fullsize=True,
    ),
    Benchmark("Folders", "folders.py", ("--rounds", "3")),
    Benchmark("Stacks: memory", "stack_memory.py", ("--working-size", "64")),
    Benchmark("Stacks: flicker", "flicker.py", ("--frames", "6")),
    Benchmark("Films", "film.py"),
    Benchmark("A slider and a hint in napari", "live.py", window=True),
    Benchmark("The page of colorize app", "app.py"),
    Benchmark("Start of napari", "startup.py", window=True),
)


def machine() -> str:
    """Return one line on processor, memory and versions."""
    name = platform.processor() or platform.machine()
    about = Path("/proc/cpuinfo")
    if about.is_file():
        lines = about.read_text().splitlines()
        models = [s.split(":")[1].strip() for s in lines if s.startswith("model name")]
        name = models[0] if models else name
    memory = ""
    if hasattr(os, "sysconf"):
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        memory = f", {size / 2**30:.0f} GiB of memory"
    packages = ", ".join(
        f"{name} {version(name)}"
        for name in ("onnxruntime", "torch", "numpy", "scikit-image")
    )
    return (
        f"{name}, {os.cpu_count()} cores{memory}; {platform.system()}, "
        f"Python {platform.python_version()}, {packages}"
    )


def run(benchmark: Benchmark, photos: list[Path]) -> str:
    """Run one benchmark; return its section of the page."""
    command = benchmark.command(photos)
    heading = f"## {benchmark.title}\n\n`benchmarks/{benchmark.script}`"
    if command is None:
        return f"{heading} was left out: it needs photos or a display."
    began = time.monotonic()
    print(f"{benchmark.title} ...", file=sys.stderr, flush=True)
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        # The others go on: they take long.
        return f"{heading} failed."
    seconds = time.monotonic() - began
    text = done.stdout.strip()
    if not text.lstrip().startswith("|") and "\n|" not in text:
        text = f"```\n{text}\n```"
    return f"{heading}, {seconds:.0f} s.\n\n{text}"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks.md")
    parser.add_argument("--fullsize", type=Path, help="folder of large color photos")
    parser.add_argument("--only", nargs="*", metavar="SCRIPT", help="such as speed.py")
    args = parser.parse_args()
    if args.only and args.out == parser.get_default("out"):
        parser.error("--only writes a separate page; give its --out")
    photos = sorted(args.fullsize.glob("*.jpg")) if args.fullsize else []
    chosen = [b for b in BENCHMARKS if not args.only or b.script in args.only]
    sections = [run(benchmark, photos) for benchmark in chosen]
    intro = (
        "# Benchmarks\n\nWritten by `make bench`. Compare figures within a table, not "
        f"across machines.\n\nMachine: {machine()}."
    )
    args.out.write_text("\n\n".join([intro, *sections]) + "\n", "utf-8")
    print(args.out)
    if any(section.endswith(" failed.") for section in sections):
        sys.exit(1)


if __name__ == "__main__":
    main()
