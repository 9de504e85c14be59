"""Errors and notes of the engine, with the option of the command that may help."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from colorize_engine.batch.messages import advice, explained, one_line
from colorize_engine.files import FileError, RangeError, RangeNote, TooLarge

SOURCE = Path("in.png")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            TooLarge("too many pixels"),
            r"too many pixels; give a larger --max-pixels .*",
        ),
        (RangeError("floats in 0..9"), r"floats in 0..9; give --range auto, or .*"),
        (FileError("the file is empty"), "the file is empty"),
        (FileExistsError(17, "x", "o.png"), "o.png exists; give --overwrite .*"),
        (PermissionError(13, "Permission denied", "in.png"), "permission denied"),
        (OSError(28, "No space", "o.png"), "cannot write o.png: no space"),
        (MemoryError(), "there is not enough memory .*"),
        (KeyError("x"), "unexpected KeyError: 'x'"),
    ],
)
def test_an_error_says_what_to_do(error: Exception, expected: str) -> None:
    assert re.fullmatch(expected, explained(error, SOURCE))


def test_a_note_on_the_range_names_the_option_also_after_pickling() -> None:
    note = pickle.loads(pickle.dumps(RangeNote("its values lie in 0..4095")))
    assert advice(note) == (
        "its values lie in 0..4095; if so, give --range auto or --range MIN,MAX"
    )
    assert advice("animated") == "animated"


def test_one_line_shows_control_characters_as_escapes() -> None:
    assert one_line("a\nb \x1b[31m") == "a b \\x1b[31m"
