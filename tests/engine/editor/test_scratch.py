"""The folder of a run: private, and gone after it, however it ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from colorize_engine.editor import scratch_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Start = Callable[[], tuple[subprocess.Popen[str], Path]]

SCRIPT = """
from colorize_engine.editor import scratch_folder
with scratch_folder() as folder:
    (folder / "photo.png").write_bytes(b"grandma")
    (folder / "deeper").mkdir()
    print(folder, flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let temporary files go to a folder of the test."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@pytest.fixture
def start() -> Iterator[Start]:
    """Start another run; return it, and its folder."""
    runs: list[subprocess.Popen[str]] = []

    def go() -> tuple[subprocess.Popen[str], Path]:
        run = subprocess.Popen(
            [sys.executable, "-c", SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        runs.append(run)
        return run, Path(run.stdout.readline().strip())

    yield go
    for run in runs:
        run.kill()
        run.communicate()


def left(temporary: Path) -> list[Path]:
    return [path for path in temporary.rglob("*") if path.parent != temporary]


def test_it_is_private_and_removed_at_the_end(temporary: Path) -> None:
    with scratch_folder() as folder:
        for path in (folder, folder.parent):
            assert path.stat().st_mode & 0o777 == 0o700
        assert temporary in folder.parents
        assert list(folder.iterdir()) == []
        (folder / "sub").mkdir()
        (folder / "sub" / "photo.png").write_bytes(b"x")
    assert left(temporary) == []


def test_it_is_removed_after_an_error(temporary: Path) -> None:
    with pytest.raises(KeyboardInterrupt), scratch_folder() as folder:
        (folder / "photo.png").write_bytes(b"x")
        raise KeyboardInterrupt
    assert left(temporary) == []


def test_what_a_killed_run_left_goes_at_the_next_start(
    start: Start, temporary: Path
) -> None:
    run, theirs = start()
    assert (theirs / "photo.png").exists()
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert (theirs / "photo.png").exists()
    with scratch_folder() as folder:
        assert not theirs.exists()
        assert folder.exists()
    assert left(temporary) == []


def test_the_folder_of_an_active_run_stays(start: Start, temporary: Path) -> None:
    _, theirs = start()
    with scratch_folder() as folder:
        assert folder != theirs
    assert (theirs / "photo.png").read_bytes() == b"grandma"
    # Nor does its end take the folder of a run that began later.
    other, later = start()
    run, last = start()
    run.communicate("\n")
    assert not last.exists()
    assert later.exists()
    other.communicate("\n")
    assert left(temporary) == [theirs, *theirs.iterdir()]


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows has no such modes")
@pytest.mark.parametrize("kind", ["open to all", "file", "link", "dangling link"])
def test_a_folder_that_somebody_else_may_have_made_is_not_used(
    temporary: Path, kind: str
) -> None:
    base = temporary / f"colorize-app-{os.getuid()}"
    elsewhere = temporary / "elsewhere"
    if kind == "open to all":
        base.mkdir()
        base.chmod(0o777)
    elif kind == "file":
        base.write_bytes(b"")
    else:
        if kind == "link":
            elsewhere.mkdir(mode=0o700)
        base.symlink_to(elsewhere)
    with scratch_folder() as folder:
        assert base not in folder.parents
        assert elsewhere not in folder.resolve().parents
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()
