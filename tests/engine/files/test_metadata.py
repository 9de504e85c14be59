"""EXIF, XMP, PNG text and resolution: kept, reset where stale, marked."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from colorize_engine import files
from colorize_engine.files.metadata import Exif, xmp
from colorize_engine.files.metadata import exif as codec
from colorize_engine.files.metadata.exif import Entry

if TYPE_CHECKING:
    from pathlib import Path

GRAY = np.linspace(0, 255, 12 * 17).astype(np.uint8).reshape(12, 17)
COLOR = np.stack([GRAY, GRAY[::-1], 255 - GRAY], axis=-1)
MARK = files.Mark("napari-colorize 1.2", "default 3", {"temperature": 0.38})
SUFFIXES = [".png", ".jpg", ".webp", ".tif"]
DESCRIPTION, MAKE, SOFTWARE, ORIENTATION = 0x010E, 0x010F, 0x0131, 0x0112
COMMENT, EXPOSURE, MAKER_NOTE, WIDTH = 0x9286, 0x829A, 0x927C, 0xA002
PACKET = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
 ><rdf:Description rdf:about="" tiff:Orientation="6" tiff:Make="Leica"><dc:creator>
 <rdf:Seq><rdf:li>Jürgen</rdf:li></rdf:Seq></dc:creator></rdf:Description>
</rdf:RDF></x:xmpmeta>"""


def block(order: str = ">", comment: bytes = b"") -> bytes:
    """Return an EXIF block as a camera writes it, with a thumbnail."""
    exif = Exif(order)
    camera = {
        EXPOSURE: Entry(codec.RATIONAL, 1, struct.pack(order + "II", 1, 125)),
        MAKER_NOTE: Entry(codec.UNDEFINED, 9, b"secret \x00\xff"),
        0xA001: exif.short(65535),
        WIDTH: exif.long(9999),
    }
    if comment:
        camera[COMMENT] = Entry(codec.UNDEFINED, len(comment), comment)
    main = {
        DESCRIPTION: codec.text_entry("Großmutter".encode()),
        MAKE: codec.text_entry(b"Kodak"),
        SOFTWARE: codec.text_entry(b"Scan 7"),
        ORIENTATION: exif.short(3),
    }
    place = {1: codec.text_entry(b"N")}
    data = codec.build(Exif(order, main, camera, place))
    thumbnail = codec.pack_directory({0x0103: exif.short(6)}, len(data), order)
    # The pointer to the next directory stands behind the tags of the first.
    entries = struct.unpack_from(order + "H", data, 8)[0]
    at = 10 + 12 * entries
    return data[:at] + struct.pack(order + "I", len(data)) + data[at + 4 :] + thumbnail


def source(tmp_path: Path, suffix: str, **options: object) -> Path:
    path = tmp_path / f"source{suffix}"
    if suffix == ".jpg" and "exif" in options:
        options["exif"] = b"Exif\0\0" + options["exif"]
    Image.fromarray(GRAY).convert("RGB").save(path, **options)
    return path


def colored(tmp_path: Path, photo: Path, suffix: str) -> tuple[Path, tuple[str, ...]]:
    """Write what was read, in other colors, marked."""
    from dataclasses import replace

    pages = [replace(page, image=COLOR) for page in files.read(photo)]
    target = tmp_path / f"colored{suffix}"
    return target, files.write(target, pages, MARK)


def exif_of(path: Path) -> Exif:
    if path.suffix == ".tif":
        with path.open("rb") as stream:
            head = stream.read(8)
            start = struct.unpack(codec.byte_order(head) + "I", head[4:])[0]
            return codec.read_exif(stream, start, head[:4])
    with Image.open(path) as image:
        return codec.parse(image.info["exif"])


def xmp_of(path: Path) -> bytes:
    if path.suffix == ".tif":
        return exif_of(path).main[0x02BC].data
    with Image.open(path) as image:
        found = image.info.get("xmp") or image.info["XML:com.adobe.xmp"]
    return found if isinstance(found, bytes) else found.encode()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_is_kept_and_what_is_stale_is_reset(
    tmp_path: Path, kind: str, suffix: str, order: str
) -> None:
    photo = source(tmp_path, kind, exif=block(order))
    target, notes = colored(tmp_path, photo, suffix)
    found = exif_of(target)
    assert notes == ()
    assert found.order == order
    assert found.main[DESCRIPTION].data == "Großmutter\0".encode()
    assert found.main[MAKE].data == b"Kodak\0"
    assert found.main[SOFTWARE].data == b"Scan 7; napari-colorize 1.2\0"
    assert found.camera[EXPOSURE].data == struct.pack(order + "II", 1, 125)
    assert found.camera[MAKER_NOTE].data == b"secret \x00\xff"
    assert found.place[1].data == b"N\0"
    assert codec.integer(found.main, ORIENTATION, order) == 1
    assert codec.integer(found.camera, 0xA001, order) == 1
    assert codec.integer(found.camera, WIDTH, order) == 17
    assert MARK.text.encode() in found.camera[COMMENT].data
    with Image.open(target) as image:
        assert not image.getexif().get_ifd(0x0001)  # IFD1, the thumbnail's
        assert image.getexif()[MAKE] == "Kodak"
        assert image.getexif().get_ifd(0x8769)[EXPOSURE] == pytest.approx(1 / 125)
        assert image.size == (17, 12)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_output_is_marked_without_any_metadata_before(
    tmp_path: Path, suffix: str
) -> None:
    target = tmp_path / f"x{suffix}"
    files.write(target, [files.Picture(COLOR)], MARK)
    found = exif_of(target)
    assert b"napari-colorize 1.2" in found.main[SOFTWARE].data
    text = "Color computed by napari-colorize 1.2 (model default 3; temperature 0.38)"
    assert MARK.text == text
    assert found.camera[COMMENT].data == b"ASCII\0\0\0" + text.encode()
    root = ElementTree.fromstring(xmp_of(target))
    kinds = root.findall(
        ".//*[@{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType]"
    )
    assert len(kinds) == 1
    assert xmp.SOURCE_TYPE in kinds[0].attrib.values()
    assert xmp.SOURCE_TYPE.endswith("compositeWithTrainedAlgorithmicMedia")
    assert b"default 3; temperature 0.38" in xmp_of(target)
    if suffix == ".png":
        with Image.open(target) as image:
            assert image.text["Software"] == "napari-colorize 1.2"
            assert image.text["Comment"] == text


def test_tiff_keeps_the_tags_of_a_tiff_and_not_its_layout(tmp_path: Path) -> None:
    extra = [
        (0x0132, 2, 0, b"1931:05:06 07:08:09\0", True),
        (0x830E, 12, 3, struct.pack("<3d", 1, 2, 3), True),
    ]
    tifffile.imwrite(
        tmp_path / "s.tif",
        np.stack([GRAY] * 2),
        imagej=True,
        extratags=extra,
        resolution=(300, 150),
        resolutionunit="CENTIMETER",
    )
    target, _ = colored(tmp_path, tmp_path / "s.tif", ".tif")
    with tifffile.TiffFile(target) as file:
        assert len(file.pages) == 2
        page = file.pages[0]
        assert page.tags.valueof(0x0132) == "1931:05:06 07:08:09"
        assert page.tags.valueof(0x830E) == (1, 2, 3)
        assert DESCRIPTION not in page.tags
        assert 50838 not in page.tags
        assert page.get_resolution(2) == pytest.approx((762, 381))
        assert not file.is_imagej


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", [".png", ".jpg", ".tif"])
def test_resolution_is_kept(tmp_path: Path, kind: str, suffix: str) -> None:
    photo = source(tmp_path, kind, dpi=(600, 300))
    target, _ = colored(tmp_path, photo, suffix)
    found = exif_of(target).main
    for tag, value in ((0x011A, 600), (0x011B, 300)):
        top, bottom = struct.unpack("<II", found[tag].data)
        assert top / bottom == pytest.approx(value, rel=1e-3)
    if suffix != ".webp":
        with Image.open(target) as image:
            assert image.info["dpi"] == pytest.approx((600, 300), rel=1e-3)


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        (b"ASCII\0\0\0At the sea\0\0", b"ASCII\0\0\0At the sea\n" + MARK.text.encode()),
        (bytes(40), b"ASCII\0\0\0" + MARK.text.encode()),
        (
            b"UNICODE\0" + "Ünder".encode("utf-16-be"),
            b"UNICODE\0" + f"Ünder\n{MARK.text}".encode("utf-16-be"),
        ),
        (b"JIS\0\0\0\0\0\x30\x21", b"JIS\0\0\0\0\0\x30\x21"),
    ],
)
def test_a_comment_is_added_to_and_never_lost(
    tmp_path: Path, comment: bytes, expected: bytes
) -> None:
    photo = source(tmp_path, ".jpg", exif=block(comment=comment))
    target, _ = colored(tmp_path, photo, ".jpg")
    assert exif_of(target).camera[COMMENT].data == expected


def test_text_of_a_png_is_kept(tmp_path: Path) -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Title", "Old harbor")
    info.add_itxt("Author", "Jürgen")
    info.add_text("Comment", "first", zip=True)
    photo = source(tmp_path, ".png", pnginfo=info)
    target, _ = colored(tmp_path, photo, ".png")
    with Image.open(target) as image:
        assert image.text["Title"] == "Old harbor"
        assert image.text["Author"] == "Jürgen"
    texts = files.read(target)
    (page,) = texts
    assert ("Comment", MARK.text) in page.metadata.text
    assert b"Comment\0\0\0\0\0first" in target.read_bytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_xmp_is_kept_and_added_to(tmp_path: Path, suffix: str) -> None:
    photo = source(tmp_path, ".webp", xmp=PACKET.encode())
    (page,) = files.read(photo)
    # The XMP says it lies on its side, which nothing else does.
    assert page.image.shape[:2] == (17, 12)
    target, notes = colored(tmp_path, photo, suffix)
    root = ElementTree.fromstring(xmp_of(target).strip(b"\0"))
    assert notes == ()
    names = {name for element in root.iter() for name in element.attrib}
    assert "{http://ns.adobe.com/tiff/1.0/}Make" in names
    assert "{http://ns.adobe.com/tiff/1.0/}Orientation" not in names
    assert "Jürgen" in [element.text for element in root.iter()]
    again = xmp.marked(xmp_of(target), MARK)[0]
    assert again.count(b"softwareAgent>napari") == 2
    assert again.count(xmp.SOURCE_TYPE.encode()) == 1


@pytest.mark.parametrize(
    "packet", [b"<x:xmpmeta", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", b"<html/>"]
)
def test_broken_xmp_is_left_out_with_a_note(tmp_path: Path, packet: bytes) -> None:
    photo = source(tmp_path, ".jpg", xmp=packet)
    target, notes = colored(tmp_path, photo, ".png")
    assert notes == ("its XMP data are broken and were left out",)
    assert xmp.SOURCE_TYPE.encode() in xmp_of(target)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_broken_exif_is_left_out_with_a_note(tmp_path: Path, suffix: str) -> None:
    broken = b"MM\0*\0\0\0\x08\xff\xff" + b"\x77" * 40
    if suffix == ".tif":
        pointer = [(0x876A, 4, 1, 10**6, True)]
        photo = tmp_path / "s.tif"
        tifffile.imwrite(photo, GRAY, extratags=pointer)
        raw = photo.read_bytes()
        photo.write_bytes(raw.replace(b"\x6a\x87\x04\0", b"\x69\x87\x04\0"))
    else:
        photo = source(tmp_path, suffix, exif=broken)
    (page,) = files.read(photo)
    assert page.notes == ("its EXIF data are broken and were left out",)
    np.testing.assert_allclose(page.image.astype(int), GRAY, atol=6)


def test_exif_too_large_for_jpeg_loses_the_makers_note_first(tmp_path: Path) -> None:
    parsed = codec.parse(block())
    note = Entry(codec.UNDEFINED, 70_000, bytes(70_000))
    large = codec.build(Exif(">", parsed.main, {**parsed.camera, MAKER_NOTE: note}))
    photo = source(tmp_path, ".png", exif=large)
    target, notes = colored(tmp_path, photo, ".jpg")
    assert "EXIF" in notes[0]
    assert MAKER_NOTE not in exif_of(target).camera
    assert EXPOSURE in exif_of(target).camera
    kept, notes = colored(tmp_path, photo, ".webp")
    assert notes == ()
    assert len(exif_of(kept).camera[MAKER_NOTE].data) == 70_000


def test_a_pointer_may_be_of_the_type_ifd() -> None:
    data = bytearray(block("<"))
    for at in range(10, 10 + 12 * 6, 12):
        if struct.unpack_from("<H", data, at)[0] in (codec.EXIF_IFD, codec.GPS_IFD):
            struct.pack_into("<H", data, at + 2, 13)
    parsed = codec.parse(bytes(data))
    assert EXPOSURE in parsed.camera
    assert 1 in parsed.place


def test_places_too_large_for_jpeg_go_as_well(tmp_path: Path) -> None:
    parsed = codec.parse(block())
    track = Entry(codec.UNDEFINED, 70_000, bytes(70_000))
    large = codec.build(Exif(">", parsed.main, parsed.camera, {1: track}))
    _, notes = colored(tmp_path, source(tmp_path, ".png", exif=large), ".jpg")
    assert "EXIF" in notes[0]


entries = st.builds(
    lambda kind, data: Entry(kind, len(data), data),
    st.sampled_from([1, codec.ASCII, codec.UNDEFINED]),
    st.binary(min_size=1, max_size=12),
)
tags = st.integers(1, 0x7FFF)


@given(
    st.sampled_from("<>"),
    st.dictionaries(tags, entries, max_size=6),
    st.dictionaries(tags, entries, max_size=6),
    st.dictionaries(tags, entries, max_size=6),
)
def test_blocks_survive_a_round_trip(
    order: str,
    main: dict[int, Entry],
    camera: dict[int, Entry],
    place: dict[int, Entry],
) -> None:
    exif = codec.parse(codec.build(Exif(order, main, camera, place)))
    pointers = {codec.EXIF_IFD, codec.GPS_IFD}
    found = {tag: entry for tag, entry in exif.main.items() if tag not in pointers}
    assert (exif.order, found, exif.camera, exif.place) == (order, main, camera, place)


@given(st.binary(max_size=60))
def test_parsing_garbage_gives_only_value_errors(data: bytes) -> None:
    for head in (b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        try:
            codec.parse(head + data)
        except ValueError as error:
            assert str(error)
