"""Hints as a CSV file."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from colorize_engine.hints.hint import Hint

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_COLUMNS = ("x", "y", "color", "a", "b", "radius", "frame", "strength")
_NUMBERS = ("x", "y", "radius", "frame", "strength")


def read_hints(path: Path) -> tuple[Hint, ...]:
    """Read hints from a CSV file.

    Its header names the columns: ``x`` and ``y`` in pixels of the picture, then
    ``color`` (such as ``#c05030``), or ``a`` and ``b`` in Lab units, of which one may
    be empty. ``radius`` (pixels), ``frame`` (of a stack, from 0) and ``strength``
    (0.01 to 1) are optional.

    Raises
    ------
    ValueError
        If a column is missing or unknown, or a value is not valid; the message names
        the file and the line.
    OSError
        If the file cannot be read.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        try:
            rows = csv.DictReader(file, skipinitialspace=True)
            names = [name.strip().lower() for name in rows.fieldnames or ()]
            _check_columns(names)
            rows.fieldnames = names
            return tuple(_hint(row, rows.line_num) for row in rows)
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(f"{path} is not a CSV file: {error}") from error
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error


def _check_columns(names: list[str]) -> None:
    unknown = [name for name in names if name not in _COLUMNS]
    lacks = {"x", "y"} - set(names)
    if unknown or lacks or not {"color", "a", "b"} & set(names):
        raise ValueError(
            "line 1: expected a header with the columns x, y and color, or x, y, a, b "
            f"(and maybe radius, frame, strength); got {', '.join(names) or 'nothing'}"
        )


def _hint(row: dict[str, str], line: int) -> Hint:
    try:
        if None in row or None in row.values():
            raise ValueError("it has more or fewer cells than the header")
        cells = {name: text.strip() for name, text in row.items() if text.strip()}
        numbers = {name: _number(cells, name) for name in _NUMBERS}
        frame = numbers["frame"]
        if frame is not None and frame % 1:
            raise ValueError(f"expected a whole frame, got {frame:g}")
        a, b = _number(cells, "a"), _number(cells, "b")
        if "color" in cells:
            if {"a", "b"} & set(cells):
                raise ValueError("expected a color, or a and b, got both")
            color = Hint.from_color(0, 0, cells["color"])
            a, b = color.a, color.b
        return Hint(
            _given(numbers, "y"),
            _given(numbers, "x"),
            a,
            b,
            numbers["radius"],
            None if frame is None else int(frame),
            1.0 if numbers["strength"] is None else numbers["strength"],
        )
    except ValueError as error:
        raise ValueError(f"line {line}: {error}") from error


def _number(cells: dict[str, str], name: str) -> float | None:
    if name not in cells:
        return None
    try:
        return float(cells[name])
    except ValueError:
        raise ValueError(f"expected a number for {name}, got {cells[name]!r}") from None


def _given(numbers: dict[str, float | None], name: str) -> float:
    value = numbers[name]
    if value is None:
        raise ValueError(f"expected a number for {name}, got nothing")
    return value


def write_hints(path: Path, hints: Iterable[Hint]) -> None:
    """Write hints as a CSV file that `read_hints` reads; a and b are exact."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        names = [name for name in _COLUMNS if name != "color"]
        writer.writerow(names)
        for hint in hints:
            values = {**hint.__dict__, "x": hint.column, "y": hint.row}
            cells = [values[name] for name in names]
            writer.writerow(["" if cell is None else repr(cell) for cell in cells])


def to_text(hints: Iterable[Hint]) -> str:
    """Return hints as one line, to be kept in a file's mark.

    Each is ``x,y,a,b`` or ``x,y,a,b,radius``, with ``-`` for an open channel; then
    ``*strength`` for one below 1, and ``@frame`` for a hint of one frame. Six digits if
    they say it all, or as many as the number needs, so that `from_text` gives the same
    hints.
    """
    return " ".join(map(_one_to_text, hints))


def _one_to_text(hint: Hint) -> str:
    numbers = [hint.column, hint.row, hint.a, hint.b]
    if hint.radius is not None:
        numbers.append(hint.radius)
    text = ",".join("-" if n is None else _digits(n) for n in numbers)
    if hint.strength < 1:
        text += f"*{_digits(hint.strength)}"
    return text if hint.frame is None else f"{text}@{hint.frame}"


def _digits(number: float) -> str:
    short = f"{number:.6g}"
    return short if float(short) == number else repr(float(number))


def from_text(text: str) -> tuple[Hint, ...]:
    """Return the hints of a line that `to_text` made.

    A color such as ``#c05030`` may stand in place of a and b.

    Raises
    ------
    ValueError
        If it is not such a line.
    """
    return tuple(map(_one_from_text, text.split()))


def _one_from_text(text: str) -> Hint:
    numbers, _, frame = text.partition("@")
    place, _, strength = numbers.partition("*")
    try:
        x, y, *rest = place.split(",")
        if rest and rest[0].startswith("#"):
            color = Hint.from_color(0, 0, rest[0])
            rest = [repr(color.a), repr(color.b), *rest[1:]]
        a, b, radius = (
            None if n == "-" else float(n) for n in (*rest, "-")[: max(3, len(rest))]
        )
        number = int(frame) if frame else None
        share = float(strength) if strength else 1.0
        return Hint(float(y), float(x), a, b, radius, number, share)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a hint: {error}") from error
