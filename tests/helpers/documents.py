"""Blocks of code in Markdown pages, and running them as a reader would."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import films
import numpy as np
import tifffile
import zarr
from not_run import NOT_RUN
from PIL import Image
from skimage import data

ROOT = Path(__file__).parents[2]
# The pages whose commands and scripts tests/journeys/test_docs.py runs.
TUTORIALS = (
    *("app", "archive", "color", "command", "film", "layers", "microscopy"),
    *("script", "training", "widget"),
)
AXES = (("t", "time"), ("c", "channel"), ("y", "space"), ("x", "space"))


def blocks(text: str, language: str) -> list[str]:
    """Blocks of a page in one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def pages() -> dict[str, str]:
    """Texts of all pages for users, by their path in the repository."""
    patterns = ("*.md", ".napari-hub/*.md", "docs/**/*.md", "training/*.md")
    found = {path for pattern in patterns for path in ROOT.glob(pattern)}
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(found)
    }


def commands(text: str) -> list[str]:
    """Lines of the shell blocks of a page, without comments.

    They are the fenced blocks for a console, and all that are indented.
    """
    unfenced = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    indented = re.findall(r"(?<=\n\n)(?: {4}\S.*\n)+", unfenced)
    lines = [
        re.split(r"\s{2,}#", line)[0].strip()
        for block in (*blocks(text, "console"), *indented)
        for line in re.sub(r"\\\n\s*", "", block).splitlines()
    ]
    return [line for line in lines if line]


def commands_to_run(text: str) -> list[str]:
    """Commands of a page but those that are listed, with a reason, as not run."""
    listed = {command for each in NOT_RUN.values() for command in each}
    return [line for line in commands(text) if line not in listed]


def run_command(command: str, folder: Path) -> None:
    """Run ``colorize ...`` or ``python ...``; patterns of files are expanded."""
    command, _, output = command.partition(" > ")
    command, _, given = command.partition(" < ")
    program, *words = shlex.split(command)
    expanded = [
        name
        for word in words
        for name in (
            sorted(str(path.relative_to(folder)) for path in folder.glob(word))
            if "*" in word
            else [word]
        )
    ]
    known = {
        "colorize": [str(Path(sys.executable).with_name("colorize"))],
        "python": [sys.executable],
    }
    done = subprocess.run(
        [*known[program], *expanded],
        cwd=folder,
        capture_output=True,
        input=(folder / given).read_bytes() if given else b"",
    )
    assert done.returncode == 0, (command, done.stderr)
    if output:
        (folder / output).write_bytes(done.stdout)


def run_script(script: str, folder: Path, *, strict: bool = True) -> str:
    """Run Python code, which must print what its comments say; give all it printed."""
    options = ["-W", "error"] if strict else []
    done = subprocess.run(
        [sys.executable, *options, "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (script, done.stderr)
    for expected in re.findall(r"print\(.*#\s*(.+)", script):
        assert expected in done.stdout, (expected, done.stdout)
    return done.stdout


def write_photos(folder: Path) -> Path:
    """Write the gray photos and stacks that the pages' commands name."""
    gray = data.camera()[::4, ::4]
    Image.fromarray(gray).save(folder / "photo.jpg")
    films.make(
        folder / "film.mp4",
        films.two_shots((128, 96)),
        *("-c:v", "libx264", *films.GRAY, "-c:a", "aac"),
        more=films.SOUND,
    )
    (folder / "film.csv").write_text("x,y,color,frame\n5,5,#a03020,1\n")
    (folder / "hints.csv").write_text("x,y,color\n45,82,#a03020\n20,20,#808080\n")
    (folder / "scans").mkdir()
    for name in ("one", "two"):
        Image.fromarray(gray).save(folder / "scans" / f"{name}.tif")
    Image.fromarray(gray.astype(np.uint16) * 16).save(folder / "cells.tif")
    (folder / "archive" / "1931").mkdir(parents=True)
    Image.fromarray(gray).save(folder / "archive" / "1931" / "fair.jpg")
    film = np.stack([gray, gray, gray])
    tifffile.imwrite(folder / "film.ome.tif", film, metadata={"axes": "TYX"})
    zarr.save_array(str(folder / "film.zarr"), film)
    cells = np.stack([gray, gray[::-1]])[None].astype(np.uint16)
    group = zarr.open_group(str(folder / "cells.zarr"), mode="w", zarr_format=3)
    group.create_array("0", data=cells)
    axes = [{"name": name, "type": kind} for name, kind in AXES]
    scale = [{"type": "scale", "scale": [1.0] * 4}]
    levels = [{"path": "0", "coordinateTransformations": scale}]
    multiscales = [{"axes": axes, "datasets": levels}]
    group.attrs["ome"] = {"version": "0.5", "multiscales": multiscales}
    return folder
