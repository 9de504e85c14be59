"""EXIF blocks, read and built with every tag kept raw: none is lost or changed.

An EXIF block is a small TIFF file (Exif 3.0, CIPA DC-008; TIFF 6.0). Values stay bytes
in the byte order of the block, and a block is built in that order, too, because user
comments and makers' notes depend on it. The same code reads the tags of TIFF and
BigTIFF files.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal, NamedTuple

EXIF_IFD, GPS_IFD = 0x8769, 0x8825
ASCII, SHORT, LONG, RATIONAL, UNDEFINED = 2, 3, 4, 5, 7
# Bytes of one item of each type.
_SIZES = {
    **dict.fromkeys((1, ASCII, 6, UNDEFINED, 129), 1),
    **dict.fromkeys((SHORT, 8), 2),
    **dict.fromkeys((LONG, 9, 11, 13), 4),
    **dict.fromkeys((RATIONAL, 10, 12, 16, 17, 18), 8),
}
# Codes of `struct` for unsigned integers: SHORT, LONG, IFD, LONG8, IFD8.
_NUMBERS = {SHORT: "H", LONG: "I", 13: "I", 16: "Q", 18: "Q"}
_MAX_TAG_BYTES, _MAX_LONG = 1 << 24, (1 << 32) - 1
MAX_TAGS = 4096


class Entry(NamedTuple):
    """One tag: its TIFF type, the number of items, and their bytes."""

    kind: int
    items: int
    data: bytes


Directory = dict[int, Entry]
ByteOrder = Literal["<", ">"]


@dataclass(frozen=True)
class Exif:
    """The directories of an EXIF block.

    Attributes
    ----------
    order : {"<", ">"}
        Byte order of all values: little- or big-endian.
    main, camera, place : dict of int to Entry
        The first directory, the EXIF directory and the GPS directory.
    """

    order: ByteOrder = "<"
    main: Directory = field(default_factory=dict)
    camera: Directory = field(default_factory=dict)
    place: Directory = field(default_factory=dict)

    def short(self, value: int) -> Entry:
        """Return a SHORT tag."""
        return Entry(SHORT, 1, struct.pack(self.order + "H", value))

    def long(self, value: int) -> Entry:
        """Return a LONG tag."""
        return Entry(LONG, 1, struct.pack(self.order + "I", value))

    def rational(self, value: float) -> Entry:
        """Return a RATIONAL tag, exact for integers, else to four decimals.

        Numbers that are too large become the largest RATIONAL.
        """
        bottom = 1 if value == int(value) or value > _MAX_LONG // 10_000 else 10_000
        top = min(round(value * bottom), _MAX_LONG)
        return Entry(RATIONAL, 1, struct.pack(self.order + "II", top, bottom))


def text_entry(text: bytes) -> Entry:
    """Return an ASCII tag; `text` has no closing zero."""
    return Entry(ASCII, len(text) + 1, text + b"\0")


def integer(directory: Directory, tag: int, order: str) -> int | None:
    """Return the first value of a tag of unsigned integers, None if there is none.

    The types IFD and IFD8, which pointers to directories may have, count as well.
    """
    entry = directory.get(tag)
    if entry is None or entry.kind not in _NUMBERS:
        return None
    value: int = struct.unpack_from(order + _NUMBERS[entry.kind], entry.data)[0]
    return value


def byte_order(head: bytes) -> ByteOrder:
    """Return "<" or ">" from the first bytes of a TIFF file or EXIF block."""
    return "<" if head.startswith(b"II") else ">"


def read_directory(stream: BinaryIO, offset: int, head: bytes) -> tuple[Directory, int]:
    """Read one directory of a TIFF file or EXIF block.

    Parameters
    ----------
    stream : binary file
        The whole file or block; offsets count from its start.
    offset : int
        Position of the directory.
    head : bytes
        The first four bytes of the file: byte order, and 42 or (BigTIFF) 43.

    Returns
    -------
    (dict of int to Entry, int)
        The tags, and the offset of the next directory, 0 after the last one.

    Raises
    ------
    ValueError
        If the directory is incomplete or has too many tags. A single broken tag is
        left out.
    """
    pointer = byte_order(head) + ("Q" if 43 in head[2:4] else "I")
    # Bytes still unclaimed: tags that share bytes could claim more than the file has.
    left = size = stream.seek(0, io.SEEK_END)
    entries, following = read_entries(stream, offset, head)
    directory = {}
    for tag, kind, length, inline in entries:
        if not 0 < length <= min(_MAX_TAG_BYTES, left):
            continue
        data = inline[:length]
        if length > len(inline):
            (start,) = struct.unpack(pointer, inline)
            stream.seek(min(start, size))
            data = stream.read(length)
        if len(data) == length:
            directory[tag] = Entry(kind, length // _SIZES[kind], data)
            left -= length
    return directory, following


def read_entries(
    stream: BinaryIO, offset: int, head: bytes
) -> tuple[list[tuple[int, int, int, bytes]], int]:
    """Read the table of a directory; parameters are as in `read_directory`.

    Returns
    -------
    (list of (int, int, int, bytes), int)
        Tag, type, length in bytes, and the value or its position; then the offset of
        the next directory.

    Raises
    ------
    ValueError
        If the table is incomplete or has too many tags.
    """
    order, big = byte_order(head), 43 in head[2:4]
    number, layout, pointer = ("Q", "HHQ8s", "Q") if big else ("H", "HHI4s", "I")
    if not 0 <= offset < stream.seek(0, io.SEEK_END):
        raise ValueError("the directory lies beyond the end")
    stream.seek(offset)
    (count,) = _unpack(stream, order + number)
    if count > MAX_TAGS:
        raise ValueError(f"{count} tags in one directory")
    raw = [_unpack(stream, order + layout) for _ in range(count)]
    (following,) = _unpack(stream, order + pointer)
    entries = [(t, kind, _SIZES.get(kind, 0) * n, inline) for t, kind, n, inline in raw]
    return entries, following


def read_exif(stream: BinaryIO, offset: int, head: bytes) -> Exif:
    """Read a directory with its EXIF and GPS directories; see `read_directory`."""
    main, _ = read_directory(stream, offset, head)
    order = byte_order(head)
    subdirectories: list[Directory] = []
    for tag in (EXIF_IFD, GPS_IFD):
        start = integer(main, tag, order)
        subdirectories.append(read_directory(stream, start, head)[0] if start else {})
    return Exif(order, main, *subdirectories)


def parse(block: bytes) -> Exif:
    """Read an EXIF block, with or without its leading ``Exif`` and two zeros.

    Raises
    ------
    ValueError
        If the block is broken.
    """
    while block.startswith(b"Exif\0\0"):
        block = block[6:]
    head = block[:4]
    if head not in (b"II*\0", b"MM\0*") or len(block) < 8:
        raise ValueError("no TIFF header")
    (start,) = struct.unpack_from(byte_order(head) + "I", block, 4)
    return read_exif(io.BytesIO(block), start, head)


def build(exif: Exif) -> bytes:
    """Return an EXIF block, beginning with its TIFF header."""
    head = b"II*\0" if exif.order == "<" else b"MM\0*"
    head += struct.pack(exif.order + "I", 8)
    subdirectories = {EXIF_IFD: exif.camera, GPS_IFD: exif.place}
    subdirectories = {
        tag: directory for tag, directory in subdirectories.items() if directory
    }
    # A pointer's size does not depend on its value: pack once to learn the length.
    main = {**exif.main, **dict.fromkeys(subdirectories, exif.long(0))}
    offset = len(head) + len(pack_directory(main, 0, exif.order))
    tail = b""
    for tag, directory in subdirectories.items():
        main[tag] = exif.long(offset + len(tail))
        tail += pack_directory(directory, offset + len(tail), exif.order)
    return head + pack_directory(main, len(head), exif.order) + tail


def pack_directory(directory: Directory, offset: int, order: str) -> bytes:
    """Return the bytes of a directory that will start at `offset` of a file."""
    table = struct.pack(order + "H", len(directory))
    offset += len(table) + 12 * len(directory) + 4
    heap = b""
    for tag, entry in sorted(directory.items()):
        value = entry.data.ljust(4, b"\0")
        if len(value) > 4:
            value = struct.pack(order + "I", offset + len(heap))
            heap += entry.data + bytes(len(entry.data) % 2)
        table += struct.pack(order + "HHI", tag, entry.kind, entry.items) + value
    return table + bytes(4) + heap


def _unpack(stream: BinaryIO, layout: str) -> tuple[Any, ...]:
    data = stream.read(struct.calcsize(layout))
    if len(data) != struct.calcsize(layout):
        raise ValueError("the directory ends in the middle")
    return struct.unpack(layout, data)
