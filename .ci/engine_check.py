"""Color a gray picture with the command, where the wheel is installed alone."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

COLORIZE = Path(sys.executable).with_name("colorize")
ABSENT = ("napari", "qtpy", "magicgui", "training")


def main() -> None:
    """Write a ramp of grays to the folder, color it, and look at the result."""
    for package in ABSENT:
        if importlib.util.find_spec(package) is not None:
            sys.exit(f"{package} is installed")
    ramp = np.linspace(0, 255, 320 * 240).reshape(240, 320).astype(np.uint8)
    Image.fromarray(ramp).save("gray.png")
    subprocess.run([COLORIZE, "gray.png", "-o", "color.png"], check=True)
    color = np.asarray(Image.open("color.png")).astype(int)
    if color.shape != (240, 320, 3):
        sys.exit(f"the shape is {color.shape}")
    if np.ptp(color, axis=2).max() <= 3:
        sys.exit("the picture is still gray")
    print("the wheel colors a gray picture without napari")


if __name__ == "__main__":
    main()
