"""Error messages and notes for users, on one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colorize_engine.files import (
    AxesError,
    NotFiniteError,
    RangeError,
    RangeNote,
    TooLarge,
)

if TYPE_CHECKING:
    from pathlib import Path


REPLACE = "give --overwrite to replace it"
"""Advice to replace an output that exists."""


def explained(error: Exception, source: Path) -> str:
    """Return an error message for users, with the option that may help."""
    if isinstance(error, FileExistsError):
        return f"{error.filename} exists; {REPLACE}"
    if isinstance(error, OSError) and error.strerror:
        reason = error.strerror[:1].lower() + error.strerror[1:]
        elsewhere = error.filename and str(error.filename) != str(source)
        return f"cannot write {error.filename}: {reason}" if elsewhere else reason
    if isinstance(error, TooLarge):
        return f"{error}; give a larger --max-pixels if the file is what you expect"
    if isinstance(error, AxesError):
        return f"{error}; give --axes, such as --axes TYX"
    if isinstance(error, RangeError):
        return (
            f"{error}; give --range auto, or --range MIN,MAX for the values of black "
            "and white"
        )
    if isinstance(error, NotFiniteError):
        return f"{error}, or give --nan blank"
    if isinstance(error, MemoryError):
        return str(error) or "there is not enough memory for a picture of this size"
    if isinstance(error, (ValueError, OSError, RuntimeError)) and str(error):
        return str(error)
    return f"unexpected {type(error).__name__}: {error}"


def advice(note: str) -> str:
    """Return a note on a file, with the option of the command that may help."""
    if isinstance(note, RangeNote):
        return f"{note}; if so, give --range auto or --range MIN,MAX"
    return note


def one_line(text: object) -> str:
    """Return text as one line; escape what a terminal cannot show."""
    line = " ".join(str(text).split())
    line = line.encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)
