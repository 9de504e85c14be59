"""Captions (IPTC), comments and text: kept where a format holds them, else told."""

from __future__ import annotations

import shutil
import struct
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import pytest
import tifffile
from PIL import Image
from PIL.IptcImagePlugin import getiptcinfo
from PIL.PngImagePlugin import PngInfo

from colorize_engine import files
from colorize_engine.files.metadata import exif as codec
from colorize_engine.files.metadata import iptc
from colorize_engine.files.stills.png import split

if TYPE_CHECKING:
    from pathlib import Path

GRAY = np.linspace(0, 255, 12 * 16).astype(np.uint8).reshape(12, 16)
COLOR = np.stack([GRAY, GRAY[::-1], 255 - GRAY], axis=-1)
MARK = files.Mark("napari-colorize 1.2", "default 3", {"temperature": 0.38})
DC = "{http://purl.org/dc/elements/1.1/}"
PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
COMMENT = "Großmutter am Hafen"


def iim(*entries: tuple[int, bytes]) -> bytes:
    """Return IPTC data in UTF-8, as the standard has them (IIM 4.2)."""
    sets = [(1, 90, b"\x1b%G"), (2, 0, b"\0\4"), *((2, *entry) for entry in entries)]
    return b"".join(
        struct.pack(">BBBH", 0x1C, record, number, len(data)) + data
        for record, number, data in sets
    )


CAPTION = iim(
    (5, b"Harbor"),
    (25, b"ships"),
    (25, b"people"),
    (55, b"19310506"),
    (60, b"070809+0100"),
    (80, "Jürgen".encode()),
    (120, "Am Hafen, Möwen".encode()),
)


def resources(data: bytes) -> bytes:
    """Return Photoshop's resources: one with a name, then the caption."""
    other = b"8BIM\x04\x06\x03abc" + struct.pack(">I", 3) + b"xyz\0"
    size = struct.pack(">I", len(data))
    return other + b"8BIM\x04\x04\0\0" + size + data + bytes(len(data) % 2)


def segment(data: bytes) -> bytes:
    content = b"Photoshop 3.0\0" + data
    return b"\xff\xed" + struct.pack(">H", len(content) + 2) + content


def jpeg(path: Path, caption: bytes = CAPTION, comment: str = COMMENT) -> Path:
    options: dict[str, Any] = {"extra": segment(resources(caption)) if caption else b""}
    Image.fromarray(GRAY).save(path, comment=comment.encode(), **options)
    return path


def profile(path: Path, data: bytes) -> Path:
    """Write a PNG as ImageMagick does."""
    digits = data.hex()
    lines = [digits[at : at + 72] for at in range(0, len(digits), 72)]
    info = PngInfo()
    text = "\n".join(["", "iptc", f"{len(data):8}", *lines, ""])
    info.add_text("Raw profile type iptc", text, zip=True)
    Image.fromarray(GRAY).save(path, pnginfo=info)
    return path


def tagged(path: Path, tag: int, kind: int, data: bytes, order: Any = "<") -> Path:
    size = {1: 1, 4: 4, 7: 1}[kind]
    extra = [(tag, kind, len(data) // size, data, True)]
    tifffile.imwrite(path, GRAY, extratags=extra, metadata=None, byteorder=order)
    return path


def photoshop(path: Path, data: bytes) -> Path:
    """Write a PSD file of one gray channel."""
    height, width = GRAY.shape
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 1, height, width, 8, 1)
    block = resources(data)
    parts = [bytes(4), struct.pack(">I", len(block)) + block, bytes(4), b"\0\0"]
    path.write_bytes(head + b"".join(parts) + GRAY.tobytes())
    return path


def colored(photo: Path, suffix: str) -> tuple[Path, tuple[str, ...]]:
    """Write what was read, in other colors, marked."""
    pages = [replace(page, image=COLOR) for page in files.read(photo)]
    assert [page.notes for page in pages] == [()]
    target = photo.with_name(f"colored{suffix}")
    return target, files.write(target, pages, MARK)


def caption_of(path: Path) -> dict[tuple[int, int], Any]:
    """Return the caption in a file as Pillow finds it."""
    with Image.open(path) as image:
        if path.suffix != ".png":
            return getiptcinfo(image) or {}
        name, _, *digits = image.text["Raw profile type iptc"].split()
        assert name == "iptc"
    lone = path.with_name("lone.jpg")
    Image.fromarray(GRAY).save(lone, extra=segment(bytes.fromhex("".join(digits))))
    return caption_of(lone)


def packet_of(path: Path) -> ElementTree.Element:
    with Image.open(path) as image:
        found = image.info.get("xmp") or image.info["XML:com.adobe.xmp"]
    return ElementTree.fromstring(found)


def texts(root: ElementTree.Element, name: str) -> list[str]:
    (element,) = root.iter(name)
    return [text.strip() for text in element.itertext() if text.strip()]


@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".png"])
def test_a_caption_is_kept_as_it_is(tmp_path: Path, suffix: str) -> None:
    photo = jpeg(tmp_path / "x.jpg")
    expected = caption_of(photo)
    assert expected[(2, 25)] == [b"ships", b"people"]
    target, notes = colored(photo, suffix)
    assert notes == ()
    assert caption_of(target) == expected
    again, _ = colored(target.rename(tmp_path / f"again{suffix}"), ".jpg")
    assert caption_of(again) == expected


def test_a_caption_becomes_xmp_where_a_format_has_no_place_for_it(
    tmp_path: Path,
) -> None:
    target, notes = colored(jpeg(tmp_path / "x.jpg"), ".webp")
    root = packet_of(target)
    assert notes == ()
    assert texts(root, f"{DC}title") == ["Harbor"]
    assert texts(root, f"{DC}subject") == ["ships", "people"]
    assert texts(root, f"{DC}creator") == ["Jürgen"]
    assert texts(root, f"{DC}description") == ["Am Hafen, Möwen"]
    date = "1931-05-06T07:08:09+01:00"
    assert texts(root, f"{PHOTOSHOP}DateCreated") == [date]


def test_what_is_no_xmp_is_told(tmp_path: Path) -> None:
    photo = jpeg(tmp_path / "x.jpg", iim((65, b"Scanner"), (120, b"Sea"), (65, b"2")))
    _, notes = colored(photo, ".webp")
    assert notes == ("its IPTC entries 2:65 were left out, as WebP cannot hold them",)


def test_properties_that_are_there_stay(tmp_path: Path) -> None:
    photo = jpeg(tmp_path / "x.jpg")
    (page,) = files.read(photo)
    packet = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        f'<rdf:Description rdf:about="" xmlns:photoshop="{PHOTOSHOP[1:-1]}" '
        f'photoshop:DateCreated="1930"/></rdf:RDF></x:xmpmeta>'
    )
    page = replace(page, metadata=replace(page.metadata, xmp=packet.encode()))
    files.write(tmp_path / "y.webp", [page], MARK)
    root = packet_of(tmp_path / "y.webp")
    name = f"{PHOTOSHOP}DateCreated"
    assert [e.get(name) for e in root.iter() if e.get(name)] == ["1930"]
    assert not list(root.iter(name))
    assert texts(root, f"{DC}title") == ["Harbor"]


PADDED = CAPTION + bytes(-len(CAPTION) % 4)
TURNED = struct.pack(
    f"<{len(PADDED) // 4}I", *struct.unpack(f">{len(PADDED) // 4}I", PADDED)
)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("bytes.tif", lambda p: tagged(p, iptc.TAG, 1, CAPTION)),
        ("undefined.tif", lambda p: tagged(p, iptc.TAG, 7, CAPTION, ">")),
        ("long.tif", lambda p: tagged(p, iptc.TAG, 4, PADDED)),
        ("turned.tif", lambda p: tagged(p, iptc.TAG, 4, TURNED)),
        ("resources.tif", lambda p: tagged(p, 34377, 7, resources(CAPTION))),
        ("resources.png", lambda p: profile(p, resources(CAPTION))),
        ("plain.png", lambda p: profile(p, CAPTION)),
        ("layers.psd", lambda p: photoshop(p, CAPTION)),
    ],
)
def test_a_caption_is_found_wherever_programs_put_it(
    tmp_path: Path, name: str, make: Any
) -> None:
    target, notes = colored(make(tmp_path / name), ".jpg")
    assert notes == ()
    assert caption_of(target) == caption_of(jpeg(tmp_path / "x.jpg"))


def test_broken_captions_are_none(tmp_path: Path) -> None:
    broken = b"8BIM\x04\x04\0\0\xff\xff\xff\xff\x1c\x02"
    for data in (broken, b"8BIM", CAPTION[:7], b"\x1c\x02\x05\xff\xff"):
        path = tmp_path / "x.jpg"
        Image.fromarray(GRAY).save(path, extra=segment(data))
        (page,) = files.read(path)
        assert files.write(tmp_path / "y.webp", [page], MARK, overwrite=True) == ()


def comment_of(path: Path) -> str:
    """Return the comment of a file as other programs find it."""
    with Image.open(path) as image:
        if path.suffix == ".jpg":
            return image.info["comment"].decode()
        if path.suffix == ".png":
            pairs = [p.data for p in split(path.read_bytes()) if p.kind == b"iTXt"]
            found = [p[12:] for p in pairs if p.startswith(b"Comment\0\0\0\0\0")]
            return b"\n".join(found).decode()
        raw = image.getexif().get_ifd(0x8769)[0x9286]
        assert raw.startswith(b"UNICODE\0")
        order = codec.byte_order(image.getexif().tobytes()[6:])
        return raw[8:].decode("utf-16-le" if order == "<" else "utf-16-be")


@pytest.mark.parametrize("kind", ["jpg", "gif"])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_a_comment_is_kept(tmp_path: Path, suffix: str, kind: str) -> None:
    photo = tmp_path / f"x.{kind}"
    Image.fromarray(GRAY).save(photo, comment=COMMENT.encode())
    target, notes = colored(photo, suffix)
    assert notes == ()
    expected = COMMENT if suffix == ".jpg" else f"{COMMENT}\n{MARK.text}"
    assert comment_of(target) == expected


def test_all_comments_of_a_jpeg_are_kept_in_any_letters(tmp_path: Path) -> None:
    two = b"\xff\xfe\0\x06Meer\xff\xfe\0\x05\xfcbe"
    Image.fromarray(GRAY).save(tmp_path / "x.jpg", extra=two)
    target, _ = colored(tmp_path / "x.jpg", ".jpg")
    assert comment_of(target) == "Meer\nübe"


def test_what_is_too_large_for_jpeg_is_told(tmp_path: Path) -> None:
    long = "x" * 70_000
    captions = iim(*((25, b"k" * 60_000) for _ in range(2)))
    tagged(tmp_path / "x.tif", iptc.TAG, 7, captions)
    (page,) = files.read(tmp_path / "x.tif")
    page = replace(page, metadata=replace(page.metadata, comment=long))
    notes = files.write(tmp_path / "y.jpg", [page], MARK)
    assert notes == (
        "its IPTC data were left out, as they are too large for JPEG",
        "its comments were left out, as they are too large for JPEG",
    )


def test_text_of_a_png_becomes_xmp_and_a_comment(tmp_path: Path) -> None:
    info = PngInfo()
    for keyword, value in (
        *(("Title", "Hafen"), ("Author", "Jürgen"), ("Software", "Scan 7")),
        *(("Comment", COMMENT), ("Warning", "nude"), ("Source", "a drawer")),
    ):
        info.add_itxt(keyword, value)
    Image.fromarray(GRAY).save(tmp_path / "x.png", pnginfo=info)
    target, notes = colored(tmp_path / "x.png", ".jpg")
    assert notes == (
        "its PNG texts (Warning, Source) were left out, as JPEG cannot hold them",
    )
    root = packet_of(target)
    assert texts(root, f"{DC}title") == ["Hafen"]
    assert texts(root, f"{DC}creator") == ["Jürgen"]
    assert comment_of(target) == COMMENT


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_a_place_on_a_map_is_told_where_it_is_lost(tmp_path: Path, suffix: str) -> None:
    tagged(tmp_path / "x.tif", 0x87AF, 7, b"\1\0\1\0\0\0\0\0")
    _, notes = colored(tmp_path / "x.tif", suffix)
    assert len(notes) == 1
    assert "coordinates on a map (GeoTIFF)" in notes[0]
    assert colored(tmp_path / "x.tif", ".tif")[1] == ()


def test_how_another_program_developed_a_raw_file_is_dropped(tmp_path: Path) -> None:
    space = "http://ns.adobe.com/camera-raw-settings/1.0/"
    packet = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        f'<rdf:Description rdf:about="" xmlns:crs="{space}" crs:Exposure="+2">'
        f"<crs:ToneCurve>9</crs:ToneCurve></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    Image.fromarray(GRAY).save(tmp_path / "x.jpg", xmp=packet.encode())
    target, _ = colored(tmp_path / "x.jpg", ".jpg")
    names = {n for e in packet_of(target).iter() for n in (e.tag, *e.attrib)}
    assert not [name for name in names if space in name]


@pytest.mark.parametrize("kind", ["avif", "mpo"])
def test_of_several_pictures_only_the_first_with_a_note(
    tmp_path: Path, kind: str
) -> None:
    first, second = Image.fromarray(COLOR), Image.fromarray(255 - COLOR)
    path = tmp_path / f"x.{kind}"
    first.save(path, kind, save_all=True, append_images=[second])
    (page,) = files.read(path)
    assert np.abs(page.image.astype(int) - COLOR).mean() < 20
    (note,) = page.notes
    assert "only the first" in note


def test_xmp_beyond_a_segment_is_told(tmp_path: Path) -> None:
    note = 'xmpNote:HasExtendedXMP="0123"'
    packet = f'<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:xmpNote="n" {note}/>'
    Image.fromarray(GRAY).save(tmp_path / "x.jpg", xmp=packet.encode())
    (page,) = files.read(tmp_path / "x.jpg")
    assert page.notes == ("the part of its XMP data beyond 64 kB was left out",)


@pytest.mark.skipif(not shutil.which("exiftool"), reason="an extra check")
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_exiftool_finds_the_same(tmp_path: Path, suffix: str) -> None:
    target, _ = colored(jpeg(tmp_path / "x.jpg"), suffix)
    done = subprocess.run(
        ["exiftool", "-a", "-s", "-warning", "-all:all", str(target)],
        capture_output=True,
        text=True,
        check=True,
    )
    found = {
        (name.strip(), value.strip())
        for name, _, value in (line.partition(":") for line in done.stdout.splitlines())
    }
    assert not {value for name, value in found if name == "Warning"}
    said = {
        value for name, value in found if name in ("Caption-Abstract", "Description")
    }
    assert said == {"Am Hafen, Möwen"}
    assert ("By-line", "Jürgen") in found or ("Creator", "Jürgen") in found
    comments = {value for name, value in found if name in ("Comment", "UserComment")}
    assert any(value.startswith(COMMENT) for value in comments)
