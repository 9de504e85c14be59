"""Check of the training: a tiny model is trained from scratch and colors a picture.

    python .ci/training_check.py FOLDER

It runs from the root of a checkout and writes into FOLDER.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from look import expect_color
from PIL import Image
from skimage import data

PRESET = Path("tests/training/tiny.toml")
SCENES = ("astronaut", "chelsea", "coffee", "retina")
# Crops of a scene in each set, and their side in pixels.
CROPS = {"train": 40, "val": 10}
SIDE = 160


def write_photos(folder: Path) -> None:
    """Write random crops of photos in color."""
    random = np.random.default_rng(0)
    for scene in SCENES:
        photo = getattr(data, scene)()
        for part, count in CROPS.items():
            (folder / part / scene).mkdir(parents=True)
            for number in range(count):
                top = random.integers(photo.shape[0] - SIDE)
                left = random.integers(photo.shape[1] - SIDE)
                crop = photo[top : top + SIDE, left : left + SIDE]
                path = folder / part / scene / f"{scene}_{number:03}.jpg"
                Image.fromarray(crop).save(path, quality=90)


def main(folder: Path) -> None:
    """Train with one command, color with another, and check the result."""
    photos, model = folder / "photos", folder / "model"
    write_photos(photos)
    regenerate = [sys.executable, "-m", "training.regenerate", "--preset", PRESET]
    options = ["--device", "cpu", "--limit", "4"]
    subprocess.run(
        [*regenerate, "--photos", photos, "--out", model, *options], check=True
    )
    Image.fromarray(data.camera()).save(folder / "gray.png")
    colorize = [Path(sys.executable).with_name("colorize"), folder / "gray.png"]
    subprocess.run(
        [*colorize, "-o", folder / "color.png", "--model", model], check=True
    )
    expect_color(folder / "color.png", (512, 512))
    print("a model trained from a checkout colors a gray picture")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
