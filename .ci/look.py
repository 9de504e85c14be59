"""A test of a colored picture, for the checks in this folder."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path


def expect_color(path: str | Path, shape: tuple[int, int]) -> None:
    """Exit with an error unless the file has a picture (H, W) in color."""
    color = np.asarray(Image.open(path)).astype(int)
    if color.shape != (*shape, 3):
        sys.exit(f"the shape is {color.shape}")
    if np.ptp(color, axis=2).max() <= 3:
        sys.exit("the picture is still gray")
