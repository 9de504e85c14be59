"""Stale temporary files and folders: what a killed run leaves is removed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import colorize_engine
from colorize_engine.files import atomic

if TYPE_CHECKING:
    from collections.abc import Iterator


ROOT = Path(colorize_engine.__file__).parents[1]
LEFT = ".colorize-0123456789ab.part"


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def test_left_overs_go_and_nothing_else(tmp_path: Path) -> None:
    kept = ["photo.jpg", ".colorize-notes.part", f"{LEFT}.txt", ".part"]
    touch(tmp_path, LEFT, *kept)
    assert atomic.remove_leftovers(tmp_path) == 1
    assert sorted(os.listdir(tmp_path)) == sorted(kept)
    assert atomic.remove_leftovers(tmp_path / "missing") == 0


@contextmanager
def holding(script: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a script that says when it holds a path, and then waits to be killed."""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


KILLED = """
import os, signal, sys
from pathlib import Path
from colorize_engine.files.atomic import replacing_folder
with replacing_folder(Path(sys.argv[1]), overwrite=True) as folder:
    (folder / "c").mkdir(parents=True)
    (folder / "c" / "0").write_bytes(b"frame")
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_folder_of_a_run_that_lives_stays_and_that_of_a_killed_one_goes(
    tmp_path: Path,
) -> None:
    target = tmp_path / "out.zarr"
    target.mkdir()
    with holding(KILLED, target) as process:
        assert atomic.remove_leftovers(tmp_path) == 0
        [hidden] = [name for name in os.listdir(tmp_path) if name != "out.zarr"]
        day_ago = time.time() - 25 * 60 * 60
        os.utime(tmp_path / hidden, (day_ago, day_ago))
        assert atomic.remove_leftovers(tmp_path) == 0
        process.kill()
        process.wait()
    assert len(os.listdir(tmp_path)) == 2
    assert atomic.remove_leftovers(tmp_path) == 1
    assert os.listdir(tmp_path) == ["out.zarr"]


def test_what_is_left_at_the_end_goes_too_also_after_an_error(tmp_path: Path) -> None:
    names = [atomic.temporary_name() for _ in range(2)]
    touch(tmp_path, names[0])
    with (
        pytest.raises(KeyboardInterrupt),
        atomic.removing_leftovers([tmp_path, tmp_path]),
    ):
        assert os.listdir(tmp_path) == []
        touch(tmp_path, names[1])
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


HOLD = """
import sys
from pathlib import Path
from colorize_engine.files.atomic import writing_in
with writing_in(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_files_of_a_run_that_lives_stay_and_those_of_a_killed_one_go(
    tmp_path: Path,
) -> None:
    old = LEFT.replace("0", "f")
    touch(tmp_path, LEFT, old)
    day_ago = time.time() - 25 * 60 * 60
    os.utime(tmp_path / old, (day_ago, day_ago))
    with holding(HOLD, tmp_path) as process:
        assert atomic.remove_leftovers(tmp_path) == 1
        assert os.listdir(tmp_path) == [LEFT]
        process.kill()
        process.wait()
        assert atomic.remove_leftovers(tmp_path) == 1
    assert os.listdir(tmp_path) == []
