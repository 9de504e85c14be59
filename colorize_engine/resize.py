"""Lightness at the working size, and its padding for the nets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.color import lightness
from colorize_engine.parallel import spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST = 8192
"""Largest working size."""
MOST_PIXELS = 1 << 24
"""Largest number of pixels of a long picture at the working size."""
_LONG, _ENLARGED = 4, 4
STRIP_PIXELS = 1 << 18
"""Pixels that each thread holds in floats at a time."""


def working_shape(shape: tuple[int, int], working_size: int) -> tuple[int, int]:
    """Return the height and width at which the nets see a picture.

    Parameters
    ----------
    shape
        Full height and width, at least 1.
    working_size
        Wanted short side in pixels. The long side follows the aspect. A picture of
        more than 4:1 gets no more than about `MOST_PIXELS`, and is enlarged no more
        than fourfold, unless its long side is below four working sizes.

    Raises
    ------
    ValueError
        If the working size is not a whole number in 1..8192.
    """
    # Written so that NaN and infinity fail, too.
    if not 1 <= working_size <= LARGEST or working_size % 1:
        raise ValueError(
            f"expected a whole working size in 1..{LARGEST}, got {working_size}"
        )
    short, long = min(shape), max(shape)
    scale = working_size / short
    if long > _LONG * short:
        most = min((MOST_PIXELS / (short * long)) ** 0.5, _ENLARGED)
        scale = min(scale, max(most, _LONG * working_size / long))
    height, width = (max(1, round(side * scale)) for side in shape)
    return height, width


def head_shape(shape: tuple[int, int], head_stride: int) -> tuple[int, int]:
    """Return the numbers of rows and columns of cells that cover a working shape.

    A cell is the square of ``head_stride`` pixels that one distribution stands for. The
    last row and column of cells may reach beyond the picture.
    """
    return -(-shape[0] // head_stride), -(-shape[1] // head_stride)


def fit_lightness(image: NDArray[Any], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return the L* of a picture at another size.

    Scaling down averages over areas: whole blocks first, in strips, so that a large
    picture is never held in floats as a whole. Scaling up is bicubic.

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
    # Blocks reduce by half of the ratio at most, so the last step still filters well.
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


def padding(
    shape: tuple[int, int], stride: int, head_stride: int
) -> tuple[tuple[int, int], ...]:
    """Return the rows and columns to add on each side for multiples of the stride.

    Those before the picture are whole cells, so that its first pixel begins one.
    """
    sides = []
    for side in shape:
        missing = -side % stride
        before = missing // 2 // head_stride * head_stride
        sides.append((before, missing - before))
    return tuple(sides)


def pad(
    plane: NDArray[np.float32], stride: int, head_stride: int
) -> NDArray[np.float32]:
    """Pad (h, w) by reflection to multiples of the stride; a side may be 1."""
    return np.pad(plane, padding(plane.shape, stride, head_stride), mode="reflect")


def crop(
    stack: NDArray[np.float32],
    shape: tuple[int, int],
    stride: int,
    head_stride: int,
) -> NDArray[np.float32]:
    """Return the cells that cover the picture, from what the nets say of ``pad``.

    Parameters
    ----------
    stack : (..., h' / head_stride, w' / head_stride) array
        One value for each cell of the padded plane (h', w').
    shape
        Height and width of the plane before it was padded.
    stride, head_stride
        As given to ``pad``.
    """
    (top, _), (left, _) = padding(shape, stride, head_stride)
    top, left = top // head_stride, left // head_stride
    height, width = head_shape(shape, head_stride)
    return stack[..., top : top + height, left : left + width]
