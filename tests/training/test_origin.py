"""What a card says about the photos and the code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from training import origin
from training.origin import describe_photos
from training.photos.data_set import DataSet
from training.presets import load_preset

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_card_says_when_half_was_drawn(data: Path) -> None:
    preset, photos = load_preset("reference-10"), DataSet.open(data)
    description = describe_photos(preset, photos)
    assert description["photos_drawn_to_train"] == round(len(photos.train) / 2)
    assert "samples 50000 photos and draws 25000" in description["remark"]
    assert f"with {len(photos.names)} at hand" in description["remark"]


def test_the_commit_is_marked_when_the_code_was_changed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import subprocess

    def git(*words: str) -> None:
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        command = ["git", *identity, "-C", str(tmp_path), *words]
        subprocess.run(command, check=True, capture_output=True)

    code = tmp_path / "code.py"
    monkeypatch.setattr(origin, "__file__", str(code))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert origin.commit() == ""
    git("init")
    code.write_text("one")
    git("add", ".")
    git("commit", "-m", "x")
    clean = origin.commit()
    assert re.fullmatch(r"[0-9a-f]{40}", clean)
    code.write_text("two")
    assert origin.commit() == clean + "+"
