"""Raw files of cameras and film scanners, which LibRaw develops."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import sensors
import tifffile

from colorize_engine import files

if TYPE_CHECKING:
    from pathlib import Path

EXTRA = r"napari-colorize\[raw\]"
KINDS = ["mosaic", "gray", "rgb"]
# How files of other cameras begin.
OTHERS = {
    "x.raf": b"FUJIFILMCCD-RAW 0201",
    "x.cr3": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
    "x.rw2": b"IIU\0\x18\0\0\0",
    "x.orf": b"IIRO\x08\0\0\0",
    "x.x3f": b"FOVb\0\0\2\0",
}


@pytest.fixture
def without_rawpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the extra be missing."""
    monkeypatch.setitem(sys.modules, "rawpy", None)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("order", "<>")
def test_light_is_encoded_as_srgb(
    tmp_path: Path, kind: str, preview: bool, order: str
) -> None:
    pytest.importorskip("rawpy")
    path = tmp_path / "x.dng"
    sensors.write_dng(path, kind, preview=preview, order=order)
    assert files.measure(path) == (96, 64, 1)
    (picture,) = files.read(path)
    assert picture.image.dtype == np.uint16
    assert picture.notes == ()
    assert picture.metadata.exif.main[0x010F].data == b"Test\0"
    image = picture.image.astype(float)
    gray = image if image.ndim == 2 else image[..., 1]
    # Between the points of a mosaic, edges blur, and the frame is guessed.
    inner = np.s_[20:-4, 4:-4] if kind == "mosaic" else np.s_[:, :]
    expected = sensors.encoded(sensors.light())
    assert np.abs(gray - expected)[inner].max() < (200 if kind == "mosaic" else 30)
    # Edges in a mosaic have fringes.
    assert not picture.has_color or picture.is_toned


@pytest.mark.parametrize(("orientation", "turns"), [(3, 2), (6, -1), (8, 1)])
def test_it_is_turned_upright(tmp_path: Path, orientation: int, turns: int) -> None:
    pytest.importorskip("rawpy")
    sensors.write_dng(tmp_path / "x.dng", "gray")
    sensors.write_dng(tmp_path / "y.dng", "gray", orientation=orientation)
    (straight,), (turned,) = map(files.read, (tmp_path / "x.dng", tmp_path / "y.dng"))
    np.testing.assert_array_equal(turned.image, np.rot90(straight.image, turns))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["x.dng", "x.tif"])
@pytest.mark.usefixtures("without_rawpy")
def test_without_the_extra_one_line_names_it(
    tmp_path: Path, kind: str, name: str
) -> None:
    sensors.write_dng(tmp_path / name, kind)
    for act in (files.read, files.measure):
        with pytest.raises(files.FileError, match=EXTRA):
            act(tmp_path / name)


@pytest.mark.parametrize("name", OTHERS)
def test_files_of_all_cameras_are_known(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    path.write_bytes(OTHERS[name].ljust(4000, b"\0"))
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "rawpy", None)
        with pytest.raises(files.FileError, match=EXTRA):
            files.read(path)
    pytest.importorskip("rawpy")
    with pytest.raises(files.FileError, match="LibRaw"):
        files.read(path)


@pytest.mark.parametrize("name", ["x.arw", "x.cr2"])
@pytest.mark.usefixtures("without_rawpy")
def test_a_preview_that_is_not_marked_is_not_taken_for_the_picture(
    tmp_path: Path, name: str
) -> None:
    tifffile.imwrite(tmp_path / name, sensors.PREVIEW, metadata=None)
    with pytest.raises(files.FileError, match=EXTRA):
        files.read(tmp_path / name)
    # Canon's files say by their beginning what they are, under any name.
    data = bytearray((tmp_path / name).read_bytes())
    start = int.from_bytes(data[4:8], "little")
    moved = data[:4] + (start + 8).to_bytes(4, "little") + b"CR\2\0\0\0\0\0" + data[8:]
    (tmp_path / "x.tif").write_bytes(moved)
    with pytest.raises(files.FileError, match=EXTRA):
        files.read(tmp_path / "x.tif")


def test_a_damaged_or_huge_one_is_one_clear_error(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    path = tmp_path / "x.dng"
    sensors.write_dng(path, shape=(200, 300))
    with pytest.raises(files.TooLarge):
        files.read(path, max_pixels=59_999)
    assert len(files.read(path, max_pixels=60_000)) == 1
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(files.FileError, match="damaged"):
        files.read(path)
