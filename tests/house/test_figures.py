"""Figures in README and docs are those that were measured, and none is by hand."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
SENTENCES = tomllib.loads((ROOT / "docs" / "figures.toml").read_text("utf-8"))
# Written by scripts, or compared with the cards by tests/training/test_page.py.
OTHERS = {"benchmarks.md", "gallery.md", "edges.md"}
OTHERS |= {path.name for path in (ROOT / "docs" / "models").glob("*.md")}
UNITS = "%|kB|MB|GB|MiB|ms|s|seconds|dB|photos a second|frames a second|times as"
_FIGURE = re.compile(rf"(?<![\w.])\d[\d,.]*\s(?:{UNITS})(?!\w)")
# What nobody measures: limits and defaults of the program, examples, other programs.
GIVEN = {
    "docs/analysis.md": {"100 %"},
    "docs/compared.md": {"38 MB", "912 MB"},
    "docs/reference/command.md": {"30 %"},
    "docs/files.md": {"64 kB", "4 GB"},
    "docs/tutorials/training.md": {
        *("200 kB", "2 %"),
        *("410 s", "25 s", "42 s", "110 s"),  # written in the cards
    },
    "CONTRIBUTING.md": {"25 MB", "95 %"},
}


@pytest.fixture(scope="module")
def figures() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "figures", ROOT / "docs" / "figures.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", SENTENCES)
def test_figures_are_those_of_the_tables(name: str, figures: ModuleType) -> None:
    text = (ROOT / name).read_text("utf-8")
    # Fails after new measurements: then run docs/figures.py.
    assert figures.written(text, SENTENCES[name], figures.tables()) == text


def pages() -> list[str]:
    """Pages for people, but for those that scripts write."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    found += [p for p in (ROOT / "docs").rglob("*.md") if p.name not in OTHERS]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


@pytest.mark.parametrize("name", pages())
def test_no_figure_is_written_by_hand(name: str, figures: ModuleType) -> None:
    text = re.sub(r"```.*?```", "", (ROOT / name).read_text("utf-8"), flags=re.DOTALL)
    for sentence in SENTENCES.get(name, ()):
        text = figures.pattern(sentence).sub("", text)
    assert set(_FIGURE.findall(text)) <= GIVEN.get(name, set())


def test_a_figure_that_was_not_measured_is_told(figures: ModuleType) -> None:
    measured = {"Films": {("", "nets"): {"": "nets", "rate": "24.30", "of": "1/19.1"}}}
    sentence = "runs at {Films | nets | rate | .1f} a second"
    text = "It runs\nat 7 a second."
    assert figures.written(text, [sentence], measured) == "It runs\nat 24.3 a second."
    assert figures.figure("Films | nets | of | .0f", measured) == "19"
    for wrong in ("{Films | net | rate | .1f}", "{Films | nets | time | .1f}"):
        with pytest.raises(LookupError, match="0 rows"):
            figures.written("7 a second", [f"{wrong} a second"], measured)
    for other in ("nothing", text + text):
        with pytest.raises(LookupError, match="times in the text"):
            figures.written(other, [sentence], measured)
