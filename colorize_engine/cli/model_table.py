"""The table of models that `colorize --list-models` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colorize_engine.pretrained import WEIGHTS, list_models

if TYPE_CHECKING:
    from colorize_engine.pretrained import Card

_HEADER = ("name", "version", "MB", "bins a, b", "figures (of the gray picture)")
# Keys of a card's figures; see training.scoring.
_FIGURES = {"auc": "AuC", "auc_rebalanced": "rebalanced AuC", "de00": "dE00"}


def model_table() -> str:
    """Return a table of the shipped models: name, size, bins, figures, and what for.

    Only the cards are read.

    Raises
    ------
    ModelError
        If a card is broken.
    """
    cards = list_models()
    rows = [_HEADER, *map(_row, cards)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    lines = []
    for row, purpose in zip(rows, ("", *(card.purpose for card in cards)), strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(cells).rstrip())
        if purpose:
            lines.append(f"  {purpose}")
    return "\n".join(lines)


def _row(card: Card) -> tuple[str, ...]:
    folder = WEIGHTS / card.name
    size = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    return (
        card.name,
        card.version,
        f"{size / 1e6:.1f}",
        ", ".join(str(len(card.bins[channel])) for channel in ("a", "b")),
        _figures(card),
    )


def _figures(card: Card) -> str:
    """Return the main figures of a card, each with that of the gray picture."""
    own, gray = card.figures.get(card.name), card.figures.get("gray")
    if not (isinstance(own, dict) and isinstance(gray, dict)):
        return "not measured"
    return ", ".join(
        f"{title} {own[key]:.2f} ({gray[key]:.2f})"
        for key, title in _FIGURES.items()
        if key in own and key in gray
    )
