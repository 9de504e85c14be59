"""Figures in the sentences of README and docs, out of the tables that measured them.

    python docs/figures.py          # writes them anew

``docs/figures.toml`` has the sentences of each file. A place in braces stands for a
figure: ``{Films | nets alone | frames a second | .0f}`` is the cell of that row and
column on the page of benchmarks, below the heading ``Films``, which ``make bench``
writes. If the first word is a model, the table is on the model's page, which
``training.page`` writes from what ``training.evaluate`` measured. The last part says
how to round. Rows are named by their first cells, joined by commas; the heading of the
first column may stand before them.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
SENTENCES = Path(__file__).with_name("figures.toml")
PAGES = {
    "benchmarks.md": None,
    "models/default.md": "default",
    "models/reference-10.md": "reference-10",
}
_PLACE = re.compile(r"\{([^}]+)\}")
_NUMBER = r"[-+]?\d[\d,]*(?:\.\d+)?"
# Sentences may be broken into lines anywhere, also in the comments of a Makefile.
_SPACE = r"\s+(?:# +)?"

Tables = dict[str, dict[tuple[str, ...], dict[str, str]]]


def tables() -> Tables:
    """Return the cells of all tables, by heading or model, row and column."""
    found: Tables = {}
    for page, model in PAGES.items():
        text = (ROOT / "docs" / page).read_text("utf-8")
        for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
            rows = found.setdefault(model or part.partition("\n")[0], {})
            head: list[str] = []
            for line in part.splitlines():
                cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
                if not line.startswith("|"):
                    head = []
                elif not head:
                    head = cells
                elif set("".join(cells)) - {"-", ":"}:
                    rows[(head[0], *cells)] = dict(zip(head, cells, strict=True))
    return found


def figure(place: str, found: Tables) -> str:
    """Return the figure of a place, rounded.

    Raises
    ------
    LookupError
        If no table has it, or several rows do.
    """
    heading, name, column, form = (part.strip() for part in place.split("|"))
    rows = {
        cells: row
        for cells, row in found.get(heading, {}).items()
        if column in row
        and any(
            f"{', '.join(key)}, ".startswith(f"{name}, ") for key in (cells, cells[1:])
        )
    }
    if len(rows) != 1:
        raise LookupError(f"{len(rows)} rows for {{{place}}}")
    (row,) = rows.values()
    number = re.search(_NUMBER, row[column].removeprefix("1/"))
    if number is None:
        raise LookupError(f"no number for {{{place}}}: {row[column]}")
    return format(float(number[0].replace(",", "")), form)


def pattern(sentence: str) -> re.Pattern[str]:
    """Return an expression that finds a sentence with any figures and line breaks."""
    literals = _PLACE.split(sentence)[::2]
    parts = [_SPACE.join(map(re.escape, re.split(r"\s+", part))) for part in literals]
    return re.compile(f"({_NUMBER})".join(parts))


def written(text: str, sentences: list[str], found: Tables) -> str:
    """Return a text with the figures of its sentences as measured.

    Raises
    ------
    LookupError
        If a sentence is not in the text exactly once, or a figure in no table.
    """
    for sentence in sentences:
        matches = list(pattern(sentence).finditer(text))
        if len(matches) != 1:
            raise LookupError(f"{len(matches)} times in the text: {sentence}")
        places = _PLACE.findall(sentence)
        for number, place in reversed(list(enumerate(places, 1))):
            start, end = matches[0].span(number)
            text = text[:start] + figure(place, found) + text[end:]
    return text


def main() -> None:
    """Write the figures of all files; name those that no table has."""
    found, missing = tables(), []
    for name, sentences in tomllib.loads(SENTENCES.read_text("utf-8")).items():
        path = ROOT / name
        text = path.read_text("utf-8")
        for sentence in sentences:
            try:
                text = written(text, [sentence], found)
            except LookupError as error:
                missing.append(f"{name}: {error}")
        path.write_text(text, "utf-8")
    if missing:
        sys.exit("\n".join(missing))


if __name__ == "__main__":
    main()
