"""All benchmarks, one after the other, with their figures on one page.

    python benchmarks/run.py [--out docs/benchmarks.md] [--only SCRIPT ...]
        [--fullsize FOLDER] [--photos val.tar]

Each benchmark runs in its own process; nothing else should run on the machine. The page
names the machine. ``--fullsize`` is a folder of color photos of 6 megapixels or more
for the benchmark of upsampling, ``--photos`` the validation photos for that of hints.
What is not measured stays on the page as it is if the page is of the same machine, and
is left out otherwise: so do benchmarks without their photos, and those of windows where
there is neither a display nor ``xvfb-run``. Then the sentences of README and docs take
their figures from the page (docs/figures.py).
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
PAGE = ROOT / "docs" / "benchmarks.md"


@dataclass(frozen=True)
class Benchmark:
    """A script, with the title of its figures, its arguments and what it needs.

    Attributes
    ----------
    needs : {"", "window", "fullsize", "photos"}
        A display, or the option of that name.
    note : str
        What the page says of it.
    """

    title: str
    script: str
    arguments: tuple[str, ...] = ()
    needs: str = ""
    note: str = ""

    def command(self, found: dict[str, list[str]]) -> list[str] | None:
        """Return the command line; None if something that it needs is missing."""
        words = [sys.executable, str(HERE / self.script)]
        if self.needs in found:
            if not found[self.needs]:
                return None
            words += found[self.needs]
        words += self.arguments
        if self.needs == "window" and not os.environ.get("DISPLAY"):
            if not shutil.which("xvfb-run"):
                return None
            screen = ["-s", "-screen 0 1600x1000x24"]
            words = ["xvfb-run", "-a", *screen, *words]
        return words


BENCHMARKS = (
    Benchmark("Installing", "install.py"),
    Benchmark(
        "File to file",
        "speed.py",
        ("--repeats", "3", "--chart", "docs/images/stages.png"),
        note="![Shares of the time, file to file](images/stages.png)",
    ),
    Benchmark("The command from start to end", "start.py"),
    Benchmark("Memory", "memory.py"),
    Benchmark("Networks", "nets.py"),
    Benchmark("Training steps", "training_step.py"),
    Benchmark("Color conversion", "color.py"),
    Benchmark(
        "Upsampling of predicted chroma", "upsampling.py", ("--most", "3"), "fullsize"
    ),
    Benchmark("Folders", "folders.py", ("--rounds", "3")),
    Benchmark("Stacks: memory", "stack_memory.py", ("--working-size", "64")),
    Benchmark(
        "Stacks: flicker",
        "flicker.py",
        ("--frames", "6", "--compare"),
        note="`--smoothing` averages the logits along the motion. The rows of hints "
        "show the nets the colors of the frame before instead. They take less off the "
        "flicker, and their errors drift from frame to frame.",
    ),
    Benchmark("Films", "film.py"),
    Benchmark(
        "Hints and variants",
        "hints.py",
        ("--curve", "docs/images/hints-curve.png"),
        "photos",
        "The true colors are at random points of odd validation photos.",
    ),
    Benchmark("A slider and a hint in napari", "live.py", needs="window"),
    Benchmark("The page of colorize app", "app.py"),
    Benchmark("Start of napari", "startup.py", needs="window"),
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


def run(benchmark: Benchmark, command: list[str]) -> str:
    """Run one benchmark; return its section of the page without the heading.

    Raises
    ------
    subprocess.CalledProcessError
        If it fails.
    """
    began = time.monotonic()
    print(f"{benchmark.title} ...", file=sys.stderr, flush=True)
    done = subprocess.run(
        command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    took = f"`benchmarks/{benchmark.script}`, {time.monotonic() - began:.0f} s."
    return "\n\n".join(filter(None, (took, benchmark.note, done.stdout.strip())))


def sections(page: Path, intro: str) -> dict[str, str]:
    """Return the sections of a page by title; none if it is of another machine."""
    text = page.read_text("utf-8") if page.is_file() else ""
    first, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
    if first.strip() != intro:
        return {}
    return {part.partition("\n")[0]: part.partition("\n")[2].strip() for part in parts}


def main() -> None:
    """Write the page, then the figures of README and docs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--out", type=Path, default=PAGE)
    add("--fullsize", type=Path, help="folder of large color photos")
    add("--photos", type=Path, help="validation photos: a folder or tar archive")
    add("--only", nargs="*", metavar="SCRIPT", help="such as speed.py")
    args = parser.parse_args()
    large = sorted(args.fullsize.glob("*.jpg")) if args.fullsize else []
    found = {
        "fullsize": [str(photo) for photo in large],
        "photos": ["--photos", str(args.photos)] if args.photos else [],
    }
    intro = (
        "# Benchmarks\n\nWritten by `make bench`. Compare figures within a table, not "
        f"across machines.\n\nMachine: {machine()}."
    )
    page, failed = sections(args.out, intro), []
    for benchmark in BENCHMARKS:
        chosen = not args.only or benchmark.script in args.only
        command = benchmark.command(found) if chosen else None
        if command is None:
            continue
        try:
            page[benchmark.title] = run(benchmark, command)
        except subprocess.CalledProcessError as error:
            # The others go on: they take long.
            failed.append(str(error))
    order = [b.title for b in BENCHMARKS if b.title in page]
    parts = [f"## {title}\n\n{page[title]}" for title in order]
    args.out.write_text("\n\n".join([intro, *parts]) + "\n", "utf-8")
    print(args.out)
    if failed:
        sys.exit("\n".join(failed))
    if args.out == PAGE:
        # It names sentences whose figures are not on the page.
        subprocess.run([sys.executable, ROOT / "docs" / "figures.py"], check=False)


if __name__ == "__main__":
    main()
