"""White level of a data type, and strips of rows to work on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Values = npt.NDArray[np.uint8 | np.uint16 | np.float32]


_STRIP = 1 << 20


def full_scale(dtype: npt.DTypeLike) -> float:
    """Return the white level of a type: its largest integer, or 1 for floats."""
    dtype = np.dtype(dtype)
    return 1.0 if dtype.kind == "f" else 2.0 ** (8 * dtype.itemsize) - 1


def strips(shape: tuple[int, ...]) -> Iterator[slice]:
    """Yield slices of rows of about a million pixels, from top to bottom."""
    height = shape[0]
    rows = max(1, _STRIP // max(1, math.prod(shape[1:])))
    for first in range(0, height, rows):
        yield slice(first, min(first + rows, height))
