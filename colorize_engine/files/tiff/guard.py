"""Checks of what a TIFF file claims, before anything is decoded.

A few bytes can claim any size, and tifffile believes them: directories that form a
circle or share their bytes, tiles larger than the picture, compressed pictures that are
larger than their strip.
"""

from __future__ import annotations

import io
import math
import struct
from typing import TYPE_CHECKING, Any, BinaryIO

from colorize_engine.files.errors import FileError
from colorize_engine.files.metadata import exif
from colorize_engine.files.stills import open_image

if TYPE_CHECKING:
    import tifffile

# Tiles extend beyond a picture's edges; with long, narrow pictures up to this factor.
_TILE_MARGIN = 4
_DESCRIPTION = 270
_UNCOMPRESSED, _OLD_JPEG, _JPEG = 1, 6, 7
# Compressions with a header of their own, whose size Pillow can read: JPEG as in TIFF
# 6.0, its supplement and Aperio's scanners, JPEG 2000, PNG, WebP.
_MEASURED = frozenset((_OLD_JPEG, _JPEG, 34892, 33007, 33003, 33004, 33005, 34712))
_MEASURED |= {34933, 50001}
# Compressions whose size becomes known too late: JPEG XR, Jetraw, JPEG XL, electron
# events, LERC.
_UNKNOWN = frozenset((22610, 34934, 48124, 50002, 52546, 65000, 65001, 65002, 34887))


def page_offsets(stream: BinaryIO) -> tuple[list[int], int]:
    """Return the offsets of the directories of pages in a TIFF file, each once.

    Parameters
    ----------
    stream : binary file
        A TIFF or BigTIFF file.

    Returns
    -------
    (list of int, int)
        The offsets of the pages' directories, and the offset that follows the last one:
        0 at a regular end, one of the offsets if the list leads back to it, otherwise
        the place where the list breaks off.

    Raises
    ------
    FileError
        If the directories together are larger than the file, or its header is cut off.
    """
    size = stream.seek(0, 2)
    stream.seek(0)
    head = stream.read(16)
    order, big = exif.byte_order(head), 43 in head[2:4]
    number, entry, pointer = ("Q", 20, "Q") if big else ("H", 12, "I")
    found: dict[int, None] = {}
    used = 0
    start = 8 if big else 4
    if len(head) < start + struct.calcsize("=" + pointer):
        raise FileError("the file is damaged: it ends within its header")
    (offset,) = struct.unpack_from(order + pointer, head, start)
    while 0 < offset < size and offset not in found:
        stream.seek(offset)
        count = _number(stream, order + number)
        if count is None or count > exif.MAX_TAGS:
            break
        found[offset] = None
        used += struct.calcsize("=" + number + pointer) + entry * count
        if used > size:
            raise FileError("the file is damaged: the directories of its pages overlap")
        stream.seek(entry * count, io.SEEK_CUR)
        following = _number(stream, order + pointer)
        offset = size if following is None else following
    return list(found), offset


def check_description(stream: BinaryIO, offset: int) -> None:
    """Raise FileError if the description of a page is cut off.

    It says what the pages of a stack are, and libraries do without it.

    Parameters
    ----------
    stream : binary file
    offset : int
        Position of the page's directory.
    """
    stream.seek(0)
    head = stream.read(4)
    size = stream.seek(0, io.SEEK_END)
    order = exif.byte_order(head) + ("Q" if 43 in head[2:4] else "I")
    entries, _ = exif.read_entries(stream, offset, head)
    for tag, _, length, inline in entries:
        if tag != _DESCRIPTION or length <= len(inline):
            continue
        if struct.unpack(order, inline)[0] + length > size:
            raise FileError("the file is damaged: it ends before its description")


def _number(stream: BinaryIO, layout: str) -> int | None:
    """Read a number; return None if the file ends before or within it."""
    data = stream.read(struct.calcsize(layout))
    return (
        struct.unpack(layout, data)[0] if len(data) == struct.calcsize(layout) else None
    )


def check_page(stream: BinaryIO, page: tifffile.TiffPage, max_pixels: int) -> None:
    """Raise FileError if decoding costs more than a page's size and bytes suggest.

    Parameters
    ----------
    stream : binary file
    page : tifffile.TiffPage
        Its byte counts are reduced to what the file holds.
    max_pixels : int
        Largest number of pixels of a page; the caller has checked it.

    Raises
    ------
    FileError
        The message says why.
    """
    if page.compression in _UNKNOWN:
        name = getattr(page.compression, "name", page.compression)
        raise FileError(
            f"its pixels are compressed as {name}, which cannot be read in TIFF files; "
            "convert the file first"
        )
    if not page.is_contiguous and page.jpegheader is None:
        listed = min(len(page.dataoffsets), len(page.databytecounts))
        expected = math.prod(page.chunked)
        if expected > listed:
            raise FileError(
                f"the file is damaged: it lists {listed:,} of the {expected:,} strips "
                "or tiles of a page"
            )
    if page.is_tiled:
        _check_tiles(page, max_pixels)
    parts = _parts(stream, page)
    # tifffile allocates memory for as many bytes as are claimed.
    page.databytecounts = tuple(count for _, count in parts)
    _check_bytes(page, parts, stream.seek(0, io.SEEK_END))
    if page.compression in _MEASURED:
        _check_pictures(stream, page, parts)


def _parts(stream: BinaryIO, page: Any) -> list[tuple[int, int]]:
    """Return the offset and the number of existing bytes of each strip or tile.

    Raises
    ------
    FileError
        If one lies beyond the end of the file; tifffile would make it black.
    """
    size = stream.seek(0, io.SEEK_END)
    pairs = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    if any(count and offset >= size for offset, count in pairs):
        raise FileError("the file is damaged: it ends before its last strip or tile")
    return [(offset, min(count, size - offset)) for offset, count in pairs]


def _check_tiles(page: Any, max_pixels: int) -> None:
    """Raise FileError if the tiles together are far larger than any picture may be."""
    across = math.ceil(page.imagewidth / page.tilewidth)
    down = math.ceil(page.imagelength / page.tilelength)
    tile = page.tilewidth * page.tilelength * max(1, page.tiledepth)
    if across * down * tile > _TILE_MARGIN * max_pixels:
        raise FileError(
            f"the file is damaged: its tiles of {page.tilewidth} x {page.tilelength} "
            f"are too large for {page.imagewidth} x {page.imagelength} pixels"
        )


def _check_bytes(page: Any, parts: list[tuple[int, int]], size: int) -> None:
    """Raise FileError if uncompressed pixels are missing, or if parts overlap."""
    bits = page.bitspersample
    bits = min(bits) if isinstance(bits, tuple) else bits
    samples = page.imagewidth * page.imagelength * page.samplesperpixel
    needed = samples * page.imagedepth * bits // 8
    held = sum(count for _, count in parts)
    # Strips and tiles at offset 0 are left for the reader to fill in, as in GeoTIFF.
    whole = all(offset for offset, _ in parts)
    if page.compression == _UNCOMPRESSED and whole and held < needed:
        raise FileError(
            f"the file is damaged: it holds {held:,} of the {needed:,} bytes of a page"
        )
    if held > size + needed:
        raise FileError("the file is damaged: its strips or tiles overlap")


def _check_pictures(stream: BinaryIO, page: Any, parts: list[tuple[int, int]]) -> None:
    """Raise FileError if a compressed picture is larger than its strip or tile."""
    width, height = page.imagewidth, page.imagelength
    if page.is_tiled:
        width, height = page.tilewidth, page.tilelength
    for offset, count in parts:
        if not offset or not count:
            continue
        stream.seek(offset)
        # Pillow needs a whole WebP file to read its size.
        head = io.BytesIO(stream.read(count))
        found = open_image(head).size
        if found[0] > width or found[1] > height:
            raise FileError(
                f"the file is damaged: a strip or tile holds a picture of {found[0]} x "
                f"{found[1]} pixels instead of {width} x {height}"
            )
