"""HEIC and HEIF, deep AVIF, and the metadata of JPEG 2000."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from colorize_engine import files
from colorize_engine.files.stills import boxes

if TYPE_CHECKING:
    from pathlib import Path

EXTRA = r"napari-colorize\[heic\]"
Y, X = np.mgrid[:64, :96]
PACKET = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


def ramp(bits: int, channels: int = 3) -> np.ndarray:
    top = 2**bits - 1
    values = np.rint(X * (top / 95))
    parts = [values, top - values, np.rint(Y * (top / 63)), top - values]
    dtype = np.uint8 if bits == 8 else np.uint16
    return np.squeeze(np.stack(parts[:channels], axis=-1).astype(dtype))


def heic(path: Path, array: np.ndarray, bits: int = 8, **about: Any) -> Path:
    """Write a HEIC file nearly without loss."""
    heif = pytest.importorskip("pillow_heif")
    mode = {2: "L", 3: "RGB", 4: "RGBA"}[array.shape[2] if array.ndim > 2 else 2]
    if bits > 8:
        mode += ";16"
        array = (array.astype(np.uint32) << (16 - bits)).astype(np.uint16)
        heif.options.SAVE_HDR_TO_12_BIT = bits == 12
    size = array.shape[1], array.shape[0]
    image = heif.from_bytes(mode, size, array.tobytes())
    buffer = io.BytesIO()
    image.save(buffer, quality=100, chroma=444, **about)
    heif.options.SAVE_HDR_TO_12_BIT = False
    path.write_bytes(buffer.getvalue())
    return path


def only(path: Path) -> files.Picture:
    (found,) = files.read(path)
    return found


@pytest.mark.parametrize(
    ("bits", "channels"), [(8, 1), (8, 3), (10, 1), (10, 3), (12, 3)]
)
def test_heic_keeps_its_depth(tmp_path: Path, bits: int, channels: int) -> None:
    path = heic(tmp_path / "x.heic", ramp(bits, channels), bits)
    assert files.measure(path) == (96, 64, 1)
    found = only(path)
    top = 255 if bits == 8 else 65535
    assert found.image.dtype == (np.uint8 if bits == 8 else np.uint16)
    assert found.image.max() == top
    expected = ramp(bits, channels) * (top / (2**bits - 1))
    # Colors are converted to another space and back, and the codec has losses.
    assert np.abs(found.image - expected).mean() <= top / 600
    assert np.abs(found.image - expected).max() <= top / 60
    if bits > 8:
        assert len(np.unique(found.image)) > 256 or channels == 1
        assert (found.image % 257).any()
    assert found.notes == ()


def test_alpha_and_metadata_of_heic_are_kept_and_it_is_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Apple", 6
    about = {"exif": exif.tobytes(), "xmp": PACKET}
    found = only(heic(tmp_path / "x.heic", ramp(8, 4), **about))
    upright = np.rot90(ramp(8, 4), -1).astype(int)
    assert np.abs(found.image - upright[..., :3]).max() <= 4
    assert np.abs(found.alpha - upright[..., 3]).max() <= 4
    assert found.metadata.exif.main[0x010F].data == b"Apple\0"
    assert found.metadata.xmp == PACKET


def test_a_profile_of_heic_counts(tmp_path: Path) -> None:
    profile = imagecodecs.cms_profile(
        "rgb",
        whitepoint=[0.3127, 0.329, 1],
        primaries=[0.68, 0.32, 1, 0.265, 0.69, 1, 0.15, 0.06, 1],
        gamma=2.2,
    )
    heif = pytest.importorskip("pillow_heif")
    image = heif.from_pillow(Image.fromarray(ramp(8)))
    image.info["icc_profile"] = profile
    image.save(tmp_path / "x.heic", quality=100, chroma=444)
    Image.fromarray(ramp(8)).save(tmp_path / "x.png", icc_profile=profile)
    found, expected = only(tmp_path / "x.heic"), only(tmp_path / "x.png")
    assert found.image.ndim == 2
    assert np.abs(found.image.astype(int) - expected.image).max() <= 4


def test_of_several_pictures_only_the_main_one_with_a_note(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    image = heif.from_pillow(Image.fromarray(ramp(8)))
    image.add_from_pillow(Image.fromarray(255 - ramp(8)))
    image.save(tmp_path / "x.heic", quality=100, chroma=444)
    found = only(tmp_path / "x.heic")
    assert np.abs(found.image.astype(int) - ramp(8)).max() <= 4
    assert found.notes == ("it holds 2 pictures: only the first is colored",)


def test_without_the_extra_one_line_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = heic(tmp_path / "x.heic", ramp(8))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    for act in (files.read, files.measure):
        with pytest.raises(files.FileError, match=EXTRA):
            act(path)


def test_a_damaged_or_huge_one_is_one_clear_error(tmp_path: Path) -> None:
    path = heic(tmp_path / "x.heic", ramp(8))
    with pytest.raises(files.TooLarge):
        files.read(path, max_pixels=6143)
    whole = path.read_bytes()
    for share in (0.1, 0.5, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(files.FileError, match="damaged"):
            files.read(path)


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("channels", [3, 4])
def test_avif_keeps_its_depth(tmp_path: Path, bits: int, channels: int) -> None:
    array = ramp(bits, channels)
    encoded = imagecodecs.avif_encode(array, level=100, bitspersample=bits)
    (tmp_path / "x.avif").write_bytes(encoded)
    found = only(tmp_path / "x.avif")
    top = 255 if bits == 8 else 65535
    assert found.image.dtype == (np.uint8 if bits == 8 else np.uint16)
    expected = array * (top / (2**bits - 1))
    assert np.abs(found.image - expected[..., :3]).max() <= 0.5
    if channels == 4:
        assert np.abs(found.alpha - expected[..., 3]).max() <= 0.5
    assert found.notes == ()


def test_metadata_of_jpeg_2000_are_read(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Kodak"
    caption = b"\x1c\x02\x78\0\3Sea"
    identified = {
        b"JpgTiffExif->JP2": exif.tobytes().removeprefix(b"Exif\0\0"),
        bytes.fromhex("be7acfcb97a942e89c71999491e3afac"): PACKET,
        bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"): caption,
    }
    Image.fromarray(ramp(8)).save(tmp_path / "x.jp2")
    parts = boxes.split((tmp_path / "x.jp2").read_bytes())
    parts[3:3] = [(b"uuid", name + data) for name, data in identified.items()]
    (tmp_path / "x.jp2").write_bytes(b"".join(boxes.box(*part) for part in parts))
    metadata = only(tmp_path / "x.jp2").metadata
    assert metadata.exif.main[0x010F].data == b"Kodak\0"
    assert metadata.xmp == PACKET
    assert metadata.iptc == caption
