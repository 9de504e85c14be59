"""An edit as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, fields
from typing import Any

from colorize_engine.decode import DecodeSettings
from colorize_engine.edit.edit import Edit, check_decoding
from colorize_engine.hints import Hint

_FORMAT = 1


def to_json(edit: Edit) -> str:
    """Return an edit as JSON, which `from_json` reads; all numbers are exact."""
    decoding = {name: getattr(edit.decoding, name) for name in _decoding()}
    hints = [
        {name: value for name, value in asdict(hint).items() if value is not None}
        for hint in edit.hints
    ]
    told = {
        "format": _FORMAT,
        "model": edit.label,
        **decoding,
        "working_size": edit.working_size,
        "range": edit.value_range,
        "smoothing": edit.smoothing,
        "region": edit.region,
        "hints": hints,
    }
    return json.dumps(told, indent=1)


def from_json(text: str) -> Edit:
    """Return the edit that `to_json` has written.

    Raises
    ------
    ValueError
        If it is not such a text.
    """
    try:
        told = json.loads(text)
        if not isinstance(told, dict) or told.get("format") != _FORMAT:
            raise ValueError(f"expected a JSON object of format {_FORMAT}")
        decoding = DecodeSettings(*(_number(told[name]) for name in _decoding()))
        check_decoding(decoding)
        value_range = told["range"]
        if isinstance(value_range, list):
            low, high = (_number(value) for value in value_range)
            value_range = low, high
        elif value_range not in ("full", "auto"):
            raise ValueError(f"expected a range, got {value_range!r}")
        return Edit(
            str(told["model"]),
            decoding,
            _whole(told["working_size"]),
            tuple(map(_hint, told["hints"])),
            value_range,
            _number(told["smoothing"]),
            str(told["region"]),
        )
    except (
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
        RecursionError,
    ) as error:
        raise ValueError(f"this is no file of settings: {error}") from error


def _decoding() -> list[str]:
    return [field.name for field in fields(DecodeSettings)]


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"expected a number, got {value!r}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"expected a finite number, got {number}")
    return number


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"expected a whole number of 1 or more, got {value!r}")
    return value


def _hint(told: dict[str, Any]) -> Hint:
    for name, value in told.items():
        if value is not None:
            _number(value)
        if name == "frame" and value is not None and not isinstance(value, int):
            raise ValueError(f"expected a whole number as frame, got {value!r}")
    return Hint(**told)
