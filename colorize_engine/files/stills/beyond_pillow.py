"""Decoders of what Pillow cannot read: more than 8 bits, very long JPEG."""

from __future__ import annotations

import io
import re
import struct
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from colorize_engine.files.errors import FileError
from colorize_engine.files.stills import png

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.ImageFile import ImageFile

    Deep = tuple[npt.NDArray[Any], int] | None

# Start of codestream, then the SIZ marker segment (ISO 15444-1, A.5.1). The byte at 42
# holds the bits of the first component minus 1; its top bit says whether it is signed.
_JPEG_2000_SIZE = b"\xff\x4f\xff\x51"
# The box that describes the codestream of AVIF, and bits of its third byte.
_AV1_CONFIGURATION, _HIGH_DEPTH, _TWELVE_BITS = b"av1C", 0x40, 0x20
# Longest side in libjpeg, which Pillow uses; JPEG itself allows 65,535.
_LIBJPEG_SIDE = 65_500
_SCAN, _END = b"\xff\xda", b"\xff\xd9"
# Magic number, width, height and largest value, with comments between; one whitespace
# character ends them (netpbm).
_PPM_HEADER = re.compile(rb"P6" + rb"(?:\s|#[^\n]*\n)+(\d+)" * 3 + rb"\s")


def decode(image: ImageFile, stream: BinaryIO) -> Deep:
    """Decode 16-bit PNG, deep AVIF, JPEG 2000 and PPM, and very long JPEG.

    Parameters
    ----------
    image : PIL.ImageFile.ImageFile
        The same file, of which Pillow has read the header.
    stream : binary file

    Returns
    -------
    (ndarray, int) or None
        Pixels (H, W) or (H, W, 2, 3 or 4) and the bits per sample. None where Pillow
        loses nothing.

    Raises
    ------
    Exception
        Of any type, if the file is damaged; see `files.reading`.
    """
    # Some plugins of Pillow go on decoding where their header ended.
    place = stream.tell()
    stream.seek(0)
    head = stream.read(1 << 12)
    try:
        if png.is_deep(head):
            _check_size(image, *struct.unpack_from(">II", head, 16))
            return png.decode_deep(head + stream.read()), 16
        if image.format == "JPEG" and max(image.size) > _LIBJPEG_SIDE:
            return _jpeg(head + stream.read())
        if image.format == "JPEG2000" and image.mode in ("LA", "RGB", "RGBA"):
            return _jpeg_2000(image, head + stream.read())
        if image.format == "AVIF":
            return _avif(image, head, stream)
        if image.format == "PPM" and image.mode == "RGB":
            return _ppm(head, stream, image.width, image.height)
    finally:
        stream.seek(place)
    return None


def _check_size(image: ImageFile, width: int, height: int) -> None:
    """Raise FileError if a decoder's size differs from Pillow's.

    Only Pillow's size has been checked against the limit of pixels.
    """
    if (width, height) != image.size:
        raise FileError(
            f"the file is damaged: its headers say {width} x {height} pixels and "
            f"{image.width} x {image.height} pixels"
        )


def _jpeg(file: bytes) -> Deep:
    import imagecodecs

    # libjpeg invents the pixels that are missing at the end.
    if file.find(_END, file.rfind(_SCAN)) < 0:
        raise ValueError("it ends in the middle")
    pixels = imagecodecs.jpeg8_decode(file)
    if pixels.ndim == 3 and pixels.shape[2] != 3:
        raise ValueError("CMYK of more than 65,500 pixels a side")
    return pixels, 8


def _jpeg_2000(image: ImageFile, file: bytes) -> Deep:
    import imagecodecs

    at = file.find(_JPEG_2000_SIZE)
    if at < 0 or len(file) <= at + 42 or not 8 <= file[at + 42] < 16:
        return None
    right, bottom, left, top = struct.unpack_from(">4I", file, at + 8)
    _check_size(image, right - left, bottom - top)
    return imagecodecs.jpeg2k_decode(file), file[at + 42] + 1


def _avif(image: ImageFile, head: bytes, stream: BinaryIO) -> Deep:
    import imagecodecs

    at = head.find(_AV1_CONFIGURATION) + len(_AV1_CONFIGURATION)
    flags = head[at + 2 : at + 3]
    if at < len(_AV1_CONFIGURATION) or not flags or not flags[0] & _HIGH_DEPTH:
        return None
    pixels = imagecodecs.avif_decode(head + stream.read(), index=0)
    _check_size(image, pixels.shape[1], pixels.shape[0])
    return pixels, 12 if flags[0] & _TWELVE_BITS else 10


def _ppm(head: bytes, stream: BinaryIO, width: int, height: int) -> Deep:
    found = _PPM_HEADER.match(head)
    if found is None or int(found[3]) < 256:
        return None
    size = stream.seek(0, io.SEEK_END) - found.end()
    if size < 6 * width * height:
        raise ValueError(f"it holds {size:,} of the {6 * width * height:,} bytes")
    stream.seek(found.end())
    pixels = np.frombuffer(stream.read(6 * width * height), ">u2")
    top = int(found[3])
    scaled = np.minimum(pixels, top) * (65_535 / top)
    return np.rint(scaled).astype(np.uint16).reshape(height, width, 3), 16
