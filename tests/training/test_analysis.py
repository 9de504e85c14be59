"""The analysis: changes stay where they belong, and the measure measures."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from colorize_engine.pretrained import read_card, write_files
from training.analysis import (
    CHANGES,
    PHOTOS,
    REGIONS,
    divergence,
    main,
    put_into_page,
    truth_of,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_inside_or_around_only(name: str) -> None:
    region = REGIONS[0]
    gray, inside = truth_of(region.photo).gray, region.mask()
    changed = CHANGES[name](gray, inside) != gray
    kept = inside if name.startswith("surroundings") else ~inside
    assert not changed[kept].any()
    assert changed[~kept].mean() > 0.5


def test_divergence_goes_from_0_to_1_bit() -> None:
    one = np.array([[1, 0.5], [0, 0.5], [0, 0]], np.float32)
    other = np.array([[0, 0], [0, 0], [1, 1]], np.float32)
    assert divergence(one, one) == pytest.approx(0, abs=1e-6)
    assert divergence(one, other) == pytest.approx(1, abs=1e-6)


def test_only_the_table_of_the_model_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "analysis.md"
    page.write_text("# Title\n")
    for name, text in (("one", "old"), ("two", "other"), ("one", "new")):
        put_into_page(page, name, text)
    whole = page.read_text()
    assert whole.startswith("# Title\n\n`one`:\n\n<!-- table of one -->\n\nnew\n")
    assert "other" in whole
    assert "old" not in whole
    assert whole.count("<!-- end of the table -->") == 2


def test_the_command_writes_a_sheet_and_a_table(
    tiny_model: Path, tmp_path: Path, one_thread: None
) -> None:
    model = shutil.copytree(tiny_model, tmp_path / "tiny")
    card = read_card(model)
    write_files(model, replace(card, working_size=256), {})
    main(["--model", str(model), "--out", str(tmp_path)])
    whole = (tmp_path / "analysis.md").read_text()
    lines = [line for line in whole.splitlines() if line.startswith("|")]
    assert len(lines) == 3 + len(REGIONS)
    moved = [float(cell.split(",")[0]) for cell in lines[2].split("|")[2:-1]]
    # An untrained net looks at what is near: its texture counts.
    assert max(moved[2:]) > 0
    with Image.open(tmp_path / "images" / "analysis-tiny.jpg") as picture:
        assert picture.height == len(PHOTOS) * 260
        assert picture.width == 7 * 260
