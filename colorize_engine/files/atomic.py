"""Files that appear under their name only when they are whole."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from colorize_engine.files.leftovers import temporary_name, writing_in

if TYPE_CHECKING:
    from collections.abc import Iterator


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
