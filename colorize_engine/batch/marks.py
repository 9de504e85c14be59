"""Marks of outputs: what their colors were made from, beside model and settings."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from colorize_engine.edit import saved_edit
from colorize_engine.files import format_of, named
from colorize_engine.hints import read_hints, to_text

if TYPE_CHECKING:
    from pathlib import Path

    from colorize_engine.batch.settings import Settings
    from colorize_engine.files import Mark
    from colorize_engine.hints import Hint

_DIGEST_BYTES = 16


def load_hints(path: Path) -> tuple[Hint, ...]:
    """Read hints from a CSV file, or from a picture that was saved with hints.

    Raises
    ------
    ValueError
        If the file is neither; the message names it.
    OSError
        If the file cannot be read.
    """
    if path.suffix.lower() == ".csv":
        return read_hints(path)
    try:
        edit = saved_edit(path)
    except ValueError as error:
        raise ValueError(f"{path} is no CSV file and no picture: {error}") from error
    if edit is None or not edit.hints:
        raise ValueError(f"{path} was saved without hints")
    return edit.hints


def digest(path: Path) -> str:
    """Return the BLAKE2b digest of a file's bytes: 32 hexadecimal digits.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as stream:
        found = hashlib.file_digest(
            stream, lambda: hashlib.blake2b(digest_size=_DIGEST_BYTES)
        )
    return found.hexdigest()


def with_source(mark: Mark, source: str, settings: Settings, target: Path) -> Mark:
    """Return a mark that also names source, value range, quality and precision.

    Parameters
    ----------
    mark : Mark
        Names the model and the settings of the colors.
    source : str
        `digest` of the photo.
    settings : Settings
        Their range is added unless it is full, their quality for JPEG and WebP, their
        precision unless it is auto. Blank pixels are not added, as they are only in
        pictures that cannot be colored without them.
    target : Path
        Output; its suffix names the format.
    """
    more: dict[str, object] = {}
    if settings.value_range != "full":
        given = settings.value_range
        more["range"] = given if isinstance(given, str) else f"{given[0]}..{given[1]}"
    kind = format_of(target)
    takes_quality = kind is not None and named(kind).lossy is not None
    if settings.quality is not None and takes_quality:
        more["quality"] = settings.quality
    if settings.precision != "auto":
        more["precision"] = settings.precision
    return replace(mark, settings={**mark.settings, **more, "source": source})


def with_hints(mark: Mark, hints: tuple[Hint, ...]) -> Mark:
    """Return a mark that also names the hints of the colors, if there are any."""
    if not hints:
        return mark
    return replace(mark, settings={**mark.settings, "hints": to_text(hints)})


def with_variant(mark: Mark, number: int, count: int) -> Mark:
    """Return a mark that also says which of several variants a file is."""
    if not count:
        return mark
    which = {"variant": f"{number + 1} of {count}"}
    return replace(mark, settings={**mark.settings, **which})
