"""A photo from standard input, or colors to standard output: the name ``-``."""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PIPE = "-"


def is_piped(photos: Sequence[str], output: str) -> bool:
    """Return whether the arguments of the command name standard input or output."""
    return PIPE in (*photos, output)


@contextmanager
def as_files(
    photos: Sequence[str], output: str, file_format: str | None
) -> Iterator[tuple[str, str]]:
    """Put files in place of standard input and output.

    What stands in the file of the output when the block ends goes to standard output.

    Parameters
    ----------
    photos, output
        As typed.
    file_format
        Format of standard output, such as ``png``, the default.

    Yields
    ------
    (str, str)
        The photo and the output. The name of the file of standard input is ``-``, too.

    Raises
    ------
    click.UsageError
        If there are several photos, or a folder or a format does not make sense.
    """
    from colorize_engine.files import format_of

    if len(photos) != 1:
        raise click.UsageError(f"expected one photo with -, got {len(photos)}")
    if output != PIPE and format_of(output) is None:
        raise click.UsageError("with - as PHOTO, OUT must be the name of a picture")
    with tempfile.TemporaryDirectory(prefix="colorize-") as folder:
        photo, target = photos[0], output
        if photo == PIPE:
            photo = str(Path(folder, PIPE))
            with Path(photo).open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        if output == PIPE:
            target = str(Path(folder, f"out.{file_format or 'png'}"))
        yield photo, target
        if output == PIPE and Path(target).exists():
            with Path(target).open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
