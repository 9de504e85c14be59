"""Degradations: each does what it says, to the same picture in the same way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from skimage import data

from training.degrade import DEGRADATIONS, blur, bright, dark, faded, grain, main

if TYPE_CHECKING:
    from pathlib import Path

GRAY = data.camera()


@pytest.mark.parametrize("kind", DEGRADATIONS)
def test_a_picture_stays_a_picture_and_comes_out_the_same_twice(kind: str) -> None:
    once, twice = DEGRADATIONS[kind](GRAY), DEGRADATIONS[kind](GRAY)
    assert once.shape == GRAY.shape
    assert once.dtype == np.uint8
    np.testing.assert_array_equal(once, twice)
    assert (kind == "as it is") == np.array_equal(once, GRAY)


def test_each_kind_does_what_its_name_says() -> None:
    assert dark(GRAY).mean() < GRAY.mean() - 10
    assert bright(GRAY).mean() > GRAY.mean() + 10
    assert (faded(GRAY).min(), faded(GRAY).max()) == (51, 217)
    edges = np.abs(np.diff(GRAY.astype(int))).mean()
    assert np.abs(np.diff(blur(GRAY).astype(int))).mean() < 0.8 * edges
    assert np.abs(np.diff(grain(GRAY).astype(int))).mean() > 1.2 * edges


def test_the_command_writes_a_row_for_each_kind(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(data.coffee()).save(tmp_path / "1.png")
    out = tmp_path / "out"
    photos = ["--photos", str(tmp_path), "--out", str(out)]
    main([*photos, "--models", str(tiny_model)])
    figures = json.loads((out / "degraded.json").read_text())[str(tiny_model)]
    assert list(figures) == list(DEGRADATIONS)
    plain = figures["as it is"]["auc"]
    assert any(row["auc"] != plain for row in figures.values())
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 2 + len(DEGRADATIONS)
    assert f"{plain:.2f}" in lines[2]
