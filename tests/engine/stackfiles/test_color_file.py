"""Stack files: what is read, what is written, and that nothing is half-written."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

pytest.importorskip("dask.array")
zarr = pytest.importorskip("zarr")

import stand_ins  # noqa: E402

from colorize_engine import files  # noqa: E402
from colorize_engine.files import (  # noqa: E402
    FileError,
    temporary_name,
)
from colorize_engine.stackfiles import (  # noqa: E402
    StackSettings,
    color_stack_file,
    is_stack_target,
    open_stack,
)
from colorize_engine.stackfiles.tiff_pages import close_files  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from colorize_engine import Colorizer

SIZES = {"X": (0.2, "µm"), "Y": (0.25, "µm"), "Z": (1.5, "µm"), "T": (0.5, "s")}
OME = {
    "PhysicalSizeX": 0.2,
    "PhysicalSizeXUnit": "µm",
    "PhysicalSizeY": 0.25,
    "PhysicalSizeYUnit": "µm",
    "PhysicalSizeZ": 1.5,
    "PhysicalSizeZUnit": "µm",
    "TimeIncrement": 0.5,
    "TimeIncrementUnit": "s",
}


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close what a test leaves open, so that nothing warns of it elsewhere."""
    yield
    close_files()


def film(*shape: int, dtype: Any = np.uint8) -> np.ndarray:
    """Make frames that differ."""
    values = np.random.default_rng(5).random(shape)
    top = 1 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    return (values * top).astype(dtype)


def write_ngff(folder: Path, data: np.ndarray, axes: str, version: str) -> None:
    """Write an OME-Zarr of two levels, without the code under test."""
    kinds = {"t": "time", "c": "channel"}
    units = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}
    steps = {axis.lower(): step for axis, (step, _) in SIZES.items()}
    described: list[dict[str, str]] = []
    for axis in axes:
        described.append({"name": axis, "type": kinds.get(axis, "space")})
        if axis in units:
            described[-1]["unit"] = units[axis]
    scale = [steps.get(axis, 1.0) for axis in axes]
    levels = [
        {
            "path": path,
            "coordinateTransformations": [{"type": "scale", "scale": scale}],
        }
        for path in ("full", "half")
    ]
    image = {"axes": described, "datasets": levels, "version": version}
    group = zarr.open_group(
        str(folder), mode="w", zarr_format=2 if version == "0.4" else 3
    )
    if version == "0.4":
        group.attrs["multiscales"] = [image]
    else:
        group.attrs["ome"] = {"version": version, "multiscales": [image]}
    for path, values in (("full", data), ("half", data[..., ::2, ::2])):
        group.create_array(path, data=values)


def expected(frame: np.ndarray, **settings: Any) -> np.ndarray:
    return stand_ins.make().predict(frame).colorize(**settings)


# -- what is read


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_ome_tiff_is_read_page_by_page(tmp_path: Path, compression: str | None) -> None:
    data, path = film(3, 2, 2, 16, 20, dtype=np.uint16), tmp_path / "in.ome.tif"
    tifffile.imwrite(
        path, data, ome=True, metadata={"axes": "TZCYX", **OME}, compression=compression
    )
    opened = open_stack(path, channel=1)
    assert opened.axes == "TZ"
    assert not opened.rgb
    assert opened.frames.dtype == np.uint16
    assert opened.frames.chunks == ((1, 1, 1), (1, 1), (16,), (20,))
    assert opened.steps == SIZES
    np.testing.assert_array_equal(opened.frames.compute(), data[:, :, 1])
    np.testing.assert_array_equal(opened.read((2, 1)), data[2, 1, 1])


def test_imagej_hyperstack(tmp_path: Path) -> None:
    data, path = film(4, 3, 16, 20), tmp_path / "in.tif"
    tifffile.imwrite(
        path,
        data,
        imagej=True,
        resolution=(5.0, 4.0),
        metadata={"axes": "TZYX", "unit": "um", "spacing": 1.5, "finterval": 0.5},
    )
    opened = open_stack(path)
    assert opened.axes == "TZ"
    assert opened.steps == SIZES
    np.testing.assert_array_equal(opened.frames.compute(), data)


@pytest.mark.parametrize("kind", ["gray", "rgb", "rgba", "white is zero"])
def test_pages_of_a_plain_tiff_are_time(tmp_path: Path, kind: str) -> None:
    data = film(4, 16, 20, *{"rgb": (3,), "rgba": (4,)}.get(kind, ()))
    path = tmp_path / "in.tif"
    with tifffile.TiffWriter(path) as writer:
        for page in data:
            writer.write(
                page,
                photometric="rgb" if "rgb" in kind else "minisblack",
                metadata=None,
                contiguous=False,
                extrasamples=["unassalpha"] if kind == "rgba" else None,
            )
    if kind == "white is zero":
        raw = bytearray(path.read_bytes())
        with tifffile.TiffFile(path) as file:
            for place in file.pages:
                raw[place.tags["PhotometricInterpretation"].valueoffset] = 0
        path.write_bytes(raw)
        data = 255 - data
    opened = open_stack(path)
    assert opened.axes == "T"
    assert opened.rgb == ("rgb" in kind)
    np.testing.assert_array_equal(opened.frames.compute(), data)


def test_pages_that_were_written_one_by_one_are_time(tmp_path: Path) -> None:
    data, path = film(5, 16, 20), tmp_path / "in.tif"
    with tifffile.TiffWriter(path) as writer:
        for page in data:
            writer.write(page, contiguous=False)
    opened = open_stack(path)
    assert opened.axes == "T"
    np.testing.assert_array_equal(opened.frames.compute(), data)
    np.testing.assert_array_equal(opened.read((3,)), data[3])
    with tifffile.TiffWriter(path) as writer:
        writer.write(data[0], contiguous=False)
        writer.write(data[1, :8], contiguous=False)
    with pytest.raises(FileError, match="2 separate images"):
        open_stack(path)


@pytest.mark.parametrize("layout", ["between", "first", "above", "of the same size"])
def test_previews_are_no_frames(tmp_path: Path, layout: str) -> None:
    data, path = film(3, 16, 20), tmp_path / "in.tif"
    plain: dict[str, Any] = {"metadata": None, "contiguous": False}
    preview = {"subfiletype": 1, **plain}
    with tifffile.TiffWriter(path) as writer:
        for number, page in enumerate(data):
            small = page if layout == "of the same size" else page[::4, ::4]
            if layout == "above":
                writer.write(small, subifds=1, **preview)
            elif layout != "first" or number == 0:
                writer.write(small, **preview)
            writer.write(page, subfiletype=0, **plain)
    opened = open_stack(path)
    assert opened.axes == "T"
    np.testing.assert_array_equal(opened.frames.compute(), data)
    np.testing.assert_array_equal(opened.read((2,)), data[2])


HYPERSTACKS: dict[str, dict[str, Any]] = {
    "ImageJ": {"imagej": True, "metadata": {"axes": "TCYX"}},
    "ImageJ behind a page": {
        **{"imagej": True, "metadata": {"axes": "TCYX"}},
        "truncate": True,
    },
    "ImageJ compressed": {
        **{"imagej": True, "metadata": {"axes": "TCYX"}},
        "compression": "zlib",
    },
    "OME": {"ome": True, "metadata": {"axes": "TCYX"}},
    "tifffile": {"metadata": {"axes": "TCYX"}},
    "tifffile behind a page": {"metadata": {"axes": "TCYX"}, "truncate": True},
    "plain": {"metadata": None},
}


@pytest.mark.parametrize("kind", HYPERSTACKS)
@pytest.mark.parametrize("share", [0.97, 0.6, 0.2])
@pytest.mark.filterwarnings("ignore")
def test_a_truncated_hyperstack_is_damaged_and_no_smaller_one(
    tmp_path: Path, kind: str, share: float
) -> None:
    data, path = film(6, 2, 40, 50, dtype=np.uint16), tmp_path / "in.tif"
    tifffile.imwrite(path, data, photometric="minisblack", **HYPERSTACKS[kind])
    whole = path.read_bytes()
    channel = None if kind == "plain" else 1
    shape = (12, 40, 50) if kind == "plain" else (6, 40, 50)
    assert open_stack(path, channel=channel).frames.shape == shape
    close_files()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(FileError, match="the file is damaged"):
        open_stack(path, channel=channel)
    # As the pages of a photo neither.
    with pytest.raises(FileError, match="the file is damaged"):
        list(files.read(path))


def test_a_page_taken_out_of_a_hyperstack_is_a_picture(tmp_path: Path) -> None:
    data, path = film(16, 20), tmp_path / "in.tif"
    about = "ImageJ=1.54f\nimages=12\nslices=12\n"
    tifffile.imwrite(path, data, description=about, metadata=None)
    (picture,) = files.read(path)
    np.testing.assert_array_equal(picture.image, data)


def test_axes_without_names_are_time_and_depth(tmp_path: Path) -> None:
    data, path = film(3, 2, 16, 20), tmp_path / "in.tif"
    tifffile.imwrite(path, data, photometric="minisblack")
    opened = open_stack(path)
    assert opened.axes == "TZ"
    np.testing.assert_array_equal(opened.frames.compute(), data)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_ome_zarr_level_0(tmp_path: Path, version: str) -> None:
    data, path = film(3, 2, 2, 16, 20), tmp_path / "in.zarr"
    write_ngff(path, data, "tczyx", version)
    opened = open_stack(path, channel=0)
    assert opened.axes == "TZ"
    assert opened.steps == SIZES
    np.testing.assert_array_equal(opened.frames.compute(), data[:, 0])


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_plain_zarr(tmp_path: Path, zarr_format: Any) -> None:
    data, path = film(3, 2, 16, 20, dtype=np.float32), tmp_path / "in.zarr"
    zarr.create_array(str(path), data=data, zarr_format=zarr_format)
    opened = open_stack(path)
    assert opened.axes == "TZ"
    np.testing.assert_array_equal(opened.frames.compute(), data)


def test_named_axes_of_a_plain_zarr(tmp_path: Path) -> None:
    data, path = film(16, 2, 3, 20), tmp_path / "in.zarr"
    zarr.create_array(
        str(path), data=data, dimension_names=["row", "time", "channel", "x"]
    )
    opened = open_stack(path, rgb=True)
    assert opened.axes == "T"
    assert opened.rgb
    np.testing.assert_array_equal(
        opened.frames.compute(), np.moveaxis(data, 0, 1).transpose(0, 1, 3, 2)
    )


def test_ranges(tmp_path: Path) -> None:
    data, path = film(3, 8, 8, dtype=np.uint16) // 64, tmp_path / "in.tif"
    data[0], data[1, 0, 0], data[2, 0, 0] = 500, 100, 900
    data = np.clip(data, 100, 900)
    tifffile.imwrite(path, data, photometric="minisblack")
    full = open_stack(path).frames.compute()
    np.testing.assert_array_equal(full, data)
    auto = open_stack(path, value_range="auto").frames.compute()
    # One range for all frames: the flat one stays in the middle.
    assert (auto.min(), auto.max()) == (0, 65535)
    assert (auto[0] == round(65535 / 2)).all()
    given = open_stack(path, value_range=(0, 1000)).frames.compute()
    np.testing.assert_array_equal(given, np.rint(data / 1000 * 65535))


# -- what is no stack


def test_channels_and_images_must_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "in.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        for _ in range(2):
            writer.write(film(2, 3, 8, 8), metadata={"axes": "TCYX"})
    with pytest.raises(FileError, match=r"2 separate images; choose one of 0\.\.1"):
        open_stack(path)
    with pytest.raises(FileError, match="no image 2; it holds 2, counted from 0"):
        open_stack(path, series=2)
    with pytest.raises(FileError, match=r"3 channels; choose one of 0\.\.2"):
        open_stack(path, series=1)
    with pytest.raises(FileError, match="no channel 3; it has 3, counted from 0"):
        open_stack(path, series=1, channel=3)
    assert open_stack(path, series=1, channel=2).frames.shape == (2, 8, 8)


@pytest.mark.parametrize(
    ("shape", "axes", "message"),
    [
        ((8, 8), "YX", "a single picture"),
        ((2, 2, 2, 8, 8), "TPZYX", "more than time and depth: 2 along T"),
    ],
)
def test_other_axes(
    tmp_path: Path, shape: tuple[int, ...], axes: str, message: str
) -> None:
    path = tmp_path / "in.tif"
    tifffile.imwrite(
        path, film(*shape), photometric="minisblack", metadata={"axes": axes}
    )
    with pytest.raises(FileError, match=message):
        open_stack(path)


def test_a_photo_of_another_format_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0 and so on")
    with pytest.raises(FileError, match="it is not a TIFF file"):
        open_stack(path)


def test_damaged_files(tmp_path: Path) -> None:
    path = tmp_path / "in.tif"
    path.write_bytes(b"II*\0nonsense")
    with pytest.raises(FileError, match="damaged"):
        open_stack(path)
    tifffile.imwrite(
        path, film(3, 32, 32), photometric="minisblack", compression="zlib"
    )
    with tifffile.TiffFile(path) as file:
        offset = file.pages[1].dataoffsets[0]
    raw = bytearray(path.read_bytes())
    raw[offset : offset + 200] = bytes(200)
    path.write_bytes(raw)
    with pytest.raises(FileError, match="damaged"):
        color_stack_file(path, tmp_path / "out.tif", stand_ins.make)
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(FileError, match="not a readable Zarr folder"):
        open_stack(tmp_path / "empty.zarr")
    with pytest.raises(FileNotFoundError):
        color_stack_file(tmp_path / "none.tif", tmp_path / "out.tif", stand_ins.make)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty.zarr", "in.tif"]


# -- what is written


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_to_ome_tiff(tmp_path: Path, dtype: Any) -> None:
    data = film(3, 2, 16, 20, dtype=dtype)
    source, target = tmp_path / "in.ome.tif", tmp_path / "new" / "out.tif"
    tifffile.imwrite(source, data, ome=True, metadata={"axes": "TZYX", **OME})
    steps: list[tuple[int, int]] = []
    notes = color_stack_file(
        source,
        target,
        stand_ins.make,
        StackSettings(saturation=1.5),
        progress=lambda done, total: steps.append((done, total)),
    )
    assert notes == ()
    assert steps == [(done, 6) for done in range(7)]
    with tifffile.TiffFile(target) as file:
        assert file.is_ome
        assert file.series[0].axes == "TZYXS"
        found = file.asarray()
        image = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]
    assert found.dtype == dtype
    for index in np.ndindex(3, 2):
        np.testing.assert_array_equal(
            found[index], expected(data[index], saturation=1.5)
        )
    assert {name: image["Pixels"][name] for name in OME} == OME
    assert "saturation 1.5; working size 16; smoothing 0" in image["Description"]
    assert open_stack(target).steps == SIZES
    assert [path.name for path in target.parent.iterdir()] == ["out.tif"]


def test_to_ome_zarr_and_back_to_tiff(tmp_path: Path) -> None:
    data, source, target = film(3, 2, 16, 20), tmp_path / "in.zarr", tmp_path / "o.zarr"
    write_ngff(source, data, "tzyx", "0.4")
    color_stack_file(source, target, stand_ins.make)
    group = zarr.open_group(str(target), mode="r")
    about = group.attrs["ome"]
    assert about["version"] == "0.5"
    image = about["multiscales"][0]
    assert [axis["name"] for axis in image["axes"]] == [*"tczyx"]
    assert [axis.get("unit") for axis in image["axes"]] == [
        "second", None, "micrometer", "micrometer", "micrometer",
    ]  # fmt: skip
    assert image["datasets"][0]["coordinateTransformations"] == [
        {"type": "scale", "scale": [0.5, 1.0, 1.5, 0.25, 0.2]}
    ]
    colors = [channel["color"] for channel in about["omero"]["channels"]]
    assert colors == ["FF0000", "00FF00", "0000FF"]
    array = group["0"]
    assert array.chunks == (1, 3, 1, 16, 20)
    for time, depth in np.ndindex(3, 2):
        color = np.moveaxis(array[time, :, depth], 0, -1)
        np.testing.assert_array_equal(color, expected(data[time, depth]))
    assert group.attrs["napari-colorize"]["model"] == "custom"
    again = tmp_path / "again.tif"
    notes = color_stack_file(target, again, stand_ins.make, StackSettings(rgb=True))
    assert notes == ("it is in color; only its lightness was used",)
    assert open_stack(again).steps == SIZES


@pytest.mark.parametrize(
    ("tint", "note"),
    [
        ((1.0, 1.0, 1.0), ()),
        (
            (1.0, 0.8, 0.6),
            ("it has a tone, such as sepia; only its lightness was used",),
        ),
    ],
)
def test_a_film_of_gray_or_of_a_tone_is_not_said_to_be_in_color(
    tmp_path: Path, tint: tuple[float, ...], note: tuple[str, ...]
) -> None:
    gray = np.linspace(0, 255, 3 * 16 * 20).reshape(3, 16, 20, 1)
    data = np.rint(gray * tint).astype(np.uint8)
    tifffile.imwrite(tmp_path / "in.tif", data, photometric="rgb")
    notes = color_stack_file(tmp_path / "in.tif", tmp_path / "out.tif", stand_ins.make)
    assert notes == note


def test_the_range_of_all_frames_is_told(tmp_path: Path) -> None:
    data = film(3, 16, 20, dtype=np.uint16) // 16 + 7
    data[0, 0, 0], data[2, 5, 5] = 3, 4100
    tifffile.imwrite(tmp_path / "in.tif", data, photometric="minisblack")
    settings = StackSettings(value_range="auto")
    notes = color_stack_file(
        tmp_path / "in.tif", tmp_path / "out.tif", stand_ins.make, settings
    )
    assert notes == ("of all frames together, 3 became black and 4100 white",)


def test_alpha_is_kept(tmp_path: Path) -> None:
    data, source = film(2, 16, 20, 4), tmp_path / "in.tif"
    tifffile.imwrite(source, data, photometric="rgb", extrasamples=["unassalpha"])
    for name in ("out.tif", "out.zarr"):
        color_stack_file(source, tmp_path / name, stand_ins.make)
        found = open_stack(tmp_path / name, rgb=True).frames.compute()
        np.testing.assert_array_equal(found[..., 3], data[..., 3])
        np.testing.assert_array_equal(found[1], expected(data[1]))


@pytest.mark.parametrize("make", [stand_ins.make, stand_ins.make_coarse])
@pytest.mark.parametrize("suffix", [".tif", ".zarr"])
def test_smoothing_is_that_of_the_lazy_stack_in_each_series(
    tmp_path: Path, suffix: str, make: Callable[[], Colorizer]
) -> None:
    from colorize_engine import stacks

    # Two scenes in noise, or else each frame would be a cut.
    data = film(2, 16, 20) // 2 + film(4, 2, 16, 20) // 40
    source, target = tmp_path / "in.tif", tmp_path / f"out{suffix}"
    tifffile.imwrite(source, data, photometric="minisblack", metadata={"axes": "TZYX"})
    color_stack_file(source, target, make, StackSettings(smoothing=0.7))
    found = open_stack(target, rgb=True).frames.compute()
    lazy = stacks.predict(data, make, smoothing=0.7).colorize().compute()
    np.testing.assert_array_equal(found, lazy)
    plain = stacks.predict(data, make).colorize().compute()
    np.testing.assert_array_equal(found[0], plain[0])
    assert (found[1:] != plain[1:]).mean() > 0.5
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "in.tif",
        f"out{suffix}",
    ]


@pytest.mark.parametrize("suffix", [".tif", ".zarr"])
def test_nothing_is_overwritten_untold_or_half_written(
    tmp_path: Path, suffix: str
) -> None:
    source, target = tmp_path / "in.tif", tmp_path / f"out{suffix}"
    tifffile.imwrite(source, film(3, 8, 8), photometric="minisblack")

    def stop(done: int, _total: int) -> None:
        assert not target.exists()
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        color_stack_file(source, target, stand_ins.make, progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["in.tif"]
    color_stack_file(source, target, stand_ins.make)
    first = open_stack(target, rgb=True).frames.compute()
    with pytest.raises(FileExistsError):
        color_stack_file(source, target, stand_ins.make, StackSettings(saturation=0))
    np.testing.assert_array_equal(open_stack(target, rgb=True).frames.compute(), first)
    color_stack_file(
        source, target, stand_ins.make, StackSettings(saturation=0), overwrite=True
    )
    gray = open_stack(target, rgb=True).frames.compute()
    assert np.ptp(gray.astype(int), axis=-1).max() <= 1
    assert len([*tmp_path.iterdir()]) == 2


def test_what_a_killed_run_left_beside_the_output_goes(tmp_path: Path) -> None:
    left = tmp_path / temporary_name() / "c"
    left.mkdir(parents=True)
    (left / "0").write_bytes(b"frame")
    source = tmp_path / "in.tif"
    tifffile.imwrite(source, film(2, 8, 8), photometric="minisblack")
    color_stack_file(source, tmp_path / "out.zarr", stand_ins.make)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.tif", "out.zarr"]


def test_a_folder_that_is_taken_meanwhile_stays(tmp_path: Path) -> None:
    source, target = tmp_path / "in.tif", tmp_path / "out.zarr"
    tifffile.imwrite(source, film(2, 8, 8), photometric="minisblack")

    def take(done: int, total: int) -> None:
        if done == total:
            target.mkdir()
            (target / "other").touch()

    with pytest.raises(FileExistsError):
        color_stack_file(source, target, stand_ins.make, progress=take)
    assert [path.name for path in target.iterdir()] == ["other"]
    assert len([*tmp_path.iterdir()]) == 2


@pytest.mark.parametrize("suffix", [".tif", ".zarr"])
@pytest.mark.parametrize("smoothing", [0.0, 0.6])
def test_memory_does_not_grow_with_the_frames(
    tmp_path: Path, suffix: str, smoothing: float
) -> None:
    side = 200

    def peak(count: int) -> int:
        source, target = tmp_path / f"{count}.tif", tmp_path / f"{count}-out{suffix}"
        frames = film(side, side, dtype=np.uint16)
        with tifffile.TiffWriter(source) as writer:
            for number in range(count):
                writer.write(frames + np.uint16(number), contiguous=False)
        tracemalloc.start()
        try:
            color_stack_file(
                source, target, stand_ins.make, StackSettings(smoothing=smoothing)
            )
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(2)
    few, many = peak(4), peak(24)
    # Less than three colored frames of the twenty more.
    assert many - few < 3 * side * side * 3 * 2


def test_targets(tmp_path: Path) -> None:
    source = tmp_path / "in.zarr"
    zarr.create_array(str(source), data=film(2, 8, 8))
    for target in (
        source,
        source / "out.zarr",
        tmp_path / ".." / tmp_path.name / "in.zarr",
    ):
        with pytest.raises(FileError, match="its own input"):
            color_stack_file(source, target, stand_ins.make, overwrite=True)
    with pytest.raises(FileError, match=r"out\.png; choose a name that ends in \.tif"):
        color_stack_file(source, tmp_path / "out.png", stand_ins.make)
    assert is_stack_target("A.ome.TIF")
    assert is_stack_target("a.zarr")
    assert not is_stack_target("zarr")


def test_a_missing_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(FileError, match="need dask; run: pip install"):
        color_stack_file(tmp_path / "in.tif", tmp_path / "out.tif", stand_ins.make)


def test_importing_needs_neither_torch_nor_dask() -> None:
    blocked = "torch", "dask", "zarr", "distributed"
    code = (
        "import sys\n"
        f"for name in {blocked!r}: sys.modules[name] = None\n"
        "import colorize_engine.stacks.lazy, colorize_engine.stackfiles.color_file"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
