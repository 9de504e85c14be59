"""Hidden files and folders that a run left behind when it was killed.

A run that writes into a folder holds a shared lock on it, which the kernel takes back
whatever ends the run. Who gets the folder's exclusive lock knows that nobody writes
there, so that what has a temporary name is left over. Where folders cannot be locked
(Windows, some network folders), and for what others may be writing, age tells of files;
folders, whose age tells nothing of what is in them, then stay.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

if sys.platform != "win32":
    import fcntl

# The names that formats.atomic gives, too.
_TEMPORARY = re.compile(r"\.colorize-[0-9a-f]{12}\.part")
_DAY = 24 * 60 * 60


def temporary_name() -> str:
    """Return a new name of what is left over when its run is killed."""
    return f".colorize-{secrets.token_hex(6)}.part"


@contextmanager
def writing_in(folder: Path) -> Iterator[None]:
    """Hold a folder's shared lock, so that nobody takes new files for left-overs.

    It may wait for the moment that someone else sweeps the folder.
    """
    with _locked(folder, exclusive=False):
        yield


@contextmanager
def swept(folders: Iterable[Path]) -> Iterator[None]:
    """Remove what killed runs left in folders, and what is left when the block ends.

    That is what the block's own workers leave when they are killed.
    """
    folders = set(folders)
    for folder in folders:
        sweep(folder)
    try:
        yield
    finally:
        for folder in folders:
            sweep(folder)


def sweep(folder: Path) -> int:
    """Remove what killed runs left in a folder, and return how many things that were.

    Nothing of a run that is alive is touched: while there is one, only files go that
    nobody changed for a day. A folder that is missing or read-only is no error.
    """
    removed = 0
    with _locked(folder, exclusive=True) as alone, suppress(OSError):
        for entry in os.scandir(folder):
            if not _TEMPORARY.fullmatch(entry.name):
                continue
            with suppress(OSError):
                age = time.time() - entry.stat(follow_symlinks=False).st_mtime
                if entry.is_dir(follow_symlinks=False):
                    if alone:
                        shutil.rmtree(entry)
                        removed += 1
                elif alone or age > _DAY:
                    os.unlink(entry)
                    removed += 1
    return removed


@contextmanager
def _locked(folder: Path, *, exclusive: bool) -> Iterator[bool]:
    """Try for a lock; tell whether it was got. Only the shared one is waited for."""
    if sys.platform == "win32":
        yield False
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        yield False
        return
    try:
        kind = fcntl.LOCK_EX | fcntl.LOCK_NB if exclusive else fcntl.LOCK_SH
        got = False
        with suppress(OSError):
            fcntl.flock(descriptor, kind)
            got = True
        yield got
    finally:
        os.close(descriptor)
