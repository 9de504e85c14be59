"""Hints as CSV files and as text in a mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorize_engine import Hint
from colorize_engine.hints import from_text, read_hints, to_text, write_hints

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, text: str) -> Path:
    path = folder / "hints.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_colors(tmp_path: Path) -> None:
    path = written(tmp_path, "x,y,color\n12,34,#c05030\n5.5, 6, #fff\n")
    first, second = read_hints(path)
    assert first == Hint.from_color(34, 12, "#c05030")
    assert (second.row, second.column) == (6, 5.5)
    assert abs(second.a) + abs(second.b) < 0.1


def test_a_and_b_frames_and_radii_in_any_order(tmp_path: Path) -> None:
    text = "\ufeffY,X,B,A,frame,radius\n1,2,3,4,5,6\n1,2,,4,,\n1,2,3,,0,\n"
    assert read_hints(written(tmp_path, text)) == (
        Hint(1, 2, 4, 3, 6, 5),
        Hint(1, 2, 4, None),
        Hint(1, 2, None, 3, frame=0),
    )


def test_a_table_without_rows(tmp_path: Path) -> None:
    assert read_hints(written(tmp_path, "x,y,color\n")) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: expected a header .* got nothing"),
        ("12,34,#c05030\n", "line 1: expected a header"),
        ("x,y\n1,2\n", "line 1: expected a header with the columns x, y and color"),
        ("x,y,colour\n1,2,#fff\n", "got x, y, colour"),
        ("x,y,color\n1,2,#fff\n3,4,red\n", "line 3: .* such as .*, got 'red'"),
        ("x,y,color\n1,two,#fff\n", "line 2: expected a number for y, got 'two'"),
        ("x,y,color\n1,,#fff\n", "line 2: expected a number for y, got nothing"),
        ("x,y,color\n1,2\n", "line 2: it has more or fewer cells"),
        ("x,y,color\n1,2,#fff,5\n", "line 2: it has more or fewer cells"),
        ("x,y,a,b\n1,2,,\n", "line 2: .* a or b, got neither"),
        ("x,y,a,b\n1,2,500,0\n", "line 2: .* a to be in"),
        ("x,y,a,b,color\n1,2,3,4,#fff\n", "line 2: .* got both"),
        ("x,y,color,frame\n1,2,#fff,1.5\n", "line 2: expected a whole frame"),
        ("x,y,color\n-9,2,#fff\n", "line 2: .* column to be"),
        ("x,y,color\n1,2,nan\n", "line 2: .* color such as"),
        ("x,y,a,b\nnan,2,3,4\n", "line 2: .* column to be"),
    ],
)
def test_errors_name_the_file_and_the_line(
    tmp_path: Path, text: str, message: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ValueError, match=message) as caught:
        read_hints(path)
    assert str(path) in str(caught.value)


def test_a_binary_file(tmp_path: Path) -> None:
    path = tmp_path / "hints.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff")
    with pytest.raises(ValueError, match=r"hints\.csv"):
        read_hints(path)


NUMBERS = st.floats(0, 20_000, width=32)
CHROMA = st.floats(-80, 90, width=32)
HINTS = st.builds(
    Hint,
    NUMBERS,
    NUMBERS,
    CHROMA,
    st.none() | CHROMA,
    st.none() | NUMBERS,
    st.none() | st.integers(0, 999),
    st.floats(0.03125, 1, width=32),
)


@given(st.lists(HINTS, max_size=5))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, hints: list[Hint]
) -> None:
    path = tmp_path_factory.mktemp("hints") / "hints.csv"
    write_hints(path, hints)
    assert read_hints(path) == tuple(hints)


@given(st.lists(HINTS, max_size=5))
def test_text_gives_the_same_hints(hints: list[Hint]) -> None:
    text = to_text(hints)
    assert "\n" not in text
    assert ";" not in text
    assert from_text(text) == tuple(hints)


def test_text_has_no_more_digits_than_it_needs() -> None:
    hints = [Hint(330, 180.5, 44.125, None), Hint(1 / 3, 2, -0.1, 1e-20, 8)]
    text = "180.5,330,44.125,- 2,0.3333333333333333,-0.1,1e-20,8"
    assert to_text(hints) == text


@pytest.mark.parametrize(
    "text", ["1,2", "a,b,c,d", "1,2,3,4,5,6", "1,2,3,4*0", "1,2,-,-", "@3"]
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a hint"):
        from_text(text)
