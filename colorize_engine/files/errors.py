"""Errors of picture files, and the conversion of decoder errors to them."""

from __future__ import annotations

import errno
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


# Characters kept of a library's message, which may quote the file's content.
_MAX_MESSAGE = 200
# How decoders say that a file is whole, but beyond them.
_OF_A_KIND = re.compile(
    "unsupported|not supported|n[o']t implement|unimplemented|cannot handle|"
    "unknown (?:compression|pixel|data|mode|raw)|only .* supported",
    re.IGNORECASE,
)


NOT_FINITE = "it holds NaN or infinite values; replace them by numbers in 0..1 first"


class FileError(ValueError):
    """A picture file that cannot be read or written; the message says why."""


class TooLarge(FileError):
    """A picture with more pixels than `max_pixels` allows."""


class RangeError(FileError):
    """Values outside the given or assumed range."""


class AxesError(FileError):
    """A stack whose axes have to be said."""


class NotFiniteError(FileError):
    """NaN or infinite values where only numbers are wanted."""


class RangeNote(str):
    """A note that other values may be meant as black and white."""

    __slots__ = ()


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Raise an error for a picture without pixels or with more than `max_pixels`.

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
    """Turn any error that a decoder raises on a damaged file into a FileError.

    Decoders raise errors of any type. Only MemoryError and the system's errors about
    the file or the disk pass unchanged.
    """
    try:
        yield
    except (FileError, MemoryError):
        raise
    except Exception as error:
        # EINVAL: a damaged header names an impossible position in the file.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise fault(error) from error


def fault(error: Exception, of: str = "") -> FileError:
    """Return the error of a file for the error of a decoder.

    Parameters
    ----------
    error : Exception
    of : str
        Name of the decoder's format.
    """
    text = error_text(error)
    what = "the file is damaged"
    # Decoders raise NotImplementedError for kinds of files that they do not know.
    if isinstance(error, NotImplementedError) or _OF_A_KIND.search(text):
        what += ", or of a kind that cannot be read here"
    return FileError(f"{what} ({of}: {text})" if of else f"{what} ({text})")


def error_text(error: Exception) -> str:
    """Return an error's message on one line, its type's name if there is none."""
    return " ".join(str(error).split())[:_MAX_MESSAGE] or type(error).__name__
