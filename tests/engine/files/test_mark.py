"""What is done already, told by the outputs themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from colorize_engine.batch import Settings
from colorize_engine.files import mark_reader
from colorize_engine.files import output as files

if TYPE_CHECKING:
    from pathlib import Path

RGB = np.random.default_rng(1).integers(0, 256, (24, 32, 3), np.uint8)
MARK = files.Mark("napari-colorize 1", "m & <n> 0 abc", {"temperature": "0.4"})
SOURCE = "0" * 32


def signed(source: str = SOURCE, **settings: object) -> files.Mark:
    return mark_reader.signed(MARK, source, Settings(**settings), files.Path("x.jpg"))


@pytest.fixture(params=["png", "jpg", "tif", "webp"])
def output(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    path = tmp_path / f"o.{request.param}"
    files.write(path, [files.Picture(RGB)], signed())
    return path


def test_the_digest_is_of_the_content(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "abc"]
    for path, content in zip(paths, (b"x", b"x", b"y"), strict=True):
        path.write_bytes(content)
    digests = [mark_reader.digest(path) for path in paths]
    assert digests[0] == digests[1] != digests[2]
    assert len(digests[0]) == 32


def test_an_output_tells_what_it_was_made_of(output: Path) -> None:
    assert mark_reader.is_current(output, signed())
    # Another version of the program would make the same colors.
    assert mark_reader.is_current(
        output, replace(signed(), software="napari-colorize 2")
    )


def test_other_bytes_settings_and_models_are_told_apart(output: Path) -> None:
    others = [
        signed("1" * 32),
        signed(value_range="auto"),
        signed(value_range=(0.0, 4095.0)),
        signed(quality=80),
        replace(signed(), model="m & <n> 0 abd"),
        replace(signed(), settings={**signed().settings, "temperature": "0.5"}),
    ]
    assert len({other.parameters for other in others}) == len(others)
    assert not any(mark_reader.is_current(output, other) for other in others)


def test_of_an_output_colored_again_the_last_time_counts(output: Path) -> None:
    (picture,) = files.read(output)
    again = signed("2" * 32)
    files.write(output, [picture], again, overwrite=True)
    assert mark_reader.is_current(output, again)
    assert not mark_reader.is_current(output, signed())


def test_the_quality_counts_where_there_is_one(tmp_path: Path) -> None:
    marks = [
        mark_reader.signed(MARK, SOURCE, Settings(quality=quality), tmp_path / name)
        for name in ("x.png", "x.jpg")
        for quality in (None, 50)
    ]
    assert marks[0] == marks[1]
    assert marks[2] != marks[3]


def test_foreign_damaged_and_missing_files_are_not_ours(output: Path) -> None:
    whole = output.read_bytes()
    for content in (b"", b"II*\0", whole[:40], b"text" * 99):
        output.write_bytes(content)
        assert not mark_reader.is_current(output, signed())
    output.unlink()
    assert not mark_reader.is_current(output, signed())
    Image.fromarray(RGB).save(output)
    assert not mark_reader.is_current(output, signed())
