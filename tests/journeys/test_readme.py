"""Every block of code in the README runs as it is printed."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image
from skimage import data

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, flags=re.DOTALL)
# Commands of these programs need a whole checkout or hours; they have tests elsewhere.
ELSEWHERE = ("make", "pip", "python -m training", "git")

AXES = (("t", "time"), ("c", "channel"), ("y", "space"), ("x", "space"))


def commands() -> list[str]:
    """Lines of the README's shell blocks, without comments."""
    lines = [
        line.split("  #")[0].strip()
        for language, block in BLOCKS
        if language == "console"
        for line in block.replace("\\\n", " ").splitlines()
    ]
    return [line for line in lines if line and not line.startswith(ELSEWHERE)]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Folder with the gray photos that the README's commands name."""
    gray = data.camera()[::4, ::4]
    Image.fromarray(gray).save(tmp_path / "photo.jpg")
    (tmp_path / "scans").mkdir()
    for name in ("one", "two"):
        Image.fromarray(gray).save(tmp_path / "scans" / f"{name}.tif")
    Image.fromarray(gray.astype(np.uint16) * 16).save(tmp_path / "cells.tif")
    (tmp_path / "archive" / "1931").mkdir(parents=True)
    Image.fromarray(gray).save(tmp_path / "archive" / "1931" / "fair.jpg")
    film = np.stack([gray, gray, gray])
    tifffile.imwrite(tmp_path / "film.ome.tif", film, metadata={"axes": "TYX"})
    zarr.save_array(str(tmp_path / "film.zarr"), film)
    cells = np.stack([gray, gray[::-1]])[None].astype(np.uint16)
    group = zarr.open_group(str(tmp_path / "cells.zarr"), mode="w", zarr_format=3)
    group.create_array("0", data=cells)
    axes = [{"name": name, "type": kind} for name, kind in AXES]
    scale = [{"type": "scale", "scale": [1.0] * 4}]
    levels = [{"path": "0", "coordinateTransformations": scale}]
    multiscales = [{"axes": axes, "datasets": levels}]
    group.attrs["ome"] = {"version": "0.5", "multiscales": multiscales}
    return tmp_path


def test_readme_has_commands_and_a_script() -> None:
    assert len(commands()) >= 4
    assert sum(language == "python" for language, _ in BLOCKS) >= 1


def test_commands_run_in_order(photos: Path) -> None:
    program = Path(sys.executable).parent / "colorize"
    for command in commands():
        assert command.startswith("colorize "), command
        words = shlex.split(command)[1:]
        files = [
            name
            for word in words
            for name in (
                sorted(str(p.relative_to(photos)) for p in photos.glob(word))
                if "*" in word
                else [word]
            )
        ]
        done = subprocess.run(
            [str(program), *files], cwd=photos, capture_output=True, text=True
        )
        assert done.returncode == 0, (command, done.stderr)


def test_scripts_run(photos: Path) -> None:
    for language, block in BLOCKS:
        if language != "python":
            continue
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", block],
            cwd=photos,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, (block, done.stderr)
        for expected in re.findall(r"print\(.*#\s*(.+)", block):
            assert expected in done.stdout, (expected, done.stdout)
