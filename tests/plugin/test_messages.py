"""Each message to a person: what happened and what to do, in plain words."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Shapes

from colorize_engine import ModelError
from napari_colorize.inspector import Inspector, dock
from napari_colorize.messages import describe
from napari_colorize.runs import NotColorable, picture_shape, region_of, source_of
from napari_colorize.widget import ColorizeWidget, colorize_widget, saving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

_JARGON = re.compile(
    r"Error\b|Exception|Traceback|Errno|<class|NoneType|dtype|\b(u?int|float)\d+|"
    r"ndarray|\bndim\b|\b0x[0-9a-f]+",
)
_ADVICE = re.compile(
    r"(?<![a-z])(check|choose|press|tick|open|wait|draw|move|replace|switch|report)\b",
    re.IGNORECASE,
)


def check(text: str) -> None:
    """Fail unless it is whole sentences without jargon that say what to do."""
    assert text[0].isupper(), text
    assert text.endswith("."), text
    assert "\n" not in text, text
    assert ".." not in text, text
    assert not _JARGON.search(text), text
    assert _ADVICE.search(text), text


@pytest.mark.parametrize(
    "text",
    ["", "nothing to color", "Coloring failed: KeyError. Press it.", "It failed."],
)
def test_the_check_refuses_poor_messages(text: str) -> None:
    with pytest.raises((AssertionError, IndexError)):
        check(text)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "not enough memory"),
        (
            RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
            "not enough memory",
        ),
        (RuntimeError("the device went away.\n  at line 7"), "the device went away"),
        (ValueError("there is no device 'cuda' here"), "no device 'cuda' here"),
        (ValueError(), "no reason was given"),
        (ModelError("x is no model folder: it lacks card.json"), "lacks card.json"),
        (OSError(28, "No space left on device", "x.png"), "No space left on device"),
        (KeyError("a"), "fault in the program"),
        (AttributeError("'NoneType' object has no attribute 'x'"), "fault in"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_ends_a_run_is_told_in_plain_words(error: Exception, words: str) -> None:
    text = describe(error)
    check(text)
    assert words in text


def test_a_fault_of_the_program_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    describe(KeyError("lost"))
    assert "KeyError" in caplog.text
    caplog.clear()
    describe(ValueError("there is no device"))
    assert not caplog.text


def outside() -> Shapes:
    corners = np.array([[90.0, 90], [90, 99], [99, 99], [99, 90]])
    return Shapes([corners], shape_type="rectangle", name="roi")


def lines() -> Shapes:
    return Shapes([np.eye(2)], shape_type="line", name="roi")


@pytest.mark.parametrize(
    ("picture", "region", "words"),
    [
        (np.full((4, 4), np.nan), None, "NaN"),
        (np.array([[0.0, 7.0]]), None, "from 0 to 7"),
        (np.zeros((4, 4), np.int64), None, "display range"),
        (np.zeros((4, 4), np.uint8), Shapes(name="roi"), "no shape in roi"),
        (np.zeros((4, 4), np.uint8), lines(), "have no area in roi"),
        (np.zeros((4, 4), np.uint8), outside(), "lie outside scan"),
    ],
    ids=["NaN", "range", "type", "no shape", "lines", "outside"],
)
def test_pictures_that_cannot_be_colored_say_why(
    picture: np.ndarray, region: Shapes | None, words: str
) -> None:
    layer = Image(picture, name="scan", contrast_limits=(0, 1))
    with pytest.raises(NotColorable) as caught:
        chosen = region and region_of(layer, region, picture_shape(layer))
        source_of(layer, region=chosen, not_finite="error").read(())
    check(str(caught.value))
    assert words in str(caught.value)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Texts of the notifications of a test, which are not shown."""
    found: list[str] = []
    for module, name in (
        (colorize_widget, "show_warning"),
        (colorize_widget, "show_error"),
        (saving, "show_warning"),
        (saving, "show_error"),
        (dock, "show_error"),
    ):
        monkeypatch.setattr(module, name, found.append)
    return found


def nothing_ticked(colorize: ColorizeWidget) -> None:
    """Ask for a run without any layer."""
    colorize.viewer.add_image(np.zeros((5, 5), np.uint8))
    for box in colorize.layer_choice.boxes.values():
        box.value = False
    colorize.colorize()


def in_3d(colorize: ColorizeWidget) -> None:
    """Ask for a run in 3-D."""
    colorize.viewer.add_image(np.zeros((3, 5, 5), np.uint8))
    colorize.viewer.dims.ndisplay = 3
    colorize.colorize()


@pytest.mark.parametrize(
    ("do", "words"),
    [
        (ColorizeWidget.colorize, "no image"),
        (nothing_ticked, "under 'Layers'"),
        (in_3d, "2-D display"),
        (lambda colorize: colorize.saving.save("x.png"), "no colored picture"),
    ],
    ids=["no image", "nothing ticked", "3-D", "nothing to save"],
)
def test_what_the_widget_refuses_it_explains(
    qtbot: QtBot, said: list[str], do: Callable[[Any], None], words: str
) -> None:
    colorize = ColorizeWidget(ViewerModel())
    qtbot.addWidget(colorize.native)
    assert colorize.status.value == "Choose an image and press Colorize."
    do(colorize)
    assert len(said) == 1
    check(said[0])
    assert words in said[0]
    assert not colorize.busy


def test_an_image_that_another_widget_colors_is_explained(
    qtbot: QtBot, said: list[str], slow_nets
) -> None:
    viewer = ViewerModel()
    viewer.add_image(np.zeros((5, 5), np.uint8))
    first, second = ColorizeWidget(viewer), ColorizeWidget(viewer)
    for colorize in (first, second):
        qtbot.addWidget(colorize.native)
    slow_nets.go.clear()
    first.colorize()
    second.colorize()
    assert len(said) == 1
    check(said[0])
    assert "being colored already" in said[0]
    assert not second.busy
    first.cancel()
    slow_nets.go.set()
    qtbot.waitUntil(lambda: not first.busy, timeout=20_000)


def test_files_that_cannot_be_written_are_explained(
    qtbot: QtBot, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = ViewerModel()
    look = Inspector(viewer)
    qtbot.addWidget(look)
    look.export(tmp_path / "none" / "x.csv")
    colorize = ColorizeWidget(viewer)
    qtbot.addWidget(colorize.native)

    picture = Image(np.zeros((4, 4, 3), np.uint8), rgb=True)
    live = SimpleNamespace(busy=True)
    run = SimpleNamespace(layers={"colorized": picture}, live=live)
    monkeypatch.setattr(ColorizeWidget, "run", run)
    # What is not decoded as the sliders stand would carry settings of others.
    colorize.saving.save(str(tmp_path / "x.png"))
    assert not (tmp_path / "x.png").exists()
    assert "do not match the sliders" in said.pop()
    live.busy = False
    colorize.saving.save(str(tmp_path / "none" / "x.png"))
    assert len(said) == 2
    for text in said:
        check(text)
    assert "No such file or directory" in said[0]
    assert "directory does not exist" in said[1]
