"""Errors of picture files, and what turns a decoder's errors into them."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


# Of the message of a library, which may quote what is in the file.
_LONGEST = 200


class FileError(ValueError):
    """A picture file that cannot be read or written; the message says why."""


class TooLarge(FileError):
    """A picture of more pixels than `max_pixels` allows."""


class RangeError(FileError):
    """Values outside the range that was given, or taken for granted."""


class RangeNote(str):
    """A note that black and white may be meant to be at other values."""

    __slots__ = ()


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Refuse pictures without pixels and those with more than `max_pixels`.

    Raises
    ------
    TooLarge
        If there are more than `max_pixels`.
    FileError
        If there are none.
    """
    if width < 1 or height < 1:
        raise FileError(f"the picture has no pixels ({width} x {height})")
    if width * height > max_pixels:
        raise TooLarge(
            f"{width} x {height} are {width * height / 1e6:,.0f} million pixels, more "
            f"than the {max_pixels / 1e6:,.0f} million allowed"
        )


@contextmanager
def reading() -> Iterator[None]:
    """Turn whatever a decoder raises on a damaged file into a FileError.

    They fail in any way; only the lack of memory, and what the system says of the file
    or the disk, stay what they are.
    """
    try:
        yield
    except (FileError, MemoryError):
        raise
    except Exception as error:
        # A place in the file that a damaged header names can be none at all.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise FileError(f"the file is damaged ({error_text(error)})") from error


def error_text(error: Exception) -> str:
    """Return the message of an error on one line, its type's name if it has none."""
    return " ".join(str(error).split())[:_LONGEST] or type(error).__name__
