"""The drawing of the house in CONTRIBUTING.md, against the folders themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DRAWING = re.search(
    r"```text\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.S
)[1]


def drawn(package: str) -> set[str]:
    """Names in the drawing, one level below a package."""
    (lines,) = re.findall(rf"^{package}/.*\n((?:  .*\n)*)", DRAWING, re.M)
    names: set[str] = set()
    for line in lines.splitlines():
        if re.match(r"  \w", line):
            names.update(
                re.findall(r"(?<= )\w+(?:/|\.py)(?= |$)", line.split("   ")[0])
            )
    return names


def there(package: str) -> set[str]:
    """Modules and folders of code, one level below a package."""
    folder = ROOT / package
    modules = {path.name for path in folder.glob("*.py")} - {"__init__.py"}
    return modules | {f"{path.parent.name}/" for path in folder.glob("*/__init__.py")}


@pytest.mark.parametrize("package", ["colorize_engine", "napari_colorize"])
def test_every_room_is_drawn(package: str) -> None:
    assert drawn(package) - {"weights/"} == there(package)


def test_the_rooms_of_training_are_drawn() -> None:
    rooms = {name for name in there("training") if name.endswith("/")}
    assert drawn("training") == rooms
