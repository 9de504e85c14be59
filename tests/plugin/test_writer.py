"""Saving a layer: what a file holds, what it says of itself, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
import tifffile
import zarr
from napari.components import ViewerModel
from napari.layers import Image
from PIL import Image as Pillow

from colorize_engine import files
from colorize_engine.batch import Settings
from colorize_engine.colorizer import Colorizer
from colorize_engine.files import mark_of
from colorize_engine.files.stills import png
from napari_colorize import writer

if TYPE_CHECKING:
    from pathlib import Path

    from npe2 import PluginManifest

RECORD = {
    "source": "cells",
    "model": "tiny",
    "version": "0",
    "hash": "0123456789ab",
    "temperature": 0.25,
    "rebalance": -0.5,
    "saturation": 1.2,
    "working_size": 32,
    "software": "napari-colorize 0.1.0",
}
SENTENCE = (
    "Color computed by napari-colorize 0.1.0 (model tiny 0 0123456789ab; temperature "
    "0.25; rebalance -0.5; saturation 1.2; working size 32)"
)
BINS = [-40.0, 0.0, 40.0]
KEEPS = {
    "numpy": np.asarray,
    "dask": lambda values: da.from_array(values, chunks=(1, *values.shape[1:])),
    "zarr": zarr.array,
}


def layer(data: Any, kind: str = "colorized", **record: object) -> Image:
    """Return a result layer as the plugin adds it."""
    values = {"name": f"cells {kind}", "rgb": kind == "colorized"}
    about = {**RECORD, "kind": kind, **record}
    return Image(
        data,
        contrast_limits=None if values["rgb"] else (0, 1),
        metadata={"napari-colorize": about},
        **values,
    )


def save(path: Path, of: Image) -> list[str]:
    """Write a layer by the writer, as napari calls it."""
    data, attributes, _ = of.as_layer_data_tuple()
    return writer.write_image(str(path), data, attributes)


def rainbow(*shape: int, dtype: type = np.uint8) -> Any:
    """Return random colors (..., 3)."""
    values = np.random.default_rng(4).random((*shape, 3))
    return values.astype(dtype) if dtype != np.uint8 else np.uint8(values * 255)


@pytest.mark.parametrize("suffix", ["png", "tif", "tiff", "webp", "jxl"])
def test_8_bit_colors_are_stored_to_the_bit(tmp_path: Path, suffix: str) -> None:
    pixels, path = rainbow(20, 30), tmp_path / f"out.{suffix}"
    assert save(path, layer(pixels)) == [str(path)]
    (picture,) = files.read(path)
    np.testing.assert_array_equal(picture.image, pixels)


def test_jpeg_is_as_good_as_jpeg_can_be(tmp_path: Path) -> None:
    pixels = np.full((32, 32, 3), (200, 100, 30), np.uint8)
    save(tmp_path / "out.jpg", layer(pixels))
    (picture,) = files.read(tmp_path / "out.jpg")
    assert np.abs(picture.image.astype(int) - pixels).max() <= 2


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_floats_are_stored_with_16_bits(
    tmp_path: Path, suffix: str, dtype: type
) -> None:
    pixels, path = rainbow(20, 30, dtype=dtype), tmp_path / f"out.{suffix}"
    save(path, layer(pixels))
    (picture,) = files.read(path)
    assert picture.image.dtype == np.uint16
    np.testing.assert_array_equal(
        picture.image, np.rint(pixels.astype(np.float64) * 65535)
    )


def test_floats_beyond_white_are_cut_off_and_do_not_wrap_around(tmp_path: Path) -> None:
    pixels = np.zeros((4, 4, 3), np.float32)
    pixels[0], pixels[1] = 1.0001, -0.0001
    save(tmp_path / "out.png", layer(pixels))
    (picture,) = files.read(tmp_path / "out.png")
    assert picture.image[0].min() == 65535
    assert picture.image[1].max() == 0


def test_a_format_of_8_bits_takes_floats_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("napari.utils.notifications.show_info", said.append)
    pixels = rainbow(20, 30, dtype=np.float32)
    save(tmp_path / "out.webp", layer(pixels))
    (picture,) = files.read(tmp_path / "out.webp")
    assert np.abs(picture.image / 255 - pixels).max() < 0.6 / 255
    assert said == ["out.webp: 16 bit became 8 bit, as WebP can hold no more"]


def test_transparency_is_kept(tmp_path: Path) -> None:
    pixels = np.dstack((rainbow(9, 8), np.arange(72, dtype=np.uint8).reshape(9, 8)))
    save(tmp_path / "out.png", layer(pixels))
    with Pillow.open(tmp_path / "out.png") as image:
        np.testing.assert_array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("keep", KEEPS)
def test_a_stack_becomes_the_pages_of_a_tiff_file(tmp_path: Path, keep: str) -> None:
    pixels, path = rainbow(2, 3, 20, 30), tmp_path / "out.tif"
    save(path, layer(KEEPS[keep](pixels)))
    pages = [picture.image for picture in files.read(path)]
    np.testing.assert_array_equal(pages, pixels.reshape(6, 20, 30, 3))
    with tifffile.TiffFile(path) as file:
        assert all("ImageLength" in page.tags for page in file.pages)
        assert len(file.pages) == 6


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_a_stack_in_another_format_is_one_clear_error(
    tmp_path: Path, suffix: str
) -> None:
    with pytest.raises(OSError, match=r"3 pictures, which \.\w+ cannot hold.*\.tif"):
        save(tmp_path / f"out.{suffix}", layer(rainbow(3, 20, 30)))
    assert list(tmp_path.iterdir()) == []


def test_a_stack_of_one_picture_fits_into_any_format(tmp_path: Path) -> None:
    pixels = rainbow(1, 20, 30)
    save(tmp_path / "out.png", layer(pixels))
    (picture,) = files.read(tmp_path / "out.png")
    np.testing.assert_array_equal(picture.image, pixels[0])


def test_the_mark_is_that_of_the_command_line(tiny_model: Path) -> None:
    colorizer = Colorizer.from_folder(tiny_model, "cpu")
    settings = Settings(temperature=0.25, saturation=1.2, working_size=48)
    card = colorizer.card
    assert card is not None
    record = {
        **RECORD,
        "version": card.version,
        "hash": card.model_hash,
        "working_size": 48,
    }
    mark = mark_of(card.label, settings.resolved(colorizer), 48)
    assert writer.mark_of({**record, "software": mark.software}) == mark


@pytest.mark.parametrize("suffix", ["png", "tif", "jpg", "webp"])
def test_the_file_says_with_which_settings_it_was_made(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"out.{suffix}"
    save(path, layer(rainbow(20, 30)))
    with Pillow.open(path) as image:
        comment = image.getexif().get_ifd(0x8769)[0x9286]
    assert comment == b"ASCII\0\0\0" + SENTENCE.encode()


def test_png_says_it_in_its_text_too(tmp_path: Path) -> None:
    save(tmp_path / "out.png", layer(rainbow(20, 30)))
    chunks = png.split((tmp_path / "out.png").read_bytes())
    assert any(SENTENCE.encode() in c.data for c in chunks if c.kind == b"iTXt")


def test_region_and_display_range_are_told_where_there_were_any() -> None:
    about = {**RECORD, "region": [1, 2, 30, 40], "display_range": [0.5, 4095]}
    settings = writer.mark_of(about).settings
    assert settings["region"] == "1,2,30,40"
    assert settings["display range"] == "0.5,4095"


def test_a_region_is_told_with_what_it_was_painted_on() -> None:
    shapes = "polygon 1,2 30,2 30.5,40 ellipse 1,1 9,1 9,9 1,9"
    first = {**RECORD, "temperature": 0.9, "hints": "1,2,30,40"}
    second = {**RECORD, "shapes": shapes, "temperature": 0.8, "base": first}
    about = {**RECORD, "shapes": shapes, "base": second}
    settings = dict(
        item.split(" ", 1) for item in writer.mark_of(about).parameters.split("; ")
    )
    assert settings["shapes"] == shapes
    assert settings["temperature"] == f"{RECORD['temperature']:g}"
    base = settings["base"]
    assert base.startswith(f"(model {RECORD['model']} ")
    assert f" / shapes {shapes} / base (model " in base
    assert " / temperature 0.8 / " in base and " / temperature 0.9 / " in base
    assert base.endswith(" / hints 1,2,30,40))")


@pytest.mark.parametrize("keep", KEEPS)
def test_probabilities_become_float_pages_that_name_their_bins(
    tmp_path: Path, keep: str
) -> None:
    shares = np.random.default_rng(5).random((3, 2, 5, 6)).astype(np.float16)
    path = tmp_path / "out.tif"
    of = layer(KEEPS[keep](shares), "a probability", bins=BINS)
    of.axis_labels = ("bins", "t", "y", "x")
    assert save(path, of) == [str(path)]
    with tifffile.TiffFile(path) as file:
        pages = [page.asarray() for page in file.pages]
        texts = [json.loads(page.description) for page in file.pages]
    np.testing.assert_array_equal(pages, shares.reshape(6, 5, 6).astype(np.float32))
    # tifffile takes the shape from the description.
    np.testing.assert_array_equal(tifffile.imread(path), shares.astype(np.float32))
    assert pages[0].dtype == np.float32
    assert [text["center"] for text in texts] == [-40, -40, 0, 0, 40, 40]
    assert [text["index"] for text in texts][:3] == [[0, 0], [0, 1], [1, 0]]
    assert texts[0]["quantity"] == "probability of a* in CIE Lab"
    assert texts[0]["shape"] == [3, 2, 5, 6]
    assert texts[0]["axis_labels"] == ["bins", "t", "y", "x"]
    assert texts[0]["mark"] == SENTENCE
    assert texts[0]["settings"] == {**RECORD, "kind": "a probability", "bins": BINS}


def test_shares_kept_as_integers_become_probabilities_again(tmp_path: Path) -> None:
    shares = np.array([[[0, 51], [102, 255]]], np.uint8)
    path = tmp_path / "out.tif"
    save(path, layer(shares, "b probability", bins=np.array([0.0])))
    np.testing.assert_allclose(tifffile.imread(path), shares / 255, rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "quantity"),
    [
        ("a", "a* in CIE Lab"),
        ("b", "b* in CIE Lab"),
        ("uncertainty", "entropy of a* and b* in bits"),
    ],
)
def test_values_are_stored_as_they_are(
    tmp_path: Path, kind: str, quantity: str
) -> None:
    values = np.random.default_rng(6).normal(0, 40, (5, 6)).astype(np.float32)
    save(tmp_path / "out.tiff", layer(values, kind))
    with tifffile.TiffFile(tmp_path / "out.tiff") as file:
        (page,) = file.pages
        np.testing.assert_array_equal(page.asarray(), values)
        about = json.loads(page.description)
        assert page.software == "napari-colorize 0.1.0"
    assert about["quantity"] == quantity
    assert about["settings"]["temperature"] == 0.25


@pytest.mark.parametrize("kind", ["a", "b probability", "uncertainty"])
def test_values_in_a_format_of_colors_are_one_clear_error(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "out.png"
    path.write_bytes(b"what was there")
    values = np.zeros((1, 5, 6), np.float32)
    with pytest.raises(OSError, match=r"values, not colors.*ends in \.tif"):
        save(path, layer(values, kind, bins=[0.0]))
    assert path.read_bytes() == b"what was there"


def test_a_file_that_napari_asked_about_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out.tif"
    path.write_bytes(b"old")
    save(path, layer(np.ones((5, 6), np.float32), "a"))
    assert tifffile.imread(path).min() == 1


@pytest.mark.parametrize(
    ("data", "kind", "suffix"),
    [
        (rainbow(5, 6), "colorized", ".png"),
        (rainbow(2, 5, 6), "colorized", ".tif"),
        (np.zeros((5, 6), np.float32), "a", ".tif"),
    ],
)
def test_a_name_without_suffix_gets_one_and_replaces_nothing(
    tmp_path: Path, data: Any, kind: str, suffix: str
) -> None:
    target = tmp_path / f"out{suffix}"
    assert save(tmp_path / "out", layer(data, kind)) == [str(target)]
    before = target.read_bytes()
    with pytest.raises(FileExistsError):
        save(tmp_path / "out", layer(data, kind))
    assert target.read_bytes() == before


def test_a_layer_of_someone_else_is_left_to_naparis_own_writer(tmp_path: Path) -> None:
    values = np.arange(30, dtype=np.uint16).reshape(5, 6)
    path = tmp_path / "out.tif"
    assert save(path, Image(values)) == [str(path)]
    np.testing.assert_array_equal(tifffile.imread(path), values)


@pytest.mark.parametrize("suffix", ["webp", "jxl"])
def test_a_layer_of_someone_else_cannot_be_of_a_format_that_napari_lacks(
    tmp_path: Path, suffix: str
) -> None:
    with pytest.raises(OSError, match=r"only layers that Colorize has made"):
        save(tmp_path / f"out.{suffix}", Image(np.zeros((5, 6), np.uint8)))
    assert list(tmp_path.iterdir()) == []


def test_napari_saves_a_layer_by_it(tmp_path: Path, plugin: PluginManifest) -> None:
    viewer, path = ViewerModel(), tmp_path / "out.png"
    viewer.add_layer(layer(rainbow(20, 30)))
    assert viewer.layers.save(str(path), plugin="napari-colorize") == [str(path)]
    assert SENTENCE.encode() in path.read_bytes()


def test_napari_shows_why_it_could_not_be_saved(
    tmp_path: Path, plugin: PluginManifest
) -> None:
    # A ValueError would become "a plugin could not be found to write".
    viewer = ViewerModel()
    viewer.add_layer(layer(rainbow(3, 20, 30)))
    with pytest.raises(OSError, match=r"ends in \.tif"):
        viewer.layers.save(str(tmp_path / "out.png"))


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="gone"):
        save(tmp_path / "gone" / "out.png", layer(rainbow(5, 6)))
