"""Saved pictures: opened with their settings, repeated by a copied command."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from napari.layers import Image
from PIL import Image as Picture
from qtpy.QtWidgets import QApplication
from skimage import data

from colorize_engine.cli import command as cli
from napari_colorize.hints import find_points, hints_for
from napari_colorize.runs import METADATA, Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from npe2 import PluginManifest
    from pytestqt.qtbot import QtBot

    from napari_colorize.widget import ColorizeWidget

    Finish = Callable[[ColorizeWidget], None]

PHOTO = data.camera()[100:196, 180:308]


@pytest.fixture
def command(
    hinted_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[list[str]], None]:
    """Run the command in a folder that has a photo."""
    monkeypatch.chdir(tmp_path)
    Picture.fromarray(PHOTO).save("face.png")

    def run(words: list[str]) -> None:
        with pytest.raises(SystemExit) as stop:
            cli.main(words)
        assert stop.value.code == 0

    return run


@pytest.fixture
def napari_itself(plugin: PluginManifest) -> None:
    """Register napari's own reader beside the plugin's."""
    import napari_builtins
    from npe2 import PluginManager, PluginManifest

    manifest = PluginManifest.from_file(
        Path(napari_builtins.__file__).with_name("builtins.yaml")
    )
    PluginManager.instance().register(manifest)


def settle(widget: ColorizeWidget, qtbot: QtBot, hints: int) -> np.ndarray:
    """Wait until the picture is that of the sliders and so many hints; return it."""
    run = widget.run

    def is_shown() -> bool:
        if len(run.results.steering.hints) != hints or run.live.busy:
            return False
        expected = run.results.prediction(()).colorize(*run.settings.arguments)
        return np.array_equal(run.layers["colorized"].data, expected)

    qtbot.waitUntil(is_shown, timeout=60_000)
    return np.array(run.layers["colorized"].data)


@pytest.mark.parametrize("photo_there", [True, False])
def test_a_saved_picture_opens_with_its_settings(
    plugin: PluginManifest,
    widget: ColorizeWidget,
    finish: Finish,
    qtbot: QtBot,
    hinted_model: Path,
    command: Callable[[list[str]], None],
    photo_there: bool,
) -> None:
    model = ["--model", str(hinted_model)]
    words = ["-t", "0.31", "-s", "2.5", "--working-size", "48"]
    words += ["--hint", "40,30,#c03020"]
    command(["face.png", "-o", "face colorized.png", *model, *words])
    saved = np.asarray(Picture.open("face colorized.png"))
    if not photo_there:
        Path("face.png").unlink()
    widget.advanced.folder.value = hinted_model
    widget.layer_choice.tick(["colorized"])
    source, colors = widget.viewer.open("face colorized.png", plugin="napari-colorize")
    assert (source.name, colors.name) == ("face", "face colorized")
    np.testing.assert_array_equal(colors.data, saved)
    if photo_there:
        np.testing.assert_array_equal(source.data, PHOTO)
    assert widget.image.value is source
    assert widget.sliders.settings().arguments[:1] == (0.31,)
    assert widget.sliders.saturation.value == 2.5
    assert widget.advanced.working_size.value == 48
    assert "continue with its settings" in widget.status.value
    finish(widget)
    again = settle(widget, qtbot, 1)
    assert widget.run.layers["colorized"] is colors, "the colors are taken over"
    assert len(find_points(widget.viewer, source).data) == 1
    off = np.abs(again.astype(int) - saved)
    assert off.max() == 0 if photo_there else off.mean() < 1
    # The sliders act on it, and a second run does not add the hint again.
    widget.sliders.saturation.value = 0
    gray = settle(widget, qtbot, 1)
    assert np.ptp(gray.astype(int), axis=2).max() <= 1
    finish(widget)
    settle(widget, qtbot, 1)


def test_the_picture_that_a_person_saved_comes_back(
    plugin: PluginManifest,
    small: ColorizeWidget,
    finish: Finish,
    qtbot: QtBot,
    tmp_path: Path,
) -> None:
    small.sliders.saturation.value = 1.45
    hints_for(small.run).give(Place((), 30, 40), 50, 30)
    before = settle(small, qtbot, 1)
    path = tmp_path / "coffee colorized.tif"
    small.saving.save(str(path))
    small.sliders.saturation.value = 0.2
    source, colors = small.viewer.open(path, plugin="napari-colorize")
    assert small.image.value is source
    assert small.sliders.saturation.value == 1.45
    finish(small)
    again = settle(small, qtbot, 1)
    assert np.abs(again.astype(int) - before).mean() < 1
    # Saved again, unchanged, it tells the same.
    small.viewer.layers.selection.active = colors
    assert colors.metadata[METADATA]["saturation"] == 1.45


def test_pages_come_back_as_a_stack(
    plugin: PluginManifest,
    widget: ColorizeWidget,
    command: Callable[[list[str]], None],
    hinted_model: Path,
) -> None:
    stack = np.stack([PHOTO, PHOTO[::-1], PHOTO])
    tifffile.imwrite("film.tif", stack, photometric="minisblack")
    command(["film.tif", "-o", "film colorized.tif", "--model", str(hinted_model)])
    source, colors = widget.viewer.open("film colorized.tif", plugin="napari-colorize")
    assert source.data.shape == (3, *PHOTO.shape)
    assert colors.data.shape == (3, *PHOTO.shape, 3)
    np.testing.assert_array_equal(source.data[1], PHOTO[::-1])


def test_a_saved_picture_that_was_opened_as_any_other_is_told(
    napari_itself: None,
    widget: ColorizeWidget,
    command: Callable[[list[str]], None],
    hinted_model: Path,
) -> None:
    command(["face.png", "-o", "other.png", "--model", str(hinted_model), "-s", "1.7"])
    (plain,) = widget.viewer.open("other.png", plugin="napari")
    assert "saved this picture" in widget.status.value
    assert not widget.state.go_on.native.isHidden()
    widget.state.go_on.native.click()
    assert not plain.visible
    assert widget.sliders.saturation.value == 1.7
    np.testing.assert_array_equal(widget.image.value.data, PHOTO)
    assert widget.state.go_on.native.isHidden()
    (photo,) = widget.viewer.open("face.png", plugin="napari")
    assert widget.image.value is photo
    assert widget.state.go_on.native.isHidden()


def test_a_picture_of_someone_else_is_read_as_napari_does(
    plugin: PluginManifest, widget: ColorizeWidget, tmp_path: Path
) -> None:
    path = tmp_path / "scan colorized.png"
    Picture.fromarray(PHOTO).save(path)
    (layer,) = widget.viewer.open(path, plugin="napari-colorize")
    assert isinstance(layer, Image)
    np.testing.assert_array_equal(layer.data, PHOTO)
    assert widget.image.value is layer


def test_the_copied_command_makes_the_same_picture(
    napari_itself: None,
    widget: ColorizeWidget,
    finish: Finish,
    qtbot: QtBot,
    hinted_model: Path,
    command: Callable[[list[str]], None],
    tmp_path: Path,
) -> None:
    widget.advanced.folder.value = hinted_model
    widget.viewer.open(tmp_path / "face.png", plugin="napari")
    assert not widget.saving.copy_button.enabled
    finish(widget)
    widget.sliders.temperature.value = 0.25
    widget.sliders.caution.value = 0.4
    hints_for(widget.run).give(Place((), 30, 40), -20, None)
    picture = settle(widget, qtbot, 1)
    widget.saving.copy_button.native.click()
    line = QApplication.clipboard().text()
    assert widget.status.value == "Copied the command to the clipboard."
    program, *words = shlex.split(line)
    assert program == "colorize"
    command(words)
    made = np.asarray(Picture.open("face-color.png"))
    np.testing.assert_array_equal(made, picture)


def test_what_the_command_cannot_do_is_said(
    widget: ColorizeWidget, finish: Finish
) -> None:
    widget.viewer.add_image(np.stack([PHOTO, PHOTO]), name="film")
    widget.advanced.frames.value = "current slice"
    finish(widget)
    QApplication.clipboard().setText("before")
    widget.saving.copy_button.native.click()
    assert QApplication.clipboard().text() == "before"
    assert "colors all frames of a file" in widget.status.value
    widget.advanced.frames.value = "whole stack"
    finish(widget)
    widget.saving.copy_button.native.click()
    assert (
        QApplication.clipboard()
        .text()
        .startswith("colorize PHOTO -o film-color.ome.tif")
    )
