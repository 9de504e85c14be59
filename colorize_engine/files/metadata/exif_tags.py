"""EXIF tags of a colored copy: those it keeps, and the mark of computed color."""

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
# Tags that only TIFF files may hold: the place on a map (GeoTIFF).
ON_MAP = frozenset((0x830E, 0x8482, 0x85D8, 0x87AF, 0x87B0, 0x87B1))
# Tags of the first directory that describe the scene, not the layout of the file:
# names, description, make, model, page, dates, artist, host, rating, copyright, and
# those that Windows writes.
_SCENE = ON_MAP.union(
    (0x010D, _DESCRIPTION, 0x010F, 0x0110, 0x011D, _SOFTWARE, 0x0132, 0x013B, 0x013C),
    (0x4746, 0x4749, 0x8298),
    range(0x9C9B, 0x9CA0),
)
_MAX_DPI = 1e6
# Interoperability (it may say "Adobe RGB") and gamma describe the old pixels.
_STALE = frozenset((0xA005, 0xA500))
# Beginnings of descriptions in which other programs keep the layout of the file.
_STRUCTURAL = (b"ImageJ=", b"<?xml", b"<OME", b'{"shape"', b"SCANIMAGE")


def scene_tags(exif: Exif) -> Exif:
    """Return the tags valid for a colored copy: no layout, thumbnail or orientation."""
    main = {tag: entry for tag, entry in exif.main.items() if tag in _SCENE}
    description = main.get(_DESCRIPTION)
    if description is not None and description.data.startswith(_STRUCTURAL):
        del main[_DESCRIPTION]
    camera = {tag: entry for tag, entry in exif.camera.items() if tag not in _STALE}
    return replace(exif, main=main, camera=camera)


def orientation(exif: Exif) -> int | None:
    """Return the orientation (1..8), None if it is missing or has another value."""
    value = integer(exif.main, ORIENTATION, exif.order)
    return value if value in range(1, 9) else None


def resolution(exif: Exif) -> tuple[float, float] | None:
    """Return pixels per inch along x and y; None if missing or declared without a unit.

    A million or more counts as missing: no format stores it, and no scanner has it.
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
        if values[-1] >= _MAX_DPI:
            return None
    return values[0], values[1]


def marked(
    exif: Exif,
    mark: Mark | None,
    shape: tuple[int, int],
    dpi: tuple[float, float] | None,
) -> Exif:
    """Return the EXIF of an output of shape (H, W): upright, sRGB, with the mark.

    The mark is appended to the user comment, and its program to the name of the
    program that made the source.
    """
    main = {**exif.main, ORIENTATION: exif.short(1)}
    camera = {**exif.camera, _COLOR_SPACE: exif.short(1)}
    camera[_HEIGHT], camera[_WIDTH] = (exif.long(side) for side in shape)
    if dpi is not None:
        main[_X_RESOLUTION], main[_Y_RESOLUTION] = map(exif.rational, dpi)
        main[_RESOLUTION_UNIT] = exif.short(2)
    exif = replace(exif, main=main, camera=camera)
    if mark is None:
        return exif
    main[_SOFTWARE] = _software(main.get(_SOFTWARE), mark.software.encode())
    return commented(exif, mark.text) or exif


def commented(exif: Exif, text: str) -> Exif | None:
    """Return EXIF data with text added to the user comment.

    Return None if the character code of the comment is unknown.
    """
    comment = _comment(exif.camera.get(_USER_COMMENT), text, exif.order)
    if comment is None:
        return None
    return replace(exif, camera={**exif.camera, _USER_COMMENT: comment})


def without_map(exif: Exif) -> Exif:
    """Return EXIF data without the place on a map (GeoTIFF)."""
    main = {tag: entry for tag, entry in exif.main.items() if tag not in ON_MAP}
    return replace(exif, main=main)


def pack_within(exif: Exif, limit: int) -> tuple[bytes, bool]:
    """Return an EXIF block of at most `limit` bytes, and whether tags were left out.

    The maker's note is left out first, then the camera, place and main tags in this
    order, each time the largest first.
    """
    cut = False
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
    """Return the user comment with `text` added, None if its character code is unknown.

    The first eight bytes name the character code (Exif 3.0, 4.6.6).
    """
    code, old = b"ASCII\0\0\0", b""
    # Padding alone counts as no comment; some cameras pad with spaces.
    if before is not None and before.data[8:].strip(b"\0 "):
        code, old = before.data[:8], before.data[8:]
    wide = "utf-16-le" if order == "<" else "utf-16-be"
    if code in (b"ASCII\0\0\0", bytes(8)):
        old = old.strip(b"\0 ")
        if not text.isascii():
            code, old = b"UNICODE\0", old.decode("latin-1").encode(wide)
    if code == b"UNICODE\0":
        # Cut to whole characters.
        old = old[: len(old) // 2 * 2]
        joined = old + ("\n" * bool(old) + text).encode(wide, "replace")
    elif code in (b"ASCII\0\0\0", bytes(8)):
        joined = old + b"\n" * bool(old) + text.encode()
    else:
        return None
    return Entry(UNDEFINED, len(code + joined), code + joined)
