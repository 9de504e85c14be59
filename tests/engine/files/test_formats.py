"""The table of formats, against files that other programs' libraries have written."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest
import sensors
import tifffile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from colorize_engine import files
from colorize_engine.files.formats import (
    ALPHA,
    COMMENT,
    EXIF,
    IPTC,
    MAP,
    PROFILE,
    READ,
    RESOLUTION,
    TEXT,
    WRITTEN,
    XMP,
    Format,
    named,
)
from colorize_engine.files.metadata import exif as codec
from colorize_engine.files.stills import boxes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Y, X = np.mgrid[:16, :24]
RGB = np.dstack([X * 10, Y * 15, 120 + 0 * X]).astype(np.uint8)
RGBA = np.dstack([RGB, 255 - X * 3]).astype(np.uint8)
PACKET = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
CAPTION = b"\x1c\x02\x78\0\3Sea"
IRB = b"8BIM\4\4\0\0\0\0\0\x08" + CAPTION
ADOBE = imagecodecs.cms_profile(
    "rgb",
    whitepoint=[0.3127, 0.329, 1],
    primaries=[0.64, 0.33, 1, 0.21, 0.71, 1, 0.15, 0.06, 1],
    gamma=2.2,
)
MAP_TAG = 0x87AF


def exif(*, resolution: bool = True) -> bytes:
    found = Image.Exif()
    found[0x010F] = "Kodak"
    if resolution:
        found[0x011A], found[0x011B], found[0x0128] = 300.0, 300.0, 2
    return found.tobytes()


ABOUT: dict[str, Any] = {"exif": exif(), "xmp": PACKET, "icc_profile": ADOBE}


def png(path: Path) -> None:
    info = PngInfo()
    info.add_text("Comment", "am Hafen")
    info.add_text("Title", "Harbor")
    info.add_itxt("XML:com.adobe.xmp", PACKET.decode())
    info.add_text("Raw profile type iptc", f"\niptc\n      20\n{IRB.hex()}\n")
    options = {"exif": exif(), "icc_profile": ADOBE, "dpi": (300, 300)}
    Image.fromarray(RGBA).save(path, pnginfo=info, **options)


def jpeg(path: Path) -> None:
    data = b"Photoshop 3.0\0" + IRB
    extra = b"\xff\xed" + struct.pack(">H", len(data) + 2) + data
    Image.fromarray(RGB).save(
        path, comment="am Hafen", extra=extra, dpi=(300, 300), **ABOUT
    )


def tags() -> list[tuple[int, int, int, Any, bool]]:
    return [
        (0x010F, 2, 0, "Kodak", True),
        (0x02BC, 1, len(PACKET), PACKET, True),
        (0x83BB, 7, len(CAPTION), CAPTION, True),
        (MAP_TAG, 3, 4, (1, 1, 0, 0), True),
    ]


def tiff(path: Path) -> None:
    tifffile.imwrite(
        path,
        np.stack([RGBA, RGBA]),
        photometric="rgb",
        extrasamples=["unassalpha"],
        resolution=(300, 300),
        resolutionunit="INCH",
        iccprofile=ADOBE,
        extratags=tags(),
        metadata=None,
    )


def webp(path: Path) -> None:
    Image.fromarray(RGBA).save(path, lossless=True, **ABOUT)


def jxl(path: Path) -> None:
    block = exif().removeprefix(b"Exif\0\0")
    stream = bytes(imagecodecs.jpegxl_encode(RGBA, lossless=True))
    head = b"\0\0\0\x0cJXL \r\n\x87\n" + boxes.box(b"ftyp", b"jxl \0\0\0\0jxl ")
    parts = [(b"Exif", bytes(4) + block), (b"xml ", PACKET), (b"jxlc", stream)]
    path.write_bytes(head + b"".join(boxes.box(*part) for part in parts))


def heic(path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    image = heif.from_pillow(Image.fromarray(RGBA))
    image.info["icc_profile"] = ADOBE
    image.save(path, quality=95, exif=exif(), xmp=PACKET)


def avif(path: Path) -> None:
    Image.fromarray(RGBA).save(path, quality=95, **ABOUT)


def jp2(path: Path) -> None:
    Image.fromarray(RGBA).save(path, comment=b"am Hafen")
    identified = {
        b"JpgTiffExif->JP2": exif().removeprefix(b"Exif\0\0"),
        bytes.fromhex("be7acfcb97a942e89c71999491e3afac"): PACKET,
        bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"): CAPTION,
    }
    parts = []
    for kind, data in boxes.split(path.read_bytes()):
        if kind == b"jp2h":
            inner = [
                (name, b"\2\0\0" + ADOBE if name == b"colr" else content)
                for name, content in boxes.split(data)
            ]
            data = b"".join(boxes.box(*part) for part in inner)
        parts.append((kind, data))
    parts[3:3] = [(b"uuid", name + data) for name, data in identified.items()]
    path.write_bytes(b"".join(boxes.box(*part) for part in parts))


def gif(path: Path) -> None:
    frames = [Image.fromarray(255 - RGB[..., 0])]
    Image.fromarray(RGB[..., 0]).save(
        path, comment="am Hafen", transparency=50, save_all=True, append_images=frames
    )


def bmp(path: Path) -> None:
    Image.fromarray(RGBA).save(path, dpi=(300, 300))


def psd(path: Path) -> None:
    height, width = RGB.shape[:2]
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, height, width, 8, 3)
    resolution = struct.pack(">IHHIHH", 300 << 16, 1, 1, 300 << 16, 1, 1)
    block = exif(resolution=False).removeprefix(b"Exif\0\0")
    resources = b""
    for code, data in (
        *((0x03ED, resolution), (0x0404, CAPTION), (0x040F, ADOBE)),
        *((0x0422, block), (0x0424, PACKET)),
    ):
        resources += b"8BIM" + struct.pack(">HHI", code, 0, len(data)) + data
        resources += bytes(len(data) % 2)
    parts = [bytes(4), struct.pack(">I", len(resources)), resources, bytes(4), b"\0\0"]
    pixels = np.moveaxis(RGB, -1, 0).tobytes()
    path.write_bytes(head + b"".join(parts) + pixels)


def dng(path: Path) -> None:
    pytest.importorskip("rawpy")
    sensors.write_dng(path, "rgb", more=tags()[1:3])


def pnm(path: Path) -> None:
    Image.fromarray(RGB).save(path)


def tga(path: Path) -> None:
    frames = [Image.fromarray(255 - RGB)]
    Image.fromarray(RGBA).save(path)
    Image.fromarray(RGB).save(path.with_suffix(".mpo"), append_images=frames)


MAKERS: dict[str, Callable[[Path], None]] = {
    **{"PNG": png, "JPEG": jpeg, "TIFF": tiff, "WebP": webp, "JPEG XL": jxl},
    **{"HEIC, HEIF": heic, "AVIF": avif, "JPEG 2000": jp2, "GIF": gif, "BMP": bmp},
    **{"Photoshop": psd, "raw files of cameras and scanners": dng},
    **{"Netpbm (PGM, PPM)": pnm, "TGA, SGI, PCX, QOI, DDS and others of Pillow": tga},
}


def found_in(picture: files.Picture) -> set[str]:
    """Return what a picture has beside its pixels."""
    meta = picture.metadata
    keywords = {keyword for keyword, _ in meta.text}
    there = {
        EXIF: 0x010F in meta.exif.main,
        XMP: meta.xmp == PACKET,
        IPTC: meta.iptc == CAPTION,
        COMMENT: "am Hafen" in meta.comment or "Comment" in keywords,
        TEXT: "Title" in keywords,
        MAP: MAP_TAG in meta.exif.main,
        # Of colors in another space the lightness is used.
        PROFILE: picture.image.ndim == 2 and picture.has_color,
        RESOLUTION: meta.dpi is not None and abs(meta.dpi[0] - 300) < 0.1,
        ALPHA: picture.alpha is not None and int(np.ptp(picture.alpha)) > 0,
    }
    return {kind for kind, is_there in there.items() if is_there}


def test_every_format_is_tried_below() -> None:
    assert MAKERS.keys() == {kind.name for kind in READ}


@pytest.mark.parametrize("kind", READ, ids=lambda kind: kind.name)
def test_the_table_says_what_is_read(tmp_path: Path, kind: Format) -> None:
    path = tmp_path / f"x{(*kind.suffixes, '.tga')[0]}"
    MAKERS[kind.name](path)
    pages = list(files.read(path))
    assert found_in(pages[0]) == set(kind.reads)
    assert len(pages) == (2 if kind.pictures == "all" else 1)


DEEP = {"uint8": 255, "uint16": 65535, "float32": 1.0}


@pytest.mark.parametrize("kind", WRITTEN, ids=lambda kind: kind.name)
def test_the_table_says_what_is_written(tmp_path: Path, kind: Format) -> None:
    assert {MAP} == set(named("TIFF").holds) - set(named("JPEG").holds)
    camera = codec.Exif(
        main={0x010F: codec.text_entry(b"Kodak"), MAP_TAG: codec.Entry(3, 4, bytes(8))}
    )
    metadata = files.Metadata(
        camera,
        PACKET,
        (("Title", "Harbor"),),
        CAPTION,
        "am Hafen",
        (300.0, 300.0),
    )
    picture = files.Picture(RGB, RGBA[..., 3], metadata)
    path = tmp_path / f"x{kind.suffixes[0]}"
    notes = files.write(path, [picture])
    lost = [what for what in ("GeoTIFF", "transparency") if what in str(notes)]
    expected = [] if MAP in kind.holds else ["GeoTIFF"]
    assert lost == expected + ([] if kind.alpha else ["transparency"])
    assert len(notes) == len(lost)
    (back,) = files.read(path)
    kept = found_in(replace(back, metadata=replace(back.metadata, xmp=PACKET)))
    own = {k for k, where in kind.holds.items() if where not in (XMP, EXIF)}
    assert own | {RESOLUTION} <= kept
    assert (ALPHA in kept) == kind.alpha
    for what, words in ((IPTC, b"Sea"), (TEXT, b"Harbor"), (XMP, b"xmpmeta")):
        if kind.holds[what] == XMP or what == XMP:
            assert words in back.metadata.xmp, what
    if kind.holds[COMMENT] == EXIF:
        assert b"am Hafen" in back.metadata.exif.camera[0x9286].data


@pytest.mark.parametrize("kind", WRITTEN, ids=lambda kind: kind.name)
@pytest.mark.parametrize("dtype", DEEP)
def test_the_table_says_how_deep(tmp_path: Path, kind: Format, dtype: str) -> None:
    image = (RGB / 255 * DEEP[dtype]).astype(dtype)
    path = tmp_path / f"x{kind.suffixes[0]}"
    notes = files.write(path, [files.Picture(image)])
    (back,) = files.read(path)
    assert (back.image.dtype == dtype) == (dtype in kind.types) == (not notes)
    pages = [files.Picture(image)] * 2
    again = tmp_path / f"y{kind.suffixes[0]}"
    if kind.pages:
        files.write(again, pages)
        assert len(files.read(again)) == 2
    else:
        with pytest.raises(files.FileError, match="more than one picture"):
            files.write(again, pages)


def test_suffixes_lead_to_one_format_each() -> None:
    suffixes = [suffix for kind in READ for suffix in (*kind.suffixes, *kind.more)]
    assert len(suffixes) == len(set(suffixes))
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in suffixes)
