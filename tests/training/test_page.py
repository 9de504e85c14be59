"""Pages of models: generated from their cards, and up to date in the tree."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from colorize_engine.pretrained import WEIGHTS, list_models, read_card
from training.page import main, page, parameters

if TYPE_CHECKING:
    from colorize_engine.pretrained import Card

DOCS = Path(__file__).parents[2] / "docs" / "models"


@pytest.mark.parametrize("name", [card.name for card in list_models()])
def test_the_page_in_the_tree_is_that_of_the_card(name: str) -> None:
    notes = (DOCS / f"{name}-notes.md").read_text()
    found = (DOCS / f"{name}.md").read_text()
    assert found == page(WEIGHTS / name, notes), "run python -m training.page"


@pytest.mark.parametrize("name", [card.name for card in list_models()])
def test_the_page_names_what_a_person_must_know(name: str) -> None:
    card, text = read_card(WEIGHTS / name), page(WEIGHTS / name)
    assert card.model_hash in text
    assert f"\n\n{card.purpose} {card.description} Hash" in text
    assert f"{card.figures[name]['auc']:.2f}" in text
    assert f"{card.figures['gray']['auc']:.2f}" in text
    assert "evidence" in text
    if encoder := card.training.get("encoder"):
        assert f"`{encoder['sha256']}`" in text
        assert "ImageNet" in text


def test_all_weights_together_are_within_the_limits() -> None:
    counts = [n for c in list_models() for n in parameters(WEIGHTS / c.name).values()]
    assert max(counts) <= 7.9e6
    # 56 MB in fp16.
    assert sum(counts) <= 28e6


def test_the_command_writes_a_page_for_a_model_folder(
    tiny_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "tiny-notes.md").write_text("## What goes wrong\n\nEverything.\n")
    main(["--models", str(tiny_model), "--out", str(tmp_path)])
    text = (tmp_path / "tiny.md").read_text()
    assert text.startswith("# tiny 0")
    assert f"\n\n{read_card(tiny_model).description} Hash" in text
    assert "It has not been measured." in text
    assert text.index("Everything.") < text.index("What it is for")


@pytest.mark.parametrize("card", list_models(), ids=lambda card: card.name)
def test_the_notes_quote_only_figures_of_the_card(card: Card) -> None:
    notes = (DOCS / f"{card.name}-notes.md").read_text()
    figures = (card.figures[key] for key in ("gray", card.name))
    known = [value for own in figures for value in own.values()]
    for bins in card.bins.values():
        known += [*bins.centers, bins.weights.max()]
    texts = {format(abs(value), form) for value in known for form in (".1f", ".2f")}
    quoted = set(re.findall(r"\d+\.\d+", notes))
    assert quoted
    assert quoted <= texts, quoted - texts
