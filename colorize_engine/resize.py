"""From full size to working size and back: scaling, padding, cropping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.color import lightness
from colorize_engine.parallel import spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST = 4
STRIP_PIXELS = 1 << 18
"""Pixels that are held in float at a time, in each thread."""


def working_shape(shape: tuple[int, int], working_size: int) -> tuple[int, int]:
    """Height and width that a picture is given to the nets at.

    Parameters
    ----------
    shape
        Full height and width, at least 1.
    working_size
        Wanted short side in pixels. The long side follows the aspect; where it would
        exceed four times the short side, the whole is scaled down to that.

    Raises
    ------
    ValueError
        If the working size is no whole number of at least 1.
    """
    # Written so that NaN and infinity fail, too.
    if not working_size >= 1 or working_size % 1:
        raise ValueError(
            f"expected a whole working size of at least 1, got {working_size}"
        )
    short, long = min(shape), max(shape)
    scale = min(working_size / short, LONGEST * working_size / long)
    height, width = (max(1, round(side * scale)) for side in shape)
    return height, width


def fit_lightness(image: NDArray[Any], shape: tuple[int, int]) -> NDArray[np.float32]:
    """L* of a picture at another size.

    Scaling down averages over areas (whole blocks first, in strips, so that a large
    picture is never held in float), scaling up is bicubic.

    Parameters
    ----------
    image : (H, W) or (H, W, 3 or 4) uint8, uint16, or float in 0..1
    shape
        Wanted height and width.

    Returns
    -------
    (h, w) float32 in 0..100
    """
    from PIL import Image

    full = image.shape[:2]
    ratio = min(full[0] / shape[0], full[1] / shape[1])
    if full == shape:
        return lightness(image)
    # Reduced by half of the ratio at most, so that the last step still filters well.
    block = max(1, int(ratio / 2))
    rows = max(1, STRIP_PIXELS // (full[1] * block)) * block
    parts: dict[int, NDArray[np.float32]] = {}

    def reduce(top: int) -> None:
        strip = Image.fromarray(lightness(image[top : top + rows]))
        parts[top] = np.asarray(strip.reduce(block))

    tops = range(0, full[0], rows)
    spread(lambda: reduce, tops)
    reduced = Image.fromarray(np.concatenate([parts[top] for top in tops]))
    kernel = Image.Resampling.BILINEAR if ratio >= 1 else Image.Resampling.BICUBIC
    box = (0, 0, full[1] / block, full[0] / block)
    fitted = reduced.resize((shape[1], shape[0]), kernel, box)
    return np.clip(np.asarray(fitted, np.float32), 0, 100)


def padding(shape: tuple[int, int], stride: int) -> tuple[tuple[int, int], ...]:
    """Rows and columns to add on either side until both are multiples of the stride."""
    missing = [-side % stride for side in shape]
    return tuple((m // 2, m - m // 2) for m in missing)


def pad(plane: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """Pad (h, w) by reflection to multiples of the stride, a side of 1 included."""
    return np.pad(plane, padding(plane.shape, stride), mode="reflect")


def crop(
    stack: NDArray[np.float32], shape: tuple[int, int], stride: int
) -> NDArray[np.float32]:
    """Undo ``pad`` on the last two axes of (..., h', w')."""
    (top, _), (left, _) = padding(shape, stride)
    return stack[..., top : top + shape[0], left : left + shape[1]]
