"""An edit as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, fields
from typing import Any

from colorize_engine.decode import DecodeSettings
from colorize_engine.edit.edit import Edit
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
        numbers = [_number(told[name]) for name in _decoding()]
        value_range = told["range"]
        if isinstance(value_range, list):
            low, high = (_number(value) for value in value_range)
            value_range = low, high
        elif value_range not in ("full", "auto"):
            raise ValueError(f"expected a range, got {value_range!r}")
        return Edit(
            str(told["model"]),
            DecodeSettings(*numbers),
            int(told["working_size"]),
            tuple(Hint(**each) for each in told["hints"]),
            value_range,
            _number(told["smoothing"]),
            str(told["region"]),
        )
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"this is no file of settings: {error}") from error


def _decoding() -> list[str]:
    return [field.name for field in fields(DecodeSettings)]


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"expected a number, got {value!r}")
    if not math.isfinite(value):
        raise ValueError(f"expected a finite number, got {value}")
    return float(value)
