"""Outputs that appear under their name complete or not at all; removal of leftovers.

A run that writes into a folder holds a shared lock on it. The kernel releases the lock
however the run ends. Holding the exclusive lock means that no writer is active, so
temporary files there are stale. Where folders cannot be locked (Windows, some network
folders), and while others may be writing, a file is stale if it has not changed for a
day. Folders are kept then, since their age says nothing about their contents.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

if sys.platform != "win32":
    import fcntl

_TEMPORARY = re.compile(r"\.colorize-[0-9a-f]{12}\.part")
_DAY = 24 * 60 * 60


@contextmanager
def replacing(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """Open a temporary file that gets its final name if the block ends without error.

    The temporary file lies in the same folder. On any error, Ctrl+C included, it is
    removed, and a file that had the name before stays as it was.

    Parameters
    ----------
    path : Path
        The final name. A symbolic link is kept; its target is replaced.
    overwrite : bool
        Whether to replace an existing file of that name.

    Yields
    ------
    binary file
        Empty, for reading and writing.

    Raises
    ------
    FileExistsError
        If the name is taken, or gets taken meanwhile, and `overwrite` is false.
    OSError
        If the folder or the disk does not allow it.
    """
    if os.path.lexists(path) and not overwrite:
        raise FileExistsError(errno.EEXIST, "the file exists", str(path))
    path = Path(os.path.realpath(path))
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    # The lock keeps other runs from removing the temporary file as a leftover.
    with writing_in(path.parent):
        with _replacing(path, overwrite) as stream:
            yield stream


@contextmanager
def _replacing(path: Path, overwrite: bool) -> Iterator[BinaryIO]:
    temporary = path.with_name(temporary_name())
    try:
        # Not `tempfile`, whose files only their owner can read.
        stream = temporary.open("x+b")
    except OSError as error:
        raise _with_path(path, error) from error
    try:
        with stream:
            yield stream
            stream.flush()
            # Some file systems report a full disk only here.
            os.fsync(stream.fileno())
        if overwrite:
            with suppress(OSError):
                shutil.copymode(path, temporary)
            temporary.replace(path)
        else:
            _take_name(temporary, path)
    except OSError as error:
        if error.filename in (None, str(temporary)):
            raise _with_path(path, error) from error
        raise
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def _with_path(path: Path, error: OSError) -> OSError:
    """Return the error with the path that the user knows."""
    return OSError(error.errno, error.strerror or str(error), str(path))


def _take_name(temporary: Path, path: Path) -> None:
    """Put a file under a free name; raise FileExistsError if the name is taken."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:
        # There are no hard links (FAT, some network folders): reserve the name first.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            temporary.replace(path)
        except OSError:
            path.unlink()
            raise


@contextmanager
def temporary_folder(target: Path) -> Iterator[Path]:
    """Hold the name of a temporary folder beside a target; remove it at the end.

    The block creates the folder. If the run is killed, the next run removes the
    folder; see `remove_leftovers`.
    """
    folder = target.with_name(temporary_name())
    with writing_in(target.parent):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def replacing_folder(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """Hold the name of a temporary folder that replaces a target if there is no error.

    The block creates the folder. An existing target is moved aside until the new
    folder has its name, and is removed only then. So no interruption loses it.
    """
    target = Path(os.path.realpath(target))
    with temporary_folder(target) as folder:
        yield folder
        if not os.path.lexists(target):
            folder.rename(target)
            return
        if not overwrite:
            raise FileExistsError(errno.EEXIST, "the file exists", str(target))
        # Not the name of a leftover: for a moment this is the only complete copy.
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


def temporary_name() -> str:
    """Return a new temporary name, which `remove_leftovers` recognizes."""
    return f".colorize-{secrets.token_hex(6)}.part"


@contextmanager
def writing_in(folder: Path) -> Iterator[None]:
    """Hold a folder's shared lock, so that no other run removes new temporary files.

    It waits while another run is removing leftovers there.
    """
    with _locked(folder, exclusive=False):
        yield


@contextmanager
def removing_leftovers(folders: Iterable[Path]) -> Iterator[None]:
    """Remove leftovers from folders at the beginning and at the end of the block.

    The first are those of earlier runs that were killed, the second those of the
    block's own killed workers.
    """
    folders = set(folders)
    for folder in folders:
        remove_leftovers(folder)
    try:
        yield
    finally:
        for folder in folders:
            remove_leftovers(folder)


def remove_leftovers(folder: Path) -> int:
    """Remove what killed runs left in a folder; return the number of removed entries.

    Files of active runs are not touched: without the exclusive lock, only files are
    removed that have not changed for a day. A missing or read-only folder is no error.
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
    """Hold a folder's lock if possible; yield whether it is held.

    Only the shared lock is waited for.
    """
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
