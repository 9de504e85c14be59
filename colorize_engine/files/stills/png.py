"""PNG (ISO 15948) chunk by chunk: 16-bit color, and the metadata beside the pixels.

Pillow silently reads 16-bit color as 8 bit, and cannot write it.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from colorize_engine.files.metadata.iptc import to_resources

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import numpy.typing as npt

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXEL_CHUNKS = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"))
# Photos become about 3 % larger than with libpng's default, but are written in a third
# of the time.
_LEVEL, _PAETH = 3, 128
# Perceptual intent. Curve and primaries of sRGB are for readers that do not know the
# sRGB chunk, as ISO 15948, 11.3.2.5 asks for.
_SRGB = (
    (b"sRGB", b"\0"),
    (b"gAMA", struct.pack(">I", 45455)),
    (
        b"cHRM",
        struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000),
    ),
)


_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
# First column, first row, column step and row step of each pass of interlaced pictures
# (ISO 15948, 8.2).
_ADAM7 = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
    *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
_ALL_AT_ONCE = ((0, 0, 1, 1),)
_PIECE = 1 << 20
# Hexadecimal digits on a line of a raw profile.
_LINE = 72


class Chunk(NamedTuple):
    """A chunk's type and data; `whole` also has the length and the checksum."""

    kind: bytes
    data: bytes
    whole: bytes


def split(file: bytes) -> list[Chunk]:
    """Return the chunks of a PNG file, up to its end or where it breaks off."""
    chunks, at = [], len(SIGNATURE)
    while at + 12 <= len(file):
        length, kind = struct.unpack_from(">I4s", file, at)
        whole = file[at : at + 12 + length]
        chunks.append(Chunk(kind, whole[8 : 8 + length], whole))
        at += len(whole)
        if kind == b"IEND":
            break
    return chunks


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk with its length and checksum."""
    check = zlib.crc32(data, zlib.crc32(kind))
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def is_deep(head: bytes) -> bool:
    """Return whether a file with this beginning is a PNG file of 16 bits per sample."""
    return head.startswith(SIGNATURE) and head[24:25] == b"\x10"


def header_first(file: bytes) -> bytes:
    """Return a PNG file with all other chunks before the pixels.

    Pillow's reading of the header may end at the pixels.
    """
    order = {b"IDAT": 1, b"IEND": 2}
    chunks = sorted(split(file), key=lambda chunk: order.get(chunk.kind, 0))
    return SIGNATURE + b"".join(chunk.whole for chunk in chunks)


def decode_deep(file: bytes) -> npt.NDArray[np.uint16]:
    """Return the pixels of a 16-bit PNG, (H, W) or (H, W, 2, 3 or 4).

    Raises
    ------
    ValueError, RuntimeError, zlib.error
        If the file is damaged.
    """
    import imagecodecs

    chunks = split(file)
    if not chunks or chunks[-1].kind != b"IEND":
        raise ValueError("it ends in the middle")
    _check_pixels(chunks)
    # libpng prints its complaints about other chunks on stderr.
    bare = [chunk.whole for chunk in chunks if chunk.kind in _PIXEL_CHUNKS]
    pixels: npt.NDArray[np.uint16] = imagecodecs.png_decode(SIGNATURE + b"".join(bare))
    return pixels


def _check_pixels(chunks: list[Chunk]) -> None:
    """Raise an error for damaged pixels that libpng would only report on stderr.

    Raises
    ------
    ValueError, zlib.error
        If there are too many or too few pixels, or their checksum is wrong.
    """
    width, height, _, kind, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0].data)
    pixel = 2 * _CHANNELS[kind]
    left = sum(
        -(-(height - y) // down) * (1 + pixel * -(-(width - x) // right))
        for x, y, right, down in (_ADAM7 if interlaced else _ALL_AT_ONCE)
        if x < width and y < height
    )
    stream = zlib.decompressobj()
    for part in chunks:
        data = part.data if part.kind == b"IDAT" else b""
        while data and left >= 0 and not stream.eof:
            left -= len(stream.decompress(data, _PIECE))
            data = stream.unconsumed_tail
    left -= len(stream.flush())
    if left or not stream.eof:
        raise ValueError("it has more or fewer pixels than its header says")


def encode(
    image: npt.NDArray[Any],
    *,
    exif: bytes,
    xmp: bytes,
    text: Iterable[tuple[str, str]],
    iptc: bytes,
    dpi: tuple[float, float] | None,
) -> bytes:
    """Return a PNG file of sRGB pixels with their metadata.

    Parameters
    ----------
    image : (H, W, 3 or 4) ndarray of uint8 or uint16
        RGB or RGBA.
    exif, xmp : bytes
        An EXIF block, from its TIFF header on, and an XMP packet; empty for none.
    text : iterable of (str, str)
        Keywords (1 to 79 characters of Latin-1) and values.
    iptc : bytes
        IPTC data; empty for none. PNG has no place for them; they are written as
        ImageMagick and ExifTool do.
    dpi : (float, float) or None
        Pixels per inch along x and y.
    """
    import imagecodecs
    import numpy as np

    encoded = imagecodecs.png_encode(
        np.ascontiguousarray(image), level=_LEVEL, filter=_PAETH
    )
    header, *pixels = split(bytes(encoded))
    beside = [chunk(kind, data) for kind, data in _SRGB]
    if dpi is not None:
        per_meter = (min(round(value / 0.0254), 2**31 - 1) for value in dpi)
        beside.append(chunk(b"pHYs", struct.pack(">IIB", *per_meter, 1)))
    if exif:
        beside.append(chunk(b"eXIf", exif))
    for keyword, value in text:
        beside.append(chunk(b"iTXt", _text(keyword, value.encode("utf-8", "replace"))))
    if xmp:
        beside.append(chunk(b"iTXt", _text("XML:com.adobe.xmp", xmp)))
    if iptc:
        beside.append(chunk(b"zTXt", _raw_profile("iptc", to_resources(iptc))))
    parts = [SIGNATURE, header.whole, *beside, *(part.whole for part in pixels)]
    return b"".join(parts)


def _raw_profile(name: str, profile: bytes) -> bytes:
    """Return the data of a zTXt chunk that holds a profile in hexadecimal."""
    digits = profile.hex()
    lines = [digits[at : at + _LINE] for at in range(0, len(digits), _LINE)]
    text = "\n".join(["", name, f"{len(profile):8}", *lines, ""])
    keyword = f"Raw profile type {name}".encode()
    return keyword + b"\0\0" + zlib.compress(text.encode())


def _text(keyword: str, value: bytes) -> bytes:
    """Return the data of an iTXt chunk: not compressed, without a language."""
    return keyword.encode("latin-1") + b"\0\0\0\0\0" + value
