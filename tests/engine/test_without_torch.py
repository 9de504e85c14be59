"""Coloring where torch is not installed: in Python, by the command, on a cluster."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage import data

if TYPE_CHECKING:
    from pathlib import Path

# Python imports this module at its start, in workers of a cluster too.
BLOCK = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "safetensors"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocker())
import importlib.util
found = importlib.util.find_spec
def find_spec(name, package=None):
    return None if name in ("torch", "safetensors") else found(name, package)
importlib.util.find_spec = find_spec
"""
GRAY = data.camera()[100:228, 150:300]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Folder of a photo, in whose processes torch is missing."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(BLOCK)
    Image.fromarray(GRAY).save(tmp_path / "photo.png")
    return tmp_path


def python(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    site = str(place / "site")
    return subprocess.run(
        [sys.executable, *words],
        cwd=place,
        env={**os.environ, "PYTHONPATH": site},
        capture_output=True,
        text=True,
        timeout=300,
    )


def colorize(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from colorize_engine.cli import main; sys.exit(main())"
    return python(place, "-c", code, *words)


def is_colored(picture: np.ndarray) -> bool:
    return bool(np.ptp(picture.astype(int), axis=-1).mean() > 3)


def test_torch_is_missing_there(place: Path) -> None:
    done = python(place, "-c", "import torch")
    assert "No module named 'torch'" in done.stderr


def test_a_picture_in_python(place: Path) -> None:
    done = python(
        place,
        "-W",
        "error",
        "-c",
        "import numpy as np, sys\n"
        "from PIL import Image\n"
        "from colorize_engine import Colorizer\n"
        "colorizer = Colorizer.from_pretrained()\n"
        "assert colorizer.predictor.runtime == 'onnx'\n"
        "gray = np.asarray(Image.open('photo.png'))\n"
        "rgb = colorizer.predict(gray).colorize()\n"
        "assert np.ptp(rgb.astype(int), axis=-1).mean() > 3\n"
        "assert 'torch' not in sys.modules",
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("model", ["default", "reference-10"])
def test_a_photo_and_a_folder(place: Path, model: str) -> None:
    done = colorize(place, "photo.png", "-o", "color.png", "-m", model)
    assert done.returncode == 0, done.stderr
    assert is_colored(np.asarray(Image.open(place / "color.png")))
    (place / "photos" / "below").mkdir(parents=True)
    for name in ("a.png", "below/b.png"):
        Image.fromarray(GRAY).save(place / "photos" / name)
    done = colorize(place, "photos", "-o", "colored", "-m", model)
    assert done.returncode == 0, done.stderr
    for name in ("a.png", "below/b.png"):
        assert is_colored(np.asarray(Image.open(place / "colored" / name)))


def test_a_stack(place: Path) -> None:
    pytest.importorskip("dask")
    film = np.stack([GRAY, GRAY[::-1]])
    tifffile.imwrite(place / "film.ome.tif", film, metadata={"axes": "TYX"})
    done = colorize(place, "film.ome.tif", "-o", "color.ome.tif", "--smoothing", "0.5")
    assert done.returncode == 0, done.stderr
    film = tifffile.imread(place / "color.ome.tif")
    assert film.shape == (2, *GRAY.shape, 3)
    assert is_colored(film)


def test_a_folder_on_a_cluster(place: Path) -> None:
    pytest.importorskip("distributed")
    script = place / "run.py"
    script.write_text(
        "import sys\n"
        "from distributed import LocalCluster\n"
        "from colorize_engine.cli import main\n"
        "if __name__ == '__main__':\n"
        "    with LocalCluster(1, dashboard_address=None) as cluster:\n"
        "        words = sys.argv[1:]\n"
        "        sys.exit(main([*words, '--scheduler', cluster.scheduler_address]))\n"
    )
    (place / "photos").mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(GRAY).save(place / "photos" / name)
    done = python(place, str(script), "photos", "-o", "colored")
    assert done.returncode == 0, done.stderr
    for name in ("a.png", "b.png"):
        assert is_colored(np.asarray(Image.open(place / "colored" / name)))


@pytest.mark.parametrize(
    "words", [("--device", "cuda"), ("--runtime", "torch")], ids=" ".join
)
def test_what_needs_torch_names_the_extra_in_one_line(
    place: Path, words: tuple[str, ...]
) -> None:
    done = colorize(place, "photo.png", "-o", "color.png", *words)
    assert done.returncode == 2
    assert "napari-colorize[torch]" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (place / "color.png").exists()
