"""Saved pictures that are taken up again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage import data

from colorize_engine import Colorizer
from colorize_engine.batch import recall
from colorize_engine.cli import command as cli
from colorize_engine.color import lightness

if TYPE_CHECKING:
    from collections.abc import Callable

    Color = Callable[..., Path]

PHOTO = data.camera()[100:196, 180:308]


@pytest.fixture
def color(hinted_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Color:
    """Color a file by the command."""
    monkeypatch.chdir(tmp_path)

    def call(photo: str, output: str, *words: str) -> Path:
        with pytest.raises(SystemExit) as stop:
            cli.main([photo, "-o", output, "--model", str(hinted_model), *words])
        assert stop.value.code == 0
        return tmp_path / output

    return call


@pytest.mark.parametrize("words", [[], ["--range", "30,200"]])
def test_with_the_photo_beside_it_the_picture_is_made_again(
    color: Color, hinted_model: Path, words: list[str]
) -> None:
    Image.fromarray(PHOTO).save("face.png")
    hint = ["--hint", "40,30,#c03020", "-s", "1.5"]
    found = recall(color("face.png", "face-color.jpg", *hint, *words))
    assert found is not None
    assert found.photo == Path.cwd() / "face.png"
    (page,), edit = found.sources, found.edit
    prediction = Colorizer.from_folder(hinted_model).predict(
        page, edit.working_size, hints=edit.hints
    )
    again = prediction.colorize(*edit.decoding.arguments)
    color("face.png", "exact.png", *hint, *words)
    np.testing.assert_array_equal(again, np.asarray(Image.open("exact.png")))


def test_without_the_photo_it_is_the_gray_of_the_same_lightness(color: Color) -> None:
    for name, values in (("a", PHOTO), ("b", PHOTO * np.uint16(257))):
        Image.fromarray(values).save(f"{name}.png")
        saved = color(f"{name}.png", f"{name}-color.tif")
        Path(f"{name}.png").unlink()
        found = recall(saved)
        assert found is not None
        assert found.photo is None
        (gray,) = found.sources
        assert gray.dtype == values.dtype
        assert gray.ndim == 2
        assert np.abs(lightness(gray) - lightness(values)).max() < 0.6
        np.testing.assert_array_equal(
            found.pictures[0].image, tifffile.imread(saved)[..., :3]
        )


def test_a_file_of_the_same_name_with_other_bytes_is_not_the_photo(
    color: Color,
) -> None:
    Image.fromarray(PHOTO).save("face.png")
    saved = color("face.png", "face-color.png")
    Image.fromarray(PHOTO[::-1].copy()).save("face.png")
    found = recall(saved)
    assert found is not None
    assert found.photo is None


def test_pages_come_back_as_pages(color: Color) -> None:
    tifffile.imwrite("film.tif", np.stack([PHOTO, PHOTO[::-1]]))
    found = recall(color("film.tif", "film-color.tif"))
    assert found is not None
    np.testing.assert_array_equal(found.sources[1], PHOTO[::-1])
    assert len(found.pictures) == 2


def test_other_pictures_are_not_ours(color: Color) -> None:
    Image.fromarray(PHOTO).save("face.png")
    assert recall(Path("face.png")) is None
    with pytest.raises(FileNotFoundError):
        recall(Path("missing.png"))
