"""The table of models that `colorize --list-models` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colorize_engine.pretrained import WEIGHTS, list_models

if TYPE_CHECKING:
    from colorize_engine.pretrained import Card

_HEADER = ("name", "version", "MB", "bins a, b", "figures")


def model_table() -> str:
    """Return a table of the shipped models: name, version, size, bins, figures.

    Only their cards are read.

    Raises
    ------
    ModelError
        If a card is broken.
    """
    rows = [_HEADER, *(_row(card) for card in list_models())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def _row(card: Card) -> tuple[str, ...]:
    folder = WEIGHTS / card.name
    size = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    return (
        card.name,
        card.version,
        f"{size / 1e6:.1f}",
        ", ".join(str(len(card.bins[channel])) for channel in ("a", "b")),
        _figures(card.figures) or "not measured",
    )


def _figures(figures: object) -> str:
    """Return figures on one line, whatever their nesting."""
    if isinstance(figures, dict):
        parts = (f"{name} {_figures(value)}" for name, value in figures.items())
        return "; ".join(parts)
    if isinstance(figures, (list, tuple)):
        return ", ".join(_figures(value) for value in figures)
    return f"{figures:.4g}" if isinstance(figures, float) else str(figures)
