"""What make installs for whom, and what it says before."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not shutil.which("make"), reason="there is no make"
)
COMPILERS = {"g++", "ninja-build"}
DISPLAYS = {"xvfb", "xauth"}
OTHERS = {"mount", "util-linux", "git"}


def program(folder: Path, name: str, text: str) -> None:
    """Write a shell script that stands for a program of the system."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def made(*words: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run make, with programs of a folder before those of the system."""
    before = f"{path}{os.pathsep}" if path else ""
    environment = {**os.environ, "PATH": before + os.environ["PATH"]}
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON", "PYTEST"):
        environment.pop(name, None)
    command = ["make", "--no-print-directory", *words]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True
    )


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Programs of a Debian without the packages in missing.txt, for who is not root."""
    program(tmp_path, "id", "echo 1000")
    program(tmp_path, "apt-get", "echo apt-get was called; exit 1")
    program(
        tmp_path,
        "dpkg-query",
        f"for name; do grep -qx -e \"$name\" '{tmp_path}/missing.txt' "
        "|| case $name in -*|*t64) ;; *) echo install ok installed;; esac; done",
    )
    (tmp_path / "missing.txt").write_text("")
    return tmp_path


def asked_for(target: str, machine: Path) -> set[str]:
    """Return the packages that a target asks for where a machine has none."""
    program(machine, "dpkg-query", "exit 1")
    done = made(target, path=machine)
    assert done.returncode
    assert "apt-get was called" not in done.stdout
    return set(re.search(r"sudo apt-get install (.*)", done.stdout)[1].split())


def test_napari_needs_what_a_window_needs_and_no_more(machine: Path) -> None:
    window = asked_for("debian-window", machine)
    assert {"libgl1", "libxcb-cursor0"} <= window
    assert all(name.startswith("lib") for name in window)
    assert asked_for("debian-display", machine) == window | DISPLAYS
    assert asked_for("debian", machine) == window | DISPLAYS | COMPILERS | OTHERS


def test_without_a_compiler_napari_opens_and_tests_say_what_is_missing(
    machine: Path,
) -> None:
    missing = ["g++", "ninja-build", "xvfb", "util-linux"]
    (machine / "missing.txt").write_text("\n".join(missing))
    window = made("debian-window", path=machine)
    assert (window.returncode, window.stdout, window.stderr) == (0, "", "")
    tests = made("debian", path=machine)
    assert tests.returncode
    assert all(name in tests.stdout for name in missing)


@pytest.mark.parametrize("target", ["demo", "napari", "test", "docs"])
def test_sizes_are_said_before_pip_and_pip_shows_its_progress(
    target: str, tmp_path: Path
) -> None:
    done = made("--dry-run", target, f"VENV={tmp_path}/new")
    assert done.returncode == 0, done.stderr
    told, _, after = done.stdout.partition(" MB")
    assert after
    assert "-m pip install" not in told
    assert "-m pip install" in after
    assert "--quiet" not in re.sub(r".*mkdocs.*", "", done.stdout)
    size = re.search(r"downloads (\d+) MB", done.stdout)[1]
    pages = [ROOT / "README.md", ROOT / "docs" / "install.md"]
    assert f"{size} MB" in "".join(page.read_text("utf-8") for page in pages)
    asks_for_torch = ".ci/torch" in after
    assert asks_for_torch == (target == "test")
    assert ("torch is not needed" in done.stdout) == (target in ("demo", "napari"))


@pytest.mark.parametrize(
    ("system", "scripts", "python"),
    [("", "bin", "python3"), ("Windows_NT", "Scripts", "python")],
)
def test_programs_lie_where_the_system_has_them(
    system: str, scripts: str, python: str, tmp_path: Path
) -> None:
    done = made("--dry-run", "demo", f"VENV={tmp_path}/new", f"OS={system}")
    lines = done.stdout.splitlines()
    assert lines[0] == f"{python} -m venv {tmp_path}/new"
    assert lines[-1] == f"{tmp_path}/new/{scripts}/python examples/demo.py demo"


def torch(*words: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Run the script that installs torch."""
    return subprocess.run(
        ["bash", ROOT / ".ci" / "torch", *words],
        env={**os.environ, "PATH": f"{path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Python whose pip writes down what it is asked, and has nothing at hand."""
    program(
        tmp_path,
        "python",
        f"echo \"$@\" >>'{tmp_path}/asked.txt'; case $* in *--no-index*) exit 1;; esac",
    )
    return tmp_path / "python"


def test_linux_takes_the_build_for_cpus(python: Path, tmp_path: Path) -> None:
    program(tmp_path, "uname", "echo Linux")
    assert torch(str(python), path=tmp_path).returncode == 0
    at_hand, asked = (tmp_path / "asked.txt").read_text().splitlines()
    assert "--no-index" in at_hand
    assert re.search(r"--index-url \S+/cpu torch$", asked)
    assert "-c constraints.txt" in asked


def test_where_it_cannot_be_reached_pip_goes_on_with_its_own(tmp_path: Path) -> None:
    program(tmp_path, "uname", "echo Linux")
    program(tmp_path, "python", "exit 1")
    done = torch(str(tmp_path / "python"), path=tmp_path)
    assert done.returncode == 0
    assert "pip goes on with its own" in done.stderr


def test_other_systems_take_their_own_build(python: Path, tmp_path: Path) -> None:
    program(tmp_path, "uname", "echo Darwin")
    assert torch(str(python), path=tmp_path).returncode == 0
    assert not (tmp_path / "asked.txt").exists()


def test_a_build_at_hand_is_taken_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "uname", "echo Linux")
    pinned = re.search(r"^torch==(\S+)", (ROOT / "constraints.txt").read_text(), re.M)
    version = f"{pinned[1]}+cpu"
    info = f"torch-{version}.dist-info"
    wheel = tmp_path / f"torch-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("torch.py", "")
        about = f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n"
        file.writestr(f"{info}/METADATA", about)
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\nGenerator: us\n"
        )
        file.writestr(f"{info}/RECORD", f"torch.py,,\n{info}/METADATA,,\n")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "new"], check=True)
    python = tmp_path / "new" / "bin" / "python"
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    done = torch(str(python), path=tmp_path)
    assert done.returncode == 0, done.stderr
    said = subprocess.run(
        [python, "-m", "pip", "list"], capture_output=True, text=True, check=True
    )
    assert re.search(rf"^torch\s+{re.escape(version)}$", said.stdout, re.M)
