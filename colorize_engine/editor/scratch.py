"""A folder for the files of one run of the program, gone at its end."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from colorize_engine.files import removing_leftovers, temporary_folder

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a folder that only this user can read; remove it at the end.

    What earlier runs left that were killed is removed, too, unless another run is
    active.

    Yields
    ------
    Path
        An empty folder.
    """
    with ExitStack() as stack:
        base = _base()
        if base is None:
            made = tempfile.TemporaryDirectory(prefix="colorize-")
            yield Path(stack.enter_context(made))
            return
        stack.enter_context(removing_leftovers([base]))
        folder = stack.enter_context(temporary_folder(base / "run"))
        folder.mkdir(mode=0o700)
        yield folder


def _base() -> Path | None:
    """Return this user's folder among the temporary files; None if it is not theirs."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    base = Path(tempfile.gettempdir()) / f"colorize-app-{user}"
    try:
        base.mkdir(mode=0o700, exist_ok=True)
        about = base.lstat()
    except OSError:
        # Anybody can put a file or a link there.
        return None
    if not stat.S_ISDIR(about.st_mode):
        return None
    if hasattr(os, "getuid") and (about.st_uid != user or about.st_mode & 0o077):
        return None
    return base
