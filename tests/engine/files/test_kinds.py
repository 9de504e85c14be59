"""Kinds of files: rare JPEG is read, what is known but not read is named."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from colorize_engine import files
from colorize_engine.batch.find_photos import photo_suffixes
from colorize_engine.files.formats import UNREAD

if TYPE_CHECKING:
    from pathlib import Path

Y, X = np.mgrid[:48, :64]


def ramp(bits: int, channels: int = 1) -> np.ndarray:
    top = 2**bits - 1
    values = np.rint(X * (top / 63))
    array = np.stack([values, top - values, values[:, ::-1]][:channels], axis=-1)
    return np.squeeze(array.astype(np.uint8 if bits <= 8 else np.uint16))


def only(path: Path) -> files.Picture:
    (found,) = files.read(path)
    return found


def lossy(bits: int, channels: int) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(ramp(bits, channels), 98, bitspersample=bits))


def lossless(bits: int, channels: int) -> bytes:
    options = {"lossless": True, "bitspersample": bits}
    return bytes(imagecodecs.jpeg8_encode(ramp(bits, channels), **options))


def jpeg_ls(bits: int, channels: int) -> bytes:
    return bytes(imagecodecs.jpegls_encode(ramp(bits, channels)))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("make", "bits", "exact"),
    [
        (lossy, 12, False),
        (lossless, 12, True),
        (lossless, 16, True),
        (jpeg_ls, 8, True),
        (jpeg_ls, 16, True),
    ],
)
def test_jpeg_of_rare_kinds_is_read(
    tmp_path: Path, make: Any, bits: int, exact: bool, channels: int
) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(make(bits, channels))
    assert files.measure(path) == (64, 48, 1)
    found = only(path)
    top = 255 if bits == 8 else 65535
    assert found.image.dtype == (np.uint8 if bits == 8 else np.uint16)
    expected = ramp(bits, channels) * (top / (2**bits - 1))
    error = np.abs(found.image - expected)
    assert error.max() <= 0.5 if exact else error.mean() < top / 150
    assert found.notes == ()
    with pytest.raises(files.TooLarge):
        files.read(path, max_pixels=3071)


@pytest.mark.parametrize("make", [lossy, lossless, jpeg_ls])
def test_what_they_say_beside_their_pixels_is_kept(tmp_path: Path, make: Any) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Agfa", 6
    buffer = io.BytesIO()
    Image.fromarray(ramp(8)).save(buffer, "JPEG", exif=exif, comment="am Hafen")
    head = buffer.getvalue()
    segments = head[2 : head.index(b"\xff\xdb")]
    data = make(16 if make is jpeg_ls else 12, 1)
    (tmp_path / "x.jpg").write_bytes(data[:2] + segments + data[2:])
    found = only(tmp_path / "x.jpg")
    assert found.image.shape == (64, 48)
    assert found.metadata.exif.main[0x010F].data == b"Agfa\0"
    assert found.metadata.comment == "am Hafen"


@pytest.mark.parametrize("make", [lossy, lossless, jpeg_ls])
def test_truncated_ones_are_damaged(tmp_path: Path, make: Any) -> None:
    data = make(12 if make is not jpeg_ls else 16, 3)
    for share in (0.2, 0.5, 0.9):
        (tmp_path / "x.jpg").write_bytes(data[: int(len(data) * share)])
        with pytest.raises(files.FileError, match="damaged"):
            files.read(tmp_path / "x.jpg")


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("x", "y")
    return buffer.getvalue()


# How files of each kind begin, as their own programs write them.
KNOWN = {
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "PostScript (EPS)": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "SVG": b'<?xml version="1.0"?>\n<!-- Inkscape -->\n<svg width="9">',
    "WMF or EMF": b"\1\0\0\0" + struct.pack("<I", 108) + bytes(32) + b" EMF",
    "GIMP (XCF)": b"gimp xcf v011\0",
    "Photoshop (PSB)": b"8BPS\0\2" + bytes(20),
    "OpenEXR": b"\x76\x2f\x31\x01\2\0\0\0",
    "Radiance (HDR)": bytes(imagecodecs.rgbe_encode(np.ones((9, 9, 3), np.float32))),
    "DPX": b"SDPX" + bytes(60),
    "JPEG XR": bytes(imagecodecs.jpegxr_encode(ramp(8))),
    "BPG": b"BPG\xfb\0\0",
    "DjVu": b"AT&TFORM\0\0\1\0DJVU",
    "DICOM": bytes(128) + b"DICM\2\0\0\0UL",
    "Zeiss CZI": b"ZISRAWFILE\0\0",
    "Nikon ND2": b"\xda\xce\xbe\x0a\0\0",
    "Leica LIF": b"\x70\0\0\0\x20\0\0\0\x2a\x10\0\0\0",
    "HDF5 (as of Imaris)": b"\x89HDF\r\n\x1a\n\0\0",
    "GRIB or BUFR": b"GRIB\0\0\0\2",
    "a film": b"\0\0\0\x20ftypisom\0\0\2\0isomiso2mp41",
    "an archive": archive(),
}


def test_every_known_kind_is_tried_below() -> None:
    assert KNOWN.keys() == {kind.name for kind in UNREAD}


@pytest.mark.parametrize("kind", UNREAD, ids=lambda kind: kind.name)
def test_a_known_kind_is_named_with_what_helps(tmp_path: Path, kind: Any) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(KNOWN[kind.name].ljust(3000, b"\0"))
    for act in (files.read, files.measure):
        with pytest.raises(files.FileError) as error:
            act(path)
        assert str(error.value) == (
            f"it is {kind.name}, which cannot be read here; {kind.help}"
        )
    assert set(kind.suffixes) <= photo_suffixes()


def test_other_films_are_named_too(tmp_path: Path) -> None:
    for beginning in (b"\x1a\x45\xdf\xa3\1\0", b"RIFF\0\1\0\0AVI LIST"):
        (tmp_path / "x").write_bytes(beginning.ljust(100, b"\0"))
        with pytest.raises(files.FileError, match="a film"):
            files.read(tmp_path / "x")


def test_a_kind_that_a_decoder_lacks_is_not_only_damaged(tmp_path: Path) -> None:
    header = struct.pack("<2sIHHI", b"BM", 60, 0, 0, 54)
    about = struct.pack("<IiiHHIIiiII", 40, 1, 1, 1, 24, 9, 4, 0, 0, 0, 0)
    (tmp_path / "x.bmp").write_bytes(header + about + bytes(6))
    with pytest.raises(files.FileError, match="or of a kind that cannot be read here"):
        files.read(tmp_path / "x.bmp")
