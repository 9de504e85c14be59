"""What the packages import is what pyproject.toml asks for."""

from __future__ import annotations

import ast
import importlib.util
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

packaging = pytest.importorskip("packaging")
from packaging.requirements import Requirement  # noqa: E402
from packaging.utils import canonicalize_name  # noqa: E402

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
OURS = {"colorize_engine", "napari_colorize", "training"}
# Of the extras, those that a user of the package asks for.
PUBLIC = (
    "napari",
    "stacks",
    "raw",
    "heic",
    "video",
    "cluster",
    "app",
    "torch",
    "training",
)


def imported(folder: Path) -> set[str]:
    """Top-level names that the modules of a folder import when they run."""
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        hidden = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            if id(node) in hidden:
                continue
            if isinstance(node, ast.Import):
                names.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names - OURS - set(sys.stdlib_module_names)


def distributions(names: set[str]) -> set[str]:
    """Distributions that bring these top-level names."""
    known = metadata.packages_distributions()
    # A package that is not installed here goes by its own name.
    found = {name: known.get(name, [name])[0] for name in names}
    return {canonicalize_name(distribution) for distribution in found.values()}


def asked(texts: list[str]) -> set[str]:
    """Names of the distributions that requirements ask for."""
    return {canonicalize_name(Requirement(text).name) for text in texts}


def brought(text: str, seen: set[str] | None = None) -> set[str]:
    """Distributions that installing a requirement brings here, itself included."""
    seen = set() if seen is None else seen
    requirement = Requirement(text)
    name = canonicalize_name(requirement.name)
    key = f"{name}{sorted(requirement.extras)}"
    if key in seen:
        return set()
    seen.add(key)
    found = {name}
    for inner in metadata.requires(name) or []:
        marker = Requirement(inner).marker
        extras = {"", *requirement.extras}
        if marker is None or any(marker.evaluate({"extra": e}) for e in extras):
            found |= brought(inner, seen)
    return found


def test_the_plugin_imports_only_what_napari_and_the_base_install_bring() -> None:
    # napari's plugin manager installs no extras.
    pytest.importorskip("napari")
    there = brought("napari") | asked(PROJECT["dependencies"])
    used = distributions(imported(ROOT / "napari_colorize"))
    assert {"napari", "magicgui", "qtpy", "zarr"} <= used
    assert used <= there


def test_the_plugin_asks_for_what_it_imports() -> None:
    pytest.importorskip("napari")
    used = distributions(imported(ROOT / "napari_colorize"))
    assert used <= asked(PROJECT["dependencies"]) | asked(EXTRAS["napari"])


def test_the_engine_asks_for_what_it_imports_and_for_nothing_else() -> None:
    used = distributions(imported(ROOT / "colorize_engine"))
    base = asked(PROJECT["dependencies"])
    names = ("stacks", "raw", "heic", "video", "cluster", "app", "torch")
    extras = [asked(EXTRAS[name]) for name in names]
    assert used <= base.union(*extras)
    assert not base & asked(EXTRAS["torch"])
    plugin = distributions(imported(ROOT / "napari_colorize"))
    assert base <= used | plugin


def test_training_asks_for_what_it_imports() -> None:
    used = distributions(imported(ROOT / "training"))
    assert used <= asked(PROJECT["dependencies"]) | asked(EXTRAS["training"])


@pytest.mark.parametrize("extra", ["", *PUBLIC])
def test_there_are_lower_bounds_and_no_upper_ones(extra: str) -> None:
    texts = EXTRAS[extra] if extra else PROJECT["dependencies"]
    for text in texts:
        operators = [limit.operator for limit in Requirement(text).specifier]
        assert operators == [">="], text


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """Load the script that finds the lowest versions."""
    spec = importlib.util.spec_from_file_location("lowest", ROOT / ".ci" / "lowest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_lowest_version_is_the_highest_of_the_lower_bounds(
    script: ModuleType,
) -> None:
    project = {
        "dependencies": ["Some_Thing>=1.10", "other>=2", "free"],
        "optional-dependencies": {"more": ["some-thing>=1.9", "other>=2.1,!=2.2"]},
    }
    found = {name: str(version) for name, version in script.lowest(project).items()}
    assert found == {"some-thing": "1.10", "other": "2"}
    found = {name: str(v) for name, v in script.lowest(project, ["more"]).items()}
    assert found == {"some-thing": "1.10", "other": "2.1"}


def test_every_requirement_has_a_lowest_version(script: ModuleType) -> None:
    texts = PROJECT["dependencies"] + [t for extra in PUBLIC for t in EXTRAS[extra]]
    assert script.lowest(PROJECT, PUBLIC).keys() == asked(texts)
