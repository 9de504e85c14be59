"""Outputs that appear under their name whole or not at all, and stale temporary ones.

A run that writes into a folder holds a shared lock on it, which the kernel takes back
whatever ends the run. Holding the exclusive lock means that no writer is active, so
temporary files there are stale. Where folders cannot be locked (Windows, some network
folders), and while others may be writing, a file is stale when nobody changed it for a
day; folders then stay, since their age tells nothing of what is in them.
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
    """Open a temporary file that takes a name when the block ends without an error.

    The file lies in the folder of the name. On any error, Ctrl+C included, it is
    removed, and what had the name before stays as it was.

    Parameters
    ----------
    path : Path
        The name. A symbolic link is followed, so that it stays one.
    overwrite : bool
        Whether a file of that name may be replaced.

    Yields
    ------
    binary file
        Empty, for reading and writing.

    Raises
    ------
    FileExistsError
        If the name is taken and `overwrite` is false, however late it was taken.
    OSError
        If the folder or the disk does not allow it.
    """
    if os.path.lexists(path) and not overwrite:
        raise FileExistsError(errno.EEXIST, "the file exists", str(path))
    path = Path(os.path.realpath(path))
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    # While it is written, no run that begins takes the file for a left-over.
    with writing_in(path.parent):
        with _replacing(path, overwrite) as stream:
            yield stream


@contextmanager
def _replacing(path: Path, overwrite: bool) -> Iterator[BinaryIO]:
    temporary = path.with_name(temporary_name())
    try:
        # Not tempfile, whose files only their owner may read.
        stream = temporary.open("x+b")
    except OSError as error:
        raise _about(path, error) from error
    try:
        with stream:
            yield stream
            stream.flush()
            # Some file systems tell only here that the disk is full.
            os.fsync(stream.fileno())
        if overwrite:
            with suppress(OSError):
                shutil.copymode(path, temporary)
            temporary.replace(path)
        else:
            _take_name(temporary, path)
    except OSError as error:
        if error.filename in (None, str(temporary)):
            raise _about(path, error) from error
        raise
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def _about(path: Path, error: OSError) -> OSError:
    """Return an error that names the file a person knows of."""
    return OSError(error.errno, error.strerror or str(error), str(path))


def _take_name(temporary: Path, path: Path) -> None:
    """Give a file a name that nothing has, or raise FileExistsError."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:
        # No hard links here (FAT, some network folders): reserve the name first.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            temporary.replace(path)
        except OSError:
            path.unlink()
            raise


@contextmanager
def temporary_folder(target: Path) -> Iterator[Path]:
    """Name a folder beside a target, which is removed at the end.

    What a killed run leaves of it is removed by the next one, see `remove_leftovers`.
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
        # Under a name that no cleaning takes: for a moment it is all that there is.
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
    """Return a new name of what is left over when its run is killed."""
    return f".colorize-{secrets.token_hex(6)}.part"


@contextmanager
def writing_in(folder: Path) -> Iterator[None]:
    """Hold a folder's shared lock, so that nobody takes new files for left-overs.

    It may wait for the moment that someone else cleans the folder.
    """
    with _locked(folder, exclusive=False):
        yield


@contextmanager
def removing_leftovers(folders: Iterable[Path]) -> Iterator[None]:
    """Remove what killed runs left in folders, and what is left when the block ends.

    That is what the block's own workers leave when they are killed.
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
