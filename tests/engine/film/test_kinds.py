"""Which files are films."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from colorize_engine.files import FileError
from colorize_engine.film import FORMATS, is_film, kinds

if TYPE_CHECKING:
    from pathlib import Path


def test_by_the_suffix_also_if_the_file_is_missing(tmp_path: Path) -> None:
    for name in ("film.mp4", "FILM.MOV", "a.b.mkv", "x.webm", "tape.vob", "old.avi"):
        assert is_film(tmp_path / name), name
    for name in ("photo.jpg", "cells.tif", "film.zarr", "film", "film.txt"):
        assert not is_film(tmp_path / name), name
    (tmp_path / "folder.mp4").mkdir()
    assert not is_film(tmp_path / "folder.mp4")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00", True),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00", True),
        (b"\x00\x00\x00\x20ftypavif\x00\x00\x00\x00", False),
        (b"\x00\x00\x00\x20ftypheic\x00\x00\x00\x00", False),
        (b"\x1aE\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x23", True),
        (b"RIFF\x00\x10\x00\x00AVI LIST", True),
        (b"RIFF\x00\x10\x00\x00WEBPVP8 ", False),
        (b"\x00\x00\x01\xba\x44\x00\x04\x00", True),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", False),
        (b"", False),
    ],
)
def test_by_the_first_bytes_without_a_known_suffix(
    head: bytes, expected: bool, tmp_path: Path
) -> None:
    (tmp_path / "tape.001").write_bytes(head + bytes(32) * bool(head))
    assert is_film(tmp_path / "tape.001") == expected
    (tmp_path / "photo.jpg").write_bytes(head)
    assert not is_film(tmp_path / "photo.jpg")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert not is_film(tmp_path / "pipe")


def test_without_the_extra_a_line_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {".mp4", ".mov", ".mkv", ".webm"} <= FORMATS.keys()
    monkeypatch.setattr(kinds, "find_spec", lambda name: None)
    with pytest.raises(FileError, match=r"pip install 'napari-colorize\[video\]'"):
        kinds.check_extra()
