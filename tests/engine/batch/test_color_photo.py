"""What a mark says beside the colors: the source and how it was read and written."""

from __future__ import annotations

from pathlib import Path

import pytest

from colorize_engine.batch import Settings
from colorize_engine.batch.color_photo import digest, with_source
from colorize_engine.files import Mark

MARK = Mark("napari-colorize 1", "m 0 abc", {"temperature": "0.4"})
SOURCE = "0" * 32


def test_the_digest_is_of_the_content(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "abc"]
    for path, content in zip(paths, (b"x", b"x", b"y"), strict=True):
        path.write_bytes(content)
    digests = [digest(path) for path in paths]
    assert digests[0] == digests[1] != digests[2]
    assert len(digests[0]) == 32


def test_the_quality_counts_where_there_is_one(tmp_path: Path) -> None:
    marks = [
        with_source(MARK, SOURCE, Settings(quality=quality), tmp_path / name)
        for name in ("x.png", "x.jpg")
        for quality in (None, 50)
    ]
    assert marks[0] == marks[1]
    assert marks[2] != marks[3]


@pytest.mark.parametrize(
    ("value_range", "said"),
    [("full", None), ("auto", "auto"), ((0.0, 4095.0), "0.0..4095.0")],
)
def test_a_range_that_is_not_the_full_one_is_told(
    value_range: object, said: str | None
) -> None:
    mark = with_source(MARK, SOURCE, Settings(value_range=value_range), Path("x.png"))
    assert mark.settings.get("range") == said
    assert mark.settings["source"] == SOURCE
    assert mark.settings["temperature"] == "0.4"
