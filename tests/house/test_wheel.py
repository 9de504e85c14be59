"""What the wheel and the sdist hold, and that one place says the version."""

from __future__ import annotations

import configparser
import json
import re
import stat
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import colorize_engine
from colorize_engine import list_models

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

ROOT = Path(__file__).parents[2]
PACKAGES = ("colorize_engine", "napari_colorize")
# PyPI takes 100 MB at most, and in napari's plugin manager a person waits for it.
MOST_MEGABYTES = 80
INFO = f"napari_colorize-{colorize_engine.__version__}.dist-info"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the sdist of the checkout and the wheel made from the sdist."""
    pytest.importorskip("build")
    pytest.importorskip("hatchling")
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture
def wheel(built: Path) -> Iterator[zipfile.ZipFile]:
    """Open the wheel."""
    (path,) = built.glob("*.whl")
    with zipfile.ZipFile(path) as file:
        yield file


@pytest.fixture
def about(wheel: zipfile.ZipFile) -> Message:
    """Metadata of the wheel."""
    return message_from_bytes(wheel.read(f"{INFO}/METADATA"))


@pytest.fixture
def in_sdist(built: Path) -> set[str]:
    """Names of the files of the sdist, without its own top folder."""
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as file:
        return {name.partition("/")[2] for name in file.getnames()}


def files_of(package: str) -> set[str]:
    """Files of a package or folder of the checkout, but for what Python caches."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_is_the_two_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = {name for name in wheel.namelist() if not name.startswith(f"{INFO}/")}
    assert names == files_of(PACKAGES[0]) | files_of(PACKAGES[1])
    kinds = {Path(name).suffix for name in names} | {Path(n).name for n in names}
    assert {".safetensors", ".json", "py.typed", "__init__.pyi"} <= kinds
    assert not {name for name in names if "test" in Path(name).stem.split("_")}


def test_every_shipped_model_is_in_it_whole(wheel: zipfile.ZipFile) -> None:
    folder = "colorize_engine/weights"
    models = [card.name for card in list_models()]
    assert {"default", "reference-10"} <= set(models)
    for model in models:
        for name in ("card.json", "a.safetensors", "b.safetensors"):
            path = f"{folder}/{model}/{name}"
            assert wheel.read(path) == (ROOT / path).read_bytes(), path


def test_the_wheel_is_small_and_its_size_is_said(built: Path) -> None:
    (path,) = built.glob("*.whl")
    megabytes = path.stat().st_size / 1e6
    assert megabytes < MOST_MEGABYTES
    said = re.search(r"wheel \((\d+) MB\)", (ROOT / "README.md").read_text("utf-8"))
    assert abs(int(said[1]) - megabytes) < 2


def test_the_urls_are_those_of_the_repository_that_builds_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("hatchling")
    show = [sys.executable, "-m", "hatchling", "metadata"]

    def urls() -> dict[str, str] | None:
        done = subprocess.run(show, cwd=ROOT, capture_output=True, check=True)
        return json.loads(done.stdout).get("urls")

    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    assert not urls()
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://git.invalid")
    monkeypatch.setenv("GITHUB_REPOSITORY", "some/where")
    home = "https://git.invalid/some/where"
    found = urls()
    assert found is not None
    assert found["Source"] == home
    assert found["Changelog"] == f"{home}/blob/main/CHANGELOG.md"
    assert (ROOT / "CHANGELOG.md").is_file()


def test_the_manifest_is_a_file_there_and_the_one_of_the_checkout(
    wheel: zipfile.ZipFile,
) -> None:
    manifest = wheel.getinfo("napari_colorize/napari.yaml")
    assert stat.S_ISREG(manifest.external_attr >> 16)
    assert wheel.read(manifest) == (ROOT / "napari.yaml").read_bytes()


def test_license_and_notice_come_with_it(
    wheel: zipfile.ZipFile, about: Message
) -> None:
    assert about["License-Expression"] == "BSD-3-Clause"
    assert set(about.get_all("License-File")) == {"LICENSE", "NOTICE"}
    for name in ("LICENSE", "NOTICE"):
        assert wheel.read(f"{INFO}/licenses/{name}") == (ROOT / name).read_bytes()


def test_it_brings_the_command_and_the_plugin(wheel: zipfile.ZipFile) -> None:
    entries = configparser.ConfigParser()
    entries.read_string(wheel.read(f"{INFO}/entry_points.txt").decode())
    assert dict(entries["console_scripts"]) == {"colorize": "colorize_engine.cli:main"}
    assert dict(entries["napari.manifest"]) == {
        "napari-colorize": "napari_colorize:napari.yaml"
    }


def test_the_sdist_is_the_checkout_so_that_its_tests_run(in_sdist: set[str]) -> None:
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip("this is no checkout")
    kept = {name for name in done.stdout.split("\0") if (ROOT / name).is_file()}
    assert kept <= in_sdist
    tops = {name.partition("/")[0] for name in in_sdist}
    assert not tops & {"data", "runs", "demo", "site", "dist", ".venv"}


def test_the_version_is_said_in_one_place(about: Message) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "version" in project["dynamic"]
    assert "version" not in project
    version = colorize_engine.__version__
    assert about["Version"] == version
    assert metadata.version("napari-colorize") == version, "install the checkout again"
    sources = [p for package in PACKAGES for p in (ROOT / package).rglob("*.py")]
    saying = [path for path in sources if f'"{version}"' in path.read_text("utf-8")]
    assert saying == [ROOT / "colorize_engine" / "__init__.py"]
    assert "version:" not in (ROOT / "napari.yaml").read_text()
