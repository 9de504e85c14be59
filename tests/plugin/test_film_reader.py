"""Films in napari: opened as lazy stacks, and colored as stacks are."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest

pytest.importorskip("av")
pytest.importorskip("imageio_ffmpeg")

import films
from qtpy.QtWidgets import QApplication

from colorize_engine import Colorizer, cli
from colorize_engine.batch.find_photos import FILMS
from colorize_engine.film import FilmStack, kinds
from napari_colorize.film_reader import get_reader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from npe2 import PluginManifest

    from napari_colorize.widget import ColorizeWidget

    Finish = Callable[[ColorizeWidget], None]

SHOTS = films.two_shots(each=3)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Write a gray film of six frames with pixels that are not square."""
    words = ("-c:v", "libx264", *films.GRAY, "-vf", "setsar=4/3")
    return films.make(tmp_path / "film.mp4", SHOTS, *words)


def test_napari_asks_for_all_films(plugin: PluginManifest) -> None:
    _, reader = plugin.contributions.readers
    assert reader.command == "napari-colorize.get_film_reader"
    assert {pattern.removeprefix("*") for pattern in reader.filename_patterns} == FILMS


def test_a_film_opens_as_a_lazy_stack_and_is_colored_whole(
    plugin: PluginManifest,
    widget: ColorizeWidget,
    finish: Finish,
    film: Path,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decoded: list[int] = []
    frame = FilmStack.frame

    def counted(stack: FilmStack, number: int) -> np.ndarray:
        decoded.append(number)
        return frame(stack, number)

    monkeypatch.setattr(FilmStack, "frame", counted)
    viewer = widget.viewer
    (layer,) = viewer.open(film, plugin="napari-colorize")
    assert (layer.name, layer.rgb) == ("film", False)
    assert layer.data.shape == (6, 48, 64)
    assert isinstance(layer.data, da.Array)
    assert layer.contrast_limits == [0, 255]
    np.testing.assert_allclose(layer.scale, (1, 1, 4 / 3))
    # Only what napari shows, at first and in the middle, has been decoded.
    assert len(set(decoded)) <= 2
    finish(widget)
    assert widget.status.value.startswith("Colored 6 frames of 64 x 48 in")
    assert set(decoded) == set(range(6))
    colors = viewer.layers["film colorized"].data
    settings = widget.sliders.settings()
    colorizer = Colorizer.from_folder(tiny_model, "cpu")
    shown = films.played(film)[..., 0]
    for number in (0, 3, 5):
        gray = frame(FilmStack(film), number)
        assert np.abs(gray.astype(int) - shown[number]).mean() < 1
        rgb = colorizer.predict(gray, 32).colorize(*settings.arguments)
        assert np.abs(np.asarray(colors[number]).astype(int) - rgb).max() <= 2
    np.testing.assert_allclose(viewer.layers["film colorized"].scale, (1, 1, 4 / 3))


def test_the_shown_frame_alone_is_colored(
    plugin: PluginManifest, widget: ColorizeWidget, finish: Finish, film: Path
) -> None:
    viewer = widget.viewer
    viewer.open(film, plugin="napari-colorize")
    viewer.dims.set_point(0, 4)
    widget.advanced.frames.value = "current slice"
    finish(widget)
    assert widget.status.value.startswith("Colored 64 x 48")
    assert "film colorized" in viewer.layers


def test_the_copied_command_does_the_same(
    plugin: PluginManifest,
    widget: ColorizeWidget,
    finish: Finish,
    film: Path,
    tmp_path: Path,
) -> None:
    widget.viewer.open(film, plugin="napari-colorize")
    finish(widget)
    widget.saving.copy_button.native.click()
    program, *words = shlex.split(QApplication.clipboard().text())
    assert program == "colorize"
    target = tmp_path / "film-color.mp4"
    assert words[:3] == [str(film), "-o", str(target)]
    with pytest.raises(SystemExit) as stop:
        cli.main(words)
    assert stop.value.code == 0
    made = films.played(target).astype(int)
    shown = np.asarray(widget.viewer.layers["film colorized"].data).astype(int)
    # As far as the codec lets it.
    assert np.abs(made - shown).mean() < 8
    assert "smoothing 0)" in films.metadata(target)


class OthersFilm:
    """What another plugin's reader of films may give: no array, but like one."""

    def __init__(self, frames: np.ndarray) -> None:
        self.frames = frames
        self.shape, self.dtype, self.ndim = frames.shape, frames.dtype, frames.ndim

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, key: Any) -> np.ndarray:
        return self.frames[key]


@pytest.mark.parametrize("color", [False, True])
def test_a_film_of_another_plugin_is_colored_too(
    color: bool, widget: ColorizeWidget, finish: Finish
) -> None:
    frames = np.stack([SHOTS] * 3, axis=-1) if color else SHOTS
    widget.viewer.add_image(
        OthersFilm(frames), rgb=color, name="theirs", contrast_limits=(0, 255)
    )
    finish(widget)
    assert widget.status.value.startswith("Colored 6 frames of 64 x 48 in")
    assert np.asarray(widget.viewer.layers["theirs colorized"].data[5]).std() > 0


def test_a_broken_film_is_said_to_be_one(
    plugin: PluginManifest, widget: ColorizeWidget, tmp_path: Path
) -> None:
    (tmp_path / "broken.mp4").write_bytes(bytes(99))
    with pytest.raises(OSError, match="cannot be read as a film"):
        widget.viewer.open(tmp_path / "broken.mp4", plugin="napari-colorize")


def test_without_the_extra_there_is_no_reader(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert get_reader(str(film)) is not None
    assert get_reader([str(film), str(film)]) is None
    monkeypatch.setattr(kinds, "find_spec", lambda name: None)
    assert get_reader(str(film)) is None
