"""Errors that say how large the nets may see a picture in the memory there is."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from colorize_engine.resize import LARGEST
from colorize_engine.windows import LONGEST

if TYPE_CHECKING:
    from collections.abc import Iterator

# Peak of both nets of `default` for each pixel of the working size, in 8 bits and in
# float32, measured from 768 to 2560 pixels.
_BYTES = 450
# Part of the free memory that may be planned with.
_SHARE = 0.7
_STEP = 32
# What ONNX Runtime, torch and C++ say.
_WORDS = ("out of memory", "not enough memory", "allocate memory", "bad_alloc")


def is_shortage(error: BaseException) -> bool:
    """Return whether an error means that there is too little memory."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(word in text for word in _WORDS)


@contextmanager
def shortage_told(shape: tuple[int, int], working_size: int) -> Iterator[None]:
    """Say in a MemoryError which working size failed, and which one would fit.

    Parameters
    ----------
    shape : (H, W)
        Size of the picture.
    working_size
        Short side in pixels at which the nets see it.

    Raises
    ------
    MemoryError
        In place of what the runtimes raise when an allocation fails.
    """
    try:
        yield
    except Exception as error:
        if not is_shortage(error):
            raise
        free = free_bytes()
        fits = fitting_size(shape, free) if free else working_size
        if fits >= working_size:
            # Others took the memory meanwhile, or the device has its own.
            fits = max(1, working_size // 2)
        raise MemoryError(
            f"there is not enough memory for a working size of {working_size}; "
            f"about {fits} would fit"
        ) from error


def fitting_size(shape: tuple[int, int], free: int) -> int:
    """Return the largest working size whose nets need no more than the free memory.

    Parameters
    ----------
    shape : (H, W)
        Size of the picture.
    free
        In bytes.

    Returns
    -------
    int
        A multiple of 32, and 32 at least.
    """
    # A long picture is seen in windows.
    aspect = min(max(shape) / min(shape), LONGEST)
    side = (_SHARE * free / _BYTES / aspect) ** 0.5
    return min(LARGEST, max(_STEP, int(side) // _STEP * _STEP))


def free_bytes() -> int | None:
    """Return the free memory in bytes, or None where the system does not tell."""
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
