"""Every block of code in the README runs as it is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import documents
import pytest

if TYPE_CHECKING:
    from pathlib import Path

README = (documents.ROOT / "README.md").read_text(encoding="utf-8")
SCRIPTS = documents.blocks(README, "python")
COMMANDS = documents.commands_to_run(README)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Folder with the gray photos that the README's commands name."""
    return documents.write_photos(tmp_path)


def test_readme_has_commands_and_a_script() -> None:
    assert len(COMMANDS) >= 4
    assert len(SCRIPTS) >= 1


def test_commands_run_in_order(photos: Path) -> None:
    for command in COMMANDS:
        assert command.startswith("colorize "), command
        documents.run_command(command, photos)


def test_scripts_run(photos: Path) -> None:
    for script in SCRIPTS:
        documents.run_script(script, photos)
