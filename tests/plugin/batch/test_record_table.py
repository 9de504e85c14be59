"""The table of a run: its order, its words, names that are no text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from colorize_engine.batch import Record, explained
from colorize_engine.batch.messages import advice
from colorize_engine.files import RangeError, RangeNote, TooLarge
from napari_colorize.batch.record_table import RecordTable, plain_words

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

PHOTO = Path("a.tif")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            explained(FileExistsError(17, "the file exists", "b.png"), PHOTO),
            "b.png exists; tick 'replace existing files' to replace it",
        ),
        (
            explained(TooLarge("it is large"), PHOTO),
            "it is large; give the command colorize a larger --max-pixels if the file "
            "is what you expect",
        ),
        (
            explained(RangeError("it has no range"), PHOTO),
            "it has no range; give the command colorize --range auto, or --range "
            "MIN,MAX for the values of black and white",
        ),
        (
            advice(RangeNote("it may be dark")),
            "it may be dark; if so, give the command colorize --range auto or --range "
            "MIN,MAX",
        ),
        ("in color", "in color"),
    ],
)
def test_options_that_the_window_lacks_are_those_of_the_command(
    text: str, words: str
) -> None:
    assert plain_words(text) == words


def test_failed_photos_come_first_and_each_name_can_be_shown(qtbot: QtBot) -> None:
    records = [
        Record("in/c.png", "", "done"),
        Record("in/b.png", "", "skipped", notes=("in color",)),
        Record("in/a/\udcff.png", "", "failed", error="it is empty"),
        Record("elsewhere/d.png", "", "failed", error="it is missing"),
    ]
    table = RecordTable()
    qtbot.addWidget(table)
    table.show_records(records, Path("in"))
    model = table.model()
    cells = [[model.index(row, k).data() for k in range(3)] for row in range(4)]
    assert cells == [
        ["elsewhere/d.png", "failed", "it is missing"],
        ["a/?.png", "failed", "it is empty"],
        ["b.png", "skipped", "in color"],
        ["c.png", "colored", ""],
    ]
