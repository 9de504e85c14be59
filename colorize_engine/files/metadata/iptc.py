"""IPTC captions (IIM 4.2): where Photoshop puts them, and what they are in XMP."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from colorize_engine.files.metadata.xmp import Property

if TYPE_CHECKING:
    from collections.abc import Iterator

# Tags of TIFF files: IPTC itself, and Photoshop's resources, which hold it too.
TAG, RESOURCES_TAG = 0x83BB, 0x8649
RESOURCE, _SIGNATURE = 0x0404, b"8BIM"
_MARKER = b"\x1c"
# Data sets of record 2 and their properties (IPTC Photo Metadata Standard, table of
# mappings): name, and the form of the value.
_PROPERTIES = {
    **{5: ("dc:title", "Alt"), 10: ("photoshop:Urgency", "")},
    **{15: ("photoshop:Category", ""), 20: ("photoshop:SupplementalCategories", "Bag")},
    **{25: ("dc:subject", "Bag"), 40: ("photoshop:Instructions", "")},
    **{55: ("photoshop:DateCreated", ""), 80: ("dc:creator", "Seq")},
    **{85: ("photoshop:AuthorsPosition", ""), 90: ("photoshop:City", "")},
    **{92: ("Iptc4xmpCore:Location", ""), 95: ("photoshop:State", "")},
    **{100: ("Iptc4xmpCore:CountryCode", ""), 101: ("photoshop:Country", "")},
    **{103: ("photoshop:TransmissionReference", ""), 105: ("photoshop:Headline", "")},
    **{110: ("photoshop:Credit", ""), 115: ("photoshop:Source", "")},
    **{116: ("dc:rights", "Alt"), 120: ("dc:description", "Alt")},
    122: ("photoshop:CaptionWriter", ""),
}
_APPLICATION, _DATE, _TIME = 2, 55, 60
# The version of the record, which says nothing about the picture.
_VERSION = 0
# The data set that names the character set, and its value for UTF-8 (ISO 2022).
_CHARACTERS, _UTF_8 = (1, 90), b"\x1b%G"


def from_resources(data: bytes) -> bytes:
    """Return the IPTC data in image resources of Photoshop, empty if there are none."""
    at = 0
    while data[at : at + 4] == _SIGNATURE and len(data) >= at + 12:
        (code,) = struct.unpack_from(">H", data, at + 4)
        # The name is padded to an even number of bytes, its length included.
        at += 6 + (data[at + 6] + 2) // 2 * 2
        size = int.from_bytes(data[at : at + 4], "big")
        content = data[at + 4 : at + 4 + size]
        if code == RESOURCE:
            return content
        at += 4 + size + size % 2
    return b""


def to_resources(iptc: bytes) -> bytes:
    """Return image resources of Photoshop that hold IPTC data."""
    head = _SIGNATURE + struct.pack(">HHI", RESOURCE, 0, len(iptc))
    return head + iptc + bytes(len(iptc) % 2)


def cleaned(data: bytes) -> bytes:
    """Return IPTC data as they stand in a file, empty if they are none.

    Photoshop calls them LONG in TIFF files, and other programs then turn the bytes of
    each.
    """
    if data[3:4] == _MARKER != data[:1]:
        whole = len(data) // 4
        data = struct.pack(f"<{whole}I", *struct.unpack_from(f">{whole}I", data))
    ends = [end for *_, end in _data_sets(data)]
    return data[: ends[-1]] if ends else b""


def properties(iptc: bytes) -> tuple[list[Property], list[str]]:
    """Return IPTC data as properties of XMP, and the data sets that are none.

    Returns
    -------
    (list of Property, list of str)
        The second has numbers as in ``"2:65"``.
    """
    found = list(_data_sets(iptc))
    utf_8 = any(data_set[:3] == (*_CHARACTERS, _UTF_8) for data_set in found)
    values: dict[int, list[str]] = {}
    lost = []
    for record, number, content, _ in found:
        if record == _APPLICATION and number in (*_PROPERTIES, _TIME):
            values.setdefault(number, []).append(decoded(content, utf_8=utf_8))
        elif record == _APPLICATION and number != _VERSION:
            lost.append(f"{record}:{number}")
    values = _with_time(values)
    named = [
        Property(*_PROPERTIES[number], tuple(texts)) for number, texts in values.items()
    ]
    return named, list(dict.fromkeys(lost))


def _data_sets(iptc: bytes) -> Iterator[tuple[int, int, bytes, int]]:
    """Yield record, number, content and end of each data set."""
    at = 0
    while iptc[at : at + 1] == _MARKER and len(iptc) >= at + 5:
        record, number, size = struct.unpack_from(">BBH", iptc, at + 1)
        at += 5
        if size & 0x8000:
            # The length of the length; more than 4 bytes are beyond any file.
            long = min(size & 0x7FFF, 4)
            size = int.from_bytes(iptc[at : at + long], "big")
            at += long
        content = iptc[at : at + size]
        at += size
        yield record, number, content, min(at, len(iptc))


def decoded(content: bytes, *, utf_8: bool = False) -> str:
    """Return text in UTF-8, or in Latin-1 if it is none and does not say so."""
    content = content.strip(b"\0 \r\n")
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("utf-8" if utf_8 else "latin-1", "replace")


def _with_time(values: dict[int, list[str]]) -> dict[int, list[str]]:
    """Return values in which date and time are one, as in ISO 8601."""
    days, times = values.get(_DATE), values.pop(_TIME, None)
    if not days or len(days[0]) != 8:
        return values
    parts = days[0][:4], days[0][4:6], days[0][6:]
    # An unknown month or day is 00.
    day = "-".join(part for part in parts if part.strip("0"))
    time = times[0] if times else ""
    if len(time) >= 6 and len(day) == 10:
        zone = f"{time[6:9]}:{time[9:11]}" if len(time) == 11 else ""
        day += f"T{time[:2]}:{time[2:4]}:{time[4:6]}{zone}"
    return {**values, _DATE: [day]}
