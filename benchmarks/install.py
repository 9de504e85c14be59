"""Size of an installation: what it downloads, and what it takes on the disk.

``python benchmarks/install.py`` installs a copy of this checkout as README and Makefile
do, each way in a new environment without a cache, with the versions of constraints.txt
and with torch for CPUs where torch is needed. What is downloaded is what pip names. MB
are millions of bytes; the disk has the whole environment. It needs the package
registries, and some minutes.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

from training.scoring import table

ROOT = Path(__file__).parent.parent
MB = 1e6
# What pip has kept is no download; its words are read, and not a moving bar.
ENVIRONMENT = {**os.environ, "PIP_NO_CACHE_DIR": "1", "PIP_PROGRESS_BAR": "off"}
UNITS = {"bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}
_DOWNLOADED = re.compile(r"Downloading \S+ \(([\d.]+) (bytes|kB|MB|GB)\)")
_LOCAL = re.compile(r"Processing (?:file://)?(/\S+\.whl)")


@dataclass(frozen=True)
class Way:
    """Extras of the package and other packages, with torch for CPUs or not."""

    extras: str = ""
    others: tuple[str, ...] = ()
    torch: bool = False


WAYS = {
    "the command": Way(),
    "stacks": Way("[stacks]"),
    "raw,heic": Way("[raw,heic]"),
    "video": Way("[video]"),
    "app": Way("[app]"),
    "napari": Way("[napari]", ("napari[pyqt6]",)),
    "torch": Way("[torch]", torch=True),
    "make demo": Way("", ("scikit-image",)),
    "make docs": Way("[docs]"),
    "make test": Way("[napari,training,dev]", torch=True),
}


def downloaded(lines: str) -> float:
    """Return the bytes of the packages that pip names in its output."""
    named = sum(float(size) * UNITS[unit] for size, unit in _DOWNLOADED.findall(lines))
    return named + sum(Path(path).stat().st_size for path in _LOCAL.findall(lines))


def on_disk(folder: Path) -> int:
    """Return the bytes that a folder takes on the disk."""
    files = (path.lstat() for path in folder.rglob("*"))
    return sum(512 * about.st_blocks for about in files)


def run(*words: str | Path) -> str:
    """Run a command in the checkout and return its output."""
    done = subprocess.run(
        words, cwd=ROOT, env=ENVIRONMENT, check=True, capture_output=True, text=True
    )
    return done.stdout


def installed(way: Way, folder: Path) -> tuple[float, float]:
    """Install in a new environment; return the bytes downloaded and on the disk."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    lines = run("bash", ".ci/torch", python) if way.torch else ""
    pip = [python, "-m", "pip", "install", "-c", "constraints.txt"]
    lines += run(*pip, f".{way.extras}", *way.others)
    return downloaded(lines), on_disk(folder)


def clone(*words: str) -> int:
    """Return the bytes that a clone of this repository takes on the disk."""
    with tempfile.TemporaryDirectory() as folder:
        run("git", "clone", "--quiet", *words, f"file://{ROOT}", folder)
        return on_disk(Path(folder))


def wheel() -> int:
    """Return the bytes of the wheel."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
        run(*pip, "--wheel-dir", folder, ".")
        (path,) = Path(folder).glob("*.whl")
        return path.stat().st_size


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", choices=WAYS)
    args = parser.parse_args()
    sizes = {
        "the wheel": wheel(),
        "a clone with --depth 1": clone("--depth", "1"),
        "a clone with the history": clone(),
    }
    lines = [["", "on the disk, MB"]]
    print(table([*lines, *([name, f"{s / MB:.0f}"] for name, s in sizes.items())]))
    lines = [["an installation", "downloads, MB", "on the disk, MB"]]
    for name, way in WAYS.items():
        if args.only is None or name in args.only:
            with tempfile.TemporaryDirectory() as folder:
                down, disk = installed(way, Path(folder))
            lines.append([name, f"{down / MB:.0f}", f"{disk / MB:.0f}"])
    print(f"\n{table(lines)}")


if __name__ == "__main__":
    main()
