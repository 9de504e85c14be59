"""Folders that appear under their name only when they are whole."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from colorize_engine.files.leftovers import temporary_name, writing_in

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["replacing_folder", "temporary_folder"]


@contextmanager
def temporary_folder(target: Path) -> Iterator[Path]:
    """Name a folder beside a target, which is removed at the end.

    What a killed run leaves of it is removed by the next one, see ``leftovers``.
    """
    folder = target.with_name(temporary_name())
    with writing_in(target.parent):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def replacing_folder(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """Name a temporary folder that takes a name when the block ends without an error.

    What had the name is moved aside until the new folder has it, and then removed;
    whatever comes between, it is not lost.
    """
    target = Path(os.path.realpath(target))
    with temporary_folder(target) as folder:
        yield folder
        if not os.path.lexists(target):
            folder.rename(target)
            return
        if not overwrite:
            raise FileExistsError(errno.EEXIST, "the file exists", str(target))
        # Under a name that nobody sweeps: for a moment it is all that there is.
        old = target.with_name(f"{temporary_name()}.old")
        try:
            target.rename(old)
            folder.rename(target)
        except BaseException:
            if os.path.lexists(old) and not os.path.lexists(target):
                old.rename(target)
            raise
        if old.is_dir():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.unlink()
