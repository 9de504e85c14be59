"""Folders that appear under their name only when they are whole."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["replacing_folder", "temporary_folder"]


@contextmanager
def temporary_folder(target: Path) -> Iterator[Path]:
    """Name a folder beside a target, which is removed at the end."""
    folder = target.with_name(f".colorize-{secrets.token_hex(6)}.part")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def replacing_folder(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """Name a temporary folder that takes a name when the block ends without an error.

    What had the name is moved aside until the new folder has it, and then removed.
    """
    target = Path(os.path.realpath(target))
    with temporary_folder(target) as folder, temporary_folder(target) as old:
        yield folder
        if not os.path.lexists(target):
            folder.rename(target)
            return
        if not overwrite:
            raise FileExistsError(errno.EEXIST, "the file exists", str(target))
        target.rename(old)
        try:
            folder.rename(target)
        except OSError:
            old.rename(target)
            raise
        with suppress(NotADirectoryError):
            shutil.rmtree(old)
            return
        old.unlink()
