"""Axes that a person says, resolution levels of large pictures, and ZIP files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

pytest.importorskip("dask.array")
zarr = pytest.importorskip("zarr")

import stand_ins  # noqa: E402

from colorize_engine.cli import command as cli  # noqa: E402
from colorize_engine.files import AxesError, FileError  # noqa: E402
from colorize_engine.stackfiles import (  # noqa: E402
    StackSettings,
    color_stack_file,
    open_stack,
)
from colorize_engine.stackfiles.pyramid import (  # noqa: E402
    further_levels,
    halved,
    level_shapes,
)
from colorize_engine.stackfiles.tiff_pages import close_files  # noqa: E402


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Work in a folder of the test; close what it leaves open."""
    monkeypatch.chdir(tmp_path)
    yield
    close_files()


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, shape).astype(np.uint8)


# -- axes


@pytest.mark.parametrize("shape", [(5, 32, 40, 2), (5, 32, 40, 3), (32, 40, 3)])
def test_an_array_without_names_is_not_guessed_where_it_may_be_color(
    shape: tuple[int, ...],
) -> None:
    zarr.save_array("film.zarr", noise(*shape))
    with pytest.raises(AxesError, match="its axes have no names"):
        open_stack("film.zarr")


def test_a_person_says_the_axes() -> None:
    film = noise(5, 32, 40, 2)
    zarr.save_array("film.zarr", film)
    opened = open_stack("film.zarr", axes="tyxc", channel=1)
    assert (opened.axes, opened.rgb) == ("T", False)
    np.testing.assert_array_equal(opened.frames, film[..., 1])
    opened = open_stack("film.zarr", axes="CYXZ", channel=0)
    assert opened.axes == "Z"
    np.testing.assert_array_equal(opened.frames, film[0].transpose(2, 0, 1))
    tifffile.imwrite("film.tif", noise(6, 32, 40), photometric="minisblack")
    assert open_stack("film.tif", axes="ZYX").axes == "Z"
    zarr.save_array("color.zarr", noise(5, 32, 40, 3))
    opened = open_stack("color.zarr", axes="TYXS")
    assert (opened.axes, opened.rgb) == ("T", True)


@pytest.mark.parametrize("axes", ["TYX", "TYYC", "TQYX", "TZCS", ""])
def test_axes_that_do_not_fit(axes: str) -> None:
    zarr.save_array("film.zarr", noise(5, 32, 40, 2))
    with pytest.raises(AxesError, match="does not fit its shape"):
        open_stack("film.zarr", axes=axes)
    with pytest.raises(FileError, match="it has 2 samples of color"):
        open_stack("film.zarr", axes="TYXS")


def test_the_command_says_axes_and_asks_for_them(
    tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = noise(3, 32, 40, 2)
    zarr.save_array("film.zarr", film)
    codes = []
    for words in ([], ["--axes", "TYXC", "--channel", "1"]):
        with pytest.raises(SystemExit) as stop:
            cli.main(
                ["film.zarr", "-o", "out.zarr", "--model", str(tiny_model), *words]
            )
        codes.append(stop.value.code)
    assert codes == [1, 0]
    assert "give --axes, such as --axes TYX" in capsys.readouterr().err
    assert zarr.open("out.zarr/0", mode="r").shape == (3, 3, 32, 40)


# -- levels


def test_levels_by_hand() -> None:
    assert level_shapes((2048, 2048)) == [(2048, 2048)]
    assert level_shapes((100, 5001)) == [
        (100, 5001),
        (50, 2501),
        (25, 1251),
        (13, 626),
    ]
    picture = np.array([[[0], [10], [30]], [[20], [30], [50]]], np.uint8)
    np.testing.assert_array_equal(halved(picture)[..., 0], [[15, 40]])
    assert halved(picture.astype(np.uint16)).dtype == np.uint16
    floats = halved(picture.astype(np.float32) / 255)
    np.testing.assert_allclose(floats[..., 0], [[15 / 255, 40 / 255]])


LARGE = (2, 300, 2500)


@pytest.fixture
def large() -> np.ndarray:
    """Write a stack of large frames as a TIFF file."""
    rows = np.linspace(0, 200, LARGE[2]).astype(np.uint8)
    film = np.broadcast_to(rows, LARGE).copy()
    film[1] = film[1, :, ::-1]
    tifffile.imwrite("film.ome.tif", film, metadata={"axes": "TYX"})
    return film


@pytest.mark.parametrize("smoothing", [0, 0.6])
def test_an_ome_tiff_of_large_pictures_has_levels(
    large: np.ndarray, smoothing: float
) -> None:
    settings = StackSettings(working_size=32, smoothing=smoothing)
    color_stack_file("film.ome.tif", "out.ome.tif", stand_ins.make, settings)
    with tifffile.TiffFile("out.ome.tif") as file:
        (series,) = file.series
        assert series.axes == "TYXS"
        shapes = [level.shape for level in series.levels]
        assert shapes == [(2, 300, 2500, 3), (2, 150, 1250, 3), (2, 75, 625, 3)]
        full, *others = [level.asarray() for level in series.levels]
        assert series.keyframe.is_tiled
    for frame, *levels in zip(full, *others, strict=True):
        for level, expected in zip(levels, further_levels(frame), strict=True):
            np.testing.assert_array_equal(level, expected)
    color_stack_file("film.ome.tif", "out.zarr", stand_ins.make, settings)
    found = zarr.open("out.zarr/0", mode="r")[:]
    np.testing.assert_array_equal(np.moveaxis(found, 1, -1), full)
    # Our own reader takes the full pictures.
    assert open_stack("out.ome.tif").frames.shape == full.shape
    assert {path.name for path in Path().iterdir()} == {
        "film.ome.tif",
        "out.ome.tif",
        "out.zarr",
    }


def test_an_ome_zarr_of_large_pictures_has_levels_that_lie_on_each_other(
    large: np.ndarray,
) -> None:
    settings = StackSettings(working_size=32)
    color_stack_file("film.ome.tif", "out.zarr", stand_ins.make, settings)
    group = zarr.open_group("out.zarr", mode="r")
    (image,) = group.attrs["ome"]["multiscales"]
    assert [level["path"] for level in image["datasets"]] == ["0", "1", "2"]
    full = np.moveaxis(group["0"][0], 0, -1)
    for level, expected in zip(
        image["datasets"][1:], further_levels(full), strict=True
    ):
        found = np.moveaxis(group[level["path"]][0], 0, -1)
        np.testing.assert_array_equal(found, expected)
        scale, shift = level["coordinateTransformations"]
        # The centers of the first pixels: 0.5 of the first level, 1.5 of the second.
        assert scale["scale"][-2:] == [2 * s + 1 for s in shift["translation"][-2:]]
    assert max(group["0"].chunks) == 512


# -- ZIP


@pytest.mark.parametrize("name", ["film.zarr.zip", "film.ozx"])
def test_a_zarr_folder_in_a_zip_file_is_read(name: str, tiny_model: Path) -> None:
    film = noise(3, 32, 40)
    with zarr.storage.ZipStore(name, mode="w") as store:
        array = zarr.create_array(
            store, shape=film.shape, chunks=(1, 32, 40), dtype=film.dtype
        )
        array[:] = film
    np.testing.assert_array_equal(open_stack(name).frames, film)
    with pytest.raises(SystemExit) as stop:
        cli.main([name, "-o", "out.zarr", "--model", str(tiny_model)])
    assert stop.value.code == 0
    assert zarr.open("out.zarr/0", mode="r").shape == (3, 3, 32, 40)


def test_a_zip_file_that_is_none_is_said() -> None:
    Path("film.zarr.zip").write_bytes(os.urandom(99))
    with pytest.raises(FileError, match="not a readable Zarr folder"):
        open_stack("film.zarr.zip")


@pytest.mark.parametrize("header", [b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0"])
def test_a_tiff_file_that_ends_in_its_header_is_said(header: bytes) -> None:
    Path("film.tif").write_bytes(header)
    with pytest.raises(FileError, match="ends within its header"):
        open_stack("film.tif")
