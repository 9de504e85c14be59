"""Tables of the figures of an evaluation, as Markdown, JSON and CSV."""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from training.scoring.scores import Row

_BLOCKS: tuple[dict[str, tuple[str, str]], ...] = (
    {
        "auc": ("AuC", ".2f"),
        "auc_rebalanced": ("rebalanced", ".2f"),
        "psnr": ("PSNR", ".2f"),
        "ssim": ("SSIM", ".4f"),
        "cf": ("CF", ".2f"),
        "delta_cf": ("delta CF", "+.2f"),
        "de00": ("dE00", ".2f"),
        "l_error": ("L error", ".3f"),
    },
    {
        "cast_a": ("cast a", "+.2f"),
        "cast_b": ("cast b", "+.2f"),
        "chroma": ("chroma", ".2f"),
        "hue_tv": ("hue TV", ".3f"),
        "magenta": ("magenta %", ".1f"),
        "true_magenta": ("true", ".1f"),
        "blue_sky": ("blue sky %", ".1f"),
        "green": ("green %", ".1f"),
    },
    {
        f"{figure}_{channel}": (f"{name} {channel}", form)
        for channel in "ab"
        for figure, name, form in (
            ("ece", "ECE", ".4f"),
            ("nll", "NLL", ".3f"),
            ("prior_nll", "prior's", ".3f"),
        )
    },
)


def markdown(rows: Sequence[Row], heading: str) -> str:
    """Return the figures as Markdown tables with aligned columns.

    Parameters
    ----------
    rows : sequence of Row
        See `training.evaluate.evaluate`.
    heading : str
        Description of what was evaluated.

    Returns
    -------
    str
        Tables for pictures, chroma and calibration, with one line for each row.
    """
    figures = [(row.name, row.summary()) for row in rows]
    tables = [heading]
    for block in _BLOCKS:
        lines = [["", *(title for title, _ in block.values())]]
        for name, summary in figures:
            cells = [_cell(summary.get(key), form) for key, (_, form) in block.items()]
            lines.append([name, *cells])
        tables.append(table(lines))
    return "\n\n".join(tables)


def _cell(value: float | None, form: str) -> str:
    return "-" if value is None or math.isnan(value) else format(value, form)


def table(lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, the first column aligned left, the others right."""
    widths = [max(3, *map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    padded = [
        [line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]
        for line in (lines[0], rule, *lines[1:])
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)


def save(folder: Path, rows: Sequence[Row], heading: str) -> None:
    """Write the figures as ``table.md``, ``table.json`` and ``photos.csv``.

    Parameters
    ----------
    folder : Path
        Folder to write into, which exists.
    rows : sequence of Row
        See `training.evaluate.evaluate`.
    heading : str
        Description of what was evaluated.

    Notes
    -----
    ``photos.csv`` has one line for each photo and row of the table; for each row the
    photos with the largest CIEDE2000 come first. JSON has neither infinity nor NaN, so
    null stands for them.
    """
    text = markdown(rows, heading) + "\n"
    (folder / "table.md").write_text(text, encoding="utf-8")
    figures = [
        {"name": row.name}
        | {k: v if math.isfinite(v) else None for k, v in row.summary().items()}
        for row in rows
    ]
    table = {"heading": heading, "photos": len(rows[0].photos), "rows": figures}
    (folder / "table.json").write_text(json.dumps(table, indent=2) + "\n", "utf-8")
    with (folder / "photos.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "photo", *rows[0].photos[0]])
        for row in rows:
            scored = list(zip(row.names, row.photos, strict=True))
            for name, photo in sorted(scored, key=lambda one: -one[1]["de00"]):
                writer.writerow([row.name, name, *photo.values()])
