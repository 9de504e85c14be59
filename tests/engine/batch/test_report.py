"""Reports: a record a photo, as CSV or JSON."""

from __future__ import annotations

import csv
import json
import os
from typing import TYPE_CHECKING

import pytest

from colorize_engine.batch import Record, write_report

if TYPE_CHECKING:
    from pathlib import Path

ODD = os.fsdecode(b'two\nlines, "q" \xff.jpg')
RECORDS = [
    Record(ODD, "out/x.jpg", "done", 40, 30, 1, "tiny 0", "ab12", 0.38, seconds=0.5),
    Record("a.jpg", "out/a.jpg", "failed", error="the file is damaged"),
    Record("b.jpg", "out/b.jpg", "skipped", notes=("in color", "a second")),
]


def test_csv_has_a_row_for_each_record(tmp_path: Path) -> None:
    write_report(tmp_path / "r.csv", RECORDS)
    with (tmp_path / "r.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["status"] for row in rows] == ["failed", "skipped", "done"]
    assert rows[2]["source"] == 'two\nlines, "q" \\udcff.jpg'
    assert (rows[2]["width"], rows[2]["height"]) == ("40", "30")
    assert (rows[2]["model_hash"], rows[2]["temperature"]) == ("ab12", "0.38")
    assert rows[0]["error"] == "the file is damaged"
    assert rows[0]["width"] == ""
    assert rows[1]["notes"] == "in color; a second"


def test_json_keeps_names_and_types(tmp_path: Path) -> None:
    write_report(tmp_path / "R.JSON", RECORDS)
    rows = json.loads((tmp_path / "R.JSON").read_text(encoding="utf-8"))
    assert os.fsencode(rows[2]["source"]) == os.fsencode(ODD)
    assert rows[2]["seconds"] == 0.5
    assert rows[0]["width"] is None


def test_a_report_that_exists_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("precious")
    with pytest.raises(FileExistsError):
        write_report(path, RECORDS)
    assert path.read_text() == "precious"
    write_report(path, RECORDS, overwrite=True)
    assert path.read_text().startswith("source,output,status,")
    assert os.listdir(tmp_path) == ["r.csv"]


def test_other_kinds_of_reports_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.csv or \.json"):
        write_report(tmp_path / "r.txt", RECORDS)
