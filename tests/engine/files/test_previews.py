"""TIFF files with previews: the full picture is read, wherever it lies."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from colorize_engine import files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FULL = np.add.outer(np.arange(40) * 600, np.arange(60) * 700).astype(np.uint16)
SMALL = (FULL[::5, ::5] >> 8).astype(np.uint8)
PREVIEW = np.stack([SMALL, SMALL // 2, SMALL // 4], axis=-1)
MAKE = (0x010F, 2, 0, "Nikon", True)
SIDEWAYS = (0x0112, 3, 1, 6, True)


def in_subdirectory(path: Path, *, pages: int = 1, **options: Any) -> None:
    """Write previews, each with its full picture in a subdirectory, as a NEF file."""
    with tifffile.TiffWriter(path, **options) as file:
        for page in range(pages):
            file.write(
                PREVIEW,
                subfiletype=1,
                subifds=2,
                metadata=None,
                extratags=[MAKE],
                contiguous=False,
            )
            file.write(PREVIEW[::2, ::2], subfiletype=1, metadata=None)
            file.write(FULL + np.uint16(page), subfiletype=0, metadata=None)


def later(path: Path) -> None:
    """Write a preview first and the full picture after it, as scanners do."""
    with tifffile.TiffWriter(path) as file:
        file.write(PREVIEW, subfiletype=1, metadata=None, extratags=[MAKE])
        file.write(FULL, subfiletype=0, metadata=None)


def marked_as_of_old(path: Path) -> None:
    """Mark the preview by the tag before NewSubfileType."""
    with tifffile.TiffWriter(path) as file:
        older = [(255, 3, 1, 2, True), MAKE]
        file.write(PREVIEW, metadata=None, extratags=older)
        file.write(FULL, metadata=None)


def beside_a_mask(path: Path) -> None:
    with tifffile.TiffWriter(path) as file:
        file.write(PREVIEW, subfiletype=1, metadata=None, extratags=[MAKE])
        file.write(FULL > 9, subfiletype=4, metadata=None, photometric=4)
        file.write(FULL, metadata=None)


LAYOUTS: dict[str, Callable[[Path], None]] = {
    "subdirectory": in_subdirectory,
    "subdirectory of big-endian": lambda p: in_subdirectory(p, byteorder=">"),
    "subdirectory of BigTIFF": lambda p: in_subdirectory(p, bigtiff=True),
    "later page": later,
    "marked as of old": marked_as_of_old,
    "beside a mask": beside_a_mask,
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["scan.tif", "scan.nef"])
def test_the_full_picture_is_read_and_not_its_preview(
    tmp_path: Path, layout: str, name: str
) -> None:
    LAYOUTS[layout](tmp_path / name)
    assert files.measure(tmp_path / name) == (60, 40, 1)
    photo = files.read(tmp_path / name)
    assert (len(photo), photo.shape) == (1, FULL.shape)
    (picture,) = photo
    np.testing.assert_array_equal(picture.image, FULL)
    assert not picture.has_color
    # The tags stand with the preview, which comes first.
    assert picture.metadata.exif.main[0x010F].data == b"Nikon\0"


def test_it_is_turned_as_the_preview_says(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "x.tif") as file:
        about = {"extratags": [SIDEWAYS], "metadata": None}
        file.write(PREVIEW, subfiletype=1, subifds=1, **about)
        file.write(FULL, subfiletype=0, metadata=None, resolution=(300, 150))
    (picture,) = files.read(tmp_path / "x.tif")
    np.testing.assert_array_equal(picture.image, np.rot90(FULL, -1))
    assert picture.metadata.dpi == (150, 300)


def test_each_preview_of_several_gives_way(tmp_path: Path) -> None:
    in_subdirectory(tmp_path / "x.tif", pages=3)
    photo = files.read(tmp_path / "x.tif")
    assert len(photo) == 3
    for number, picture in enumerate(photo):
        np.testing.assert_array_equal(picture.image, FULL + number)


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
@pytest.mark.parametrize("mode", ["LAB", "YCbCr"])
def test_pixels_that_only_pillow_reads_in_a_subdirectory(
    tmp_path: Path, mode: str, compression: str | None
) -> None:
    path = tmp_path / "x.tif"
    colors = np.stack([FULL >> 8, FULL >> 9, FULL >> 8], axis=-1).astype(np.uint8)
    options = {"compression": compression} if compression else {}
    Image.fromarray(colors).convert(mode).save(path, **options)
    (expected,) = files.read(path)
    data = bytearray(path.read_bytes())
    (full,) = struct.unpack_from("<I", data, 4)
    # One more directory at the end, which comes first and points to the other.
    start = len(data) + len(data) % 2
    data += bytes(len(data) % 2)
    tags = [
        *((254, 4, 1, 1), (256, 3, 1, 2), (257, 3, 1, 2), (258, 3, 1, 8)),
        *((259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 0), (277, 3, 1, 1)),
        *((278, 3, 1, 2), (279, 4, 1, 4), (330, 4, 1, full)),
    ]
    data += struct.pack("<H", len(tags))
    for tag in tags:
        data += struct.pack("<HHII", *tag)
    data += bytes(4)
    struct.pack_into("<I", data, 4, start)
    path.write_bytes(data)
    (picture,) = files.read(path)
    assert files.measure(path) == (60, 40, 1)
    np.testing.assert_array_equal(picture.image, expected.image)


def test_a_file_of_previews_alone_is_read(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", PREVIEW, subfiletype=1, metadata=None)
    (picture,) = files.read(tmp_path / "x.tif")
    np.testing.assert_array_equal(picture.image, PREVIEW)
