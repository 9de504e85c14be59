"""Edits: read back from a saved picture, repeated by a line of the command."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from skimage import data

from colorize_engine import Hint
from colorize_engine.batch.marks import with_hints
from colorize_engine.cli import command as cli
from colorize_engine.decode import DecodeSettings
from colorize_engine.edit import Edit, saved_edit
from colorize_engine.files import mark_of

if TYPE_CHECKING:
    from pathlib import Path

PHOTO = data.camera()[100:196, 180:308]


@given(
    temperature=st.integers(0, 100),
    rebalance=st.integers(-100, 100),
    saturation=st.integers(0, 300),
    caution=st.integers(0, 100),
    size=st.integers(1, 8192),
    hints=st.lists(
        st.builds(
            Hint,
            st.floats(0, 1e5),
            st.floats(0, 1e5),
            st.floats(-80, 90),
            st.none() | st.floats(-100, 90),
            frame=st.none() | st.integers(0, 99),
        ),
        max_size=3,
    ),
)
def test_a_mark_gives_its_edit_back(
    temperature: int,
    rebalance: int,
    saturation: int,
    caution: int,
    size: int,
    hints: list[Hint],
) -> None:
    numbers = (temperature, rebalance, saturation, caution)
    decoding = DecodeSettings(*(number / 100 for number in numbers))
    mark = mark_of("my best model 1.0 0123456789ab", decoding, size)
    mark = with_hints(mark, tuple(hints))
    edit = Edit("my best model 1.0 0123456789ab", decoding, size, tuple(hints))
    assert Edit.from_parameters(mark.parameters) == edit
    assert edit.model == "my best model"


def test_further_settings_of_a_mark() -> None:
    decoding = DecodeSettings(0.5, 0, 1)
    more = {"smoothing": 0.6, "range": "10.5..200", "quality": 80, "source": "ab12"}
    edit = Edit.from_parameters(mark_of("m 1 ff", decoding, 320, **more).parameters)
    assert edit == Edit("m 1 ff", decoding, 320, (), (10.5, 200), 0.6)
    more = {"region": "1,2,30,40", "display range": "3,4"}
    edit = Edit.from_parameters(mark_of("m 1 ff", decoding, 320, **more).parameters)
    assert (edit.region, edit.value_range) == ("1,2,30,40", (3, 4))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "model m 1 ff; temperature 0.5; rebalance 0; working size 320",
        "model m 1 ff; temperature warm; rebalance 0; saturation 1; working size 320",
    ],
)
def test_a_text_that_is_no_mark(text: str) -> None:
    with pytest.raises(ValueError, match="does not tell all settings"):
        Edit.from_parameters(text)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["-t", "0.2", "-r", "-0.35", "-s", "1.4", "--caution", "0.3"],
        ["--working-size", "48", "--range", "20,180.5", "--hint", "40,30,-,-30.25"],
    ],
)
def test_the_line_of_an_edit_makes_the_same_picture(
    hinted_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(PHOTO).save("a photo.png")

    def color(arguments: list[str]) -> None:
        with pytest.raises(SystemExit) as stop:
            cli.main(arguments)
        assert stop.value.code == 0, capsys.readouterr().err

    model = ["--model", str(hinted_model)]
    color(["a photo.png", "-o", "first.png", *model, *words])
    edit = saved_edit(tmp_path / "first.png")
    assert edit is not None
    line = edit.command("a photo.png", "second.png", {"--model": str(hinted_model)})
    program, *arguments = shlex.split(line)
    assert program == "colorize"
    color(arguments)
    first, second = (np.asarray(Image.open(f"{n}.png")) for n in ("first", "second"))
    np.testing.assert_array_equal(first, second)
    assert saved_edit(tmp_path / "second.png") == edit
    assert saved_edit(tmp_path / "a photo.png") is None


def test_a_line_says_what_differs_from_the_command_itself() -> None:
    line = Edit("default 9.1 ff", DecodeSettings(0.7, -0.1, 1), 320).command(
        "p.jpg", "c.jpg"
    )
    assert line == (
        "colorize p.jpg -o c.jpg --temperature 0.7 --rebalance -0.1 --working-size 320"
    )
    with pytest.raises(ValueError, match="whole pictures, not a region"):
        Edit("m 1 ff", DecodeSettings(1, 0, 1), 9, region="1,2,3,4").command("p", "c")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", "nan"),
        ("temperature", "1.5"),
        ("saturation", "-1"),
        ("saturation", "inf"),
        ("caution", "2"),
        ("rebalance", "inf"),
    ],
)
def test_a_mark_of_settings_that_cannot_be(name: str, value: str) -> None:
    settings = {
        "temperature": "0.4",
        "rebalance": "-0.1",
        "saturation": "1",
        "caution": "0",
        "working size": "320",
    }
    told = "; ".join(
        f"{key} {given}" for key, given in (settings | {name: value}).items()
    )
    with pytest.raises(ValueError, match=name):
        Edit.from_parameters(f"model x 1 0123456789ab; {told}")


def test_files_whose_names_begin_with_a_dash() -> None:
    edit = Edit("default 1 0123456789ab", DecodeSettings(0.4, -0.1), 320)
    words = shlex.split(edit.command("-o.png", "-color.png"))
    assert words[:4] == ["colorize", "./-o.png", "-o", "./-color.png"]
