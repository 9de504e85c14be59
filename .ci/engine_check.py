"""Check of the command ``colorize`` where only the wheel is installed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
from look import expect_color
from PIL import Image

COLORIZE = Path(sys.executable).with_name("colorize")
ABSENT = ("napari", "qtpy", "magicgui", "training", "torch", "skimage", "dask")
MOST_MEGABYTES = 550


def disk_use(folder: Path) -> int:
    """Return the bytes that the files below a folder take on the disk."""
    return sum(
        path.lstat().st_blocks * 512 for path in folder.rglob("*") if path.is_file()
    )


def main() -> None:
    """Write a ramp of grays to the current folder, color it, and check the result."""
    for package in ABSENT:
        if importlib.util.find_spec(package) is not None:
            sys.exit(f"{package} is installed")
    megabytes = disk_use(Path(sys.prefix)) / 2**20
    if megabytes > MOST_MEGABYTES:
        sys.exit(f"the environment has {megabytes:.0f} MB")
    ramp = np.linspace(0, 255, 320 * 240).reshape(240, 320).astype(np.uint8)
    Image.fromarray(ramp).save("gray.png")
    subprocess.run([COLORIZE, "gray.png", "-o", "color.png"], check=True)
    expect_color("color.png", (240, 320))
    print(f"the wheel colors a gray picture without napari, in {megabytes:.0f} MB")


if __name__ == "__main__":
    main()
