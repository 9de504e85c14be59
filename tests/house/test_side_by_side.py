"""The script that runs all tests: each test once, and no failure is lost."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "side_by_side.py"
PARTS = runpy.run_path(str(SCRIPT))["PARTS"]
FOLDERS = [*(f"{part}/deeper" for part in PARTS), *PARTS]


def ran(project: Path) -> subprocess.CompletedProcess[str]:
    script = project / "tests" / SCRIPT.name
    return subprocess.run(
        [sys.executable, script, "-q", "-p", "no:cacheprovider"],
        # Those of napari and others take seconds to start.
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Tree with the folders of the parts, each with a test that passes."""
    for number, folder in enumerate(FOLDERS):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        test = f"def test_{number}() -> None:\n    print('here')\n"
        (tmp_path / folder / f"test_{number}.py").write_text(test)
    shutil.copy(SCRIPT, tmp_path / "tests")
    return tmp_path


def test_each_test_is_run_once(project: Path) -> None:
    done = ran(project)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("2 passed") == len(PARTS)
    assert done.stdout.endswith("all parts passed\n")


def test_a_failure_is_told_and_stops_no_other_part(project: Path) -> None:
    for part in (PARTS[0], PARTS[-1]):
        test = "def test_bad() -> None:\n    print('why')\n    assert False\n"
        (project / part / "test_bad.py").write_text(test)
    done = ran(project)
    assert done.returncode == 1
    assert done.stdout.count("2 passed") == len(PARTS)
    assert done.stdout.endswith(f"FAILED: {', '.join(sorted((PARTS[0], PARTS[-1])))}\n")
    blocks = done.stdout.split("===== tests")[1:]
    assert len(blocks) == len(PARTS)
    for block in blocks:
        # What a failing test printed stands with its part.
        assert block.count("why\n") == block.count("1 failed") <= 1
