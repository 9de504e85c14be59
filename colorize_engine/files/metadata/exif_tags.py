"""Which EXIF tags a colored copy keeps, and how it is marked as computed color."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from colorize_engine.files.metadata.exif import (
    RATIONAL,
    UNDEFINED,
    Entry,
    Exif,
    build,
    integer,
    text_entry,
)

if TYPE_CHECKING:
    from colorize_engine.files.mark import Mark
    from colorize_engine.files.metadata.exif import Directory

ORIENTATION, XMP_PACKET = 0x0112, 0x02BC
_DESCRIPTION, _SOFTWARE = 0x010E, 0x0131
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 0x011A, 0x011B, 0x0128
_USER_COMMENT, _MAKER_NOTE = 0x9286, 0x927C
_COLOR_SPACE, _WIDTH, _HEIGHT = 0xA001, 0xA002, 0xA003
# Only a TIFF file may hold these: IPTC captions and the place on a map (GeoTIFF).
TIFF_ONLY = frozenset((0x83BB, 0x830E, 0x8482, 0x85D8, 0x87AF, 0x87B0, 0x87B1))
# Tags of the first directory that tell of the scene, not of the layout of the file:
# names, description, make, model, page, dates, artist, host, rating, copyright, and
# those that Windows writes.
_SCENE = TIFF_ONLY.union(
    (0x010D, _DESCRIPTION, 0x010F, 0x0110, 0x011D, _SOFTWARE, 0x0132, 0x013B, 0x013C),
    (0x4746, 0x4749, 0x8298),
    range(0x9C9B, 0x9CA0),
)
_MOST_AN_INCH = 1e6
# Interoperability (it may say "Adobe RGB") and gamma tell of the old pixels.
_STALE = frozenset((0xA005, 0xA500))
# Other programs keep the layout of the old file in its description.
_STRUCTURAL = (b"ImageJ=", b"<?xml", b"<OME", b'{"shape"', b"SCANIMAGE")


def scene_tags(exif: Exif) -> Exif:
    """Return what holds for a colored copy: no layout, thumbnail or orientation."""
    main = {tag: entry for tag, entry in exif.main.items() if tag in _SCENE}
    description = main.get(_DESCRIPTION)
    if description is not None and description.data.startswith(_STRUCTURAL):
        del main[_DESCRIPTION]
    camera = {tag: entry for tag, entry in exif.camera.items() if tag not in _STALE}
    return replace(exif, main=main, camera=camera)


def orientation(exif: Exif) -> int | None:
    """Return 1..8, None if the tag is missing or holds another value."""
    value = integer(exif.main, ORIENTATION, exif.order)
    return value if value in range(1, 9) else None


def resolution(exif: Exif) -> tuple[float, float] | None:
    """Return pixels an inch along x and y; None if not told, or told without a unit.

    A million and more is none: no format holds it, and no scanner has it.
    """
    unit = integer(exif.main, _RESOLUTION_UNIT, exif.order)
    inch = {None: 1.0, 2: 1.0, 3: 2.54}.get(unit)
    values = []
    for tag in (_X_RESOLUTION, _Y_RESOLUTION):
        entry = exif.main.get(tag)
        if inch is None or entry is None or entry.kind != RATIONAL:
            return None
        top, bottom = struct.unpack_from(exif.order + "II", entry.data)
        if not top or not bottom:
            return None
        values.append(inch * top / bottom)
        if values[-1] >= _MOST_AN_INCH:
            return None
    return values[0], values[1]


def marked(
    exif: Exif,
    mark: Mark | None,
    shape: tuple[int, int],
    dpi: tuple[float, float] | None,
) -> Exif:
    """Return the EXIF of a written picture of a shape (H, W): upright, sRGB, marked.

    The mark stands in the user comment, after what stood there, and its program
    after the name of the program that made the source.
    """
    main = {**exif.main, ORIENTATION: exif.short(1)}
    camera = {**exif.camera, _COLOR_SPACE: exif.short(1)}
    camera[_HEIGHT], camera[_WIDTH] = (exif.long(side) for side in shape)
    if dpi is not None:
        main[_X_RESOLUTION], main[_Y_RESOLUTION] = map(exif.rational, dpi)
        main[_RESOLUTION_UNIT] = exif.short(2)
    if mark is not None:
        main[_SOFTWARE] = _software(main.get(_SOFTWARE), mark.software.encode())
        comment = _comment(camera.get(_USER_COMMENT), mark.text, exif.order)
        if comment is not None:
            camera[_USER_COMMENT] = comment
    return replace(exif, main=main, camera=camera)


def pack_within(exif: Exif, limit: int) -> tuple[bytes, bool]:
    """Return an EXIF block of at most `limit` bytes, and whether tags were left out.

    What does not fit goes in the order of size, the maker's note first of all.
    """
    main = {tag: entry for tag, entry in exif.main.items() if tag not in TIFF_ONLY}
    exif, cut = replace(exif, main=main), False
    while len(data := build(exif)) > limit:
        name = next(n for n in ("camera", "place", "main") if getattr(exif, n))
        directory: Directory = getattr(exif, name)
        largest = max(directory, key=lambda tag: _bulk(directory, tag))
        rest = {tag: entry for tag, entry in directory.items() if tag != largest}
        parts: dict[str, Any] = {name: rest}
        exif, cut = replace(exif, **parts), True
    return data, cut


def _bulk(directory: Directory, tag: int) -> float:
    return float("inf") if tag == _MAKER_NOTE else len(directory[tag].data)


def _software(before: Entry | None, software: bytes) -> Entry:
    old = before.data.strip(b"\0 ") if before is not None else b""
    if software in old:
        return text_entry(old)
    return text_entry(b"; ".join(part for part in (old, software) if part))


def _comment(before: Entry | None, text: str, order: str) -> Entry | None:
    """Return the user comment with `text` added, None if the old one's code is unknown.

    Its first eight bytes name the code (Exif 3.0, 4.6.6).
    """
    code, old = b"ASCII\0\0\0", b""
    if before is not None and before.data[8:].strip(b"\0 "):
        code, old = before.data[:8], before.data[8:]
    if code == b"UNICODE\0":
        # Cut to whole characters; padded with spaces by some cameras.
        joined = old[: len(old) // 2 * 2] + f"\n{text}".encode(
            "utf-16-le" if order == "<" else "utf-16-be"
        )
    elif code in (b"ASCII\0\0\0", bytes(8)):
        old = old.strip(b"\0 ")
        joined = old + b"\n" * bool(old) + text.encode()
    else:
        return None
    return Entry(UNDEFINED, len(code + joined), code + joined)
