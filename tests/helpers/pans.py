"""A photo in motion: parts of it at any position."""

from __future__ import annotations

import numpy as np
from skimage import data

from colorize_engine.color import srgb_to_lab

PHOTO = srgb_to_lab(data.astronaut()[::2, ::2])


def seen(top: float, left: float, side: int = 64) -> np.ndarray:
    """Give a part of the photo, at any position: (3, side, side) float32 Lab."""
    rows, columns = int(top), int(left)
    part = np.moveaxis(
        PHOTO[rows : rows + side + 1, columns : columns + side + 1], 2, 0
    )
    part = part + (top - rows) * (np.roll(part, -1, 1) - part)
    part = part + (left - columns) * (np.roll(part, -1, 2) - part)
    return part[:, :side, :side].astype(np.float32)


def inner(values: np.ndarray, border: int = 8) -> np.ndarray:
    return values[..., border:-border, border:-border]
