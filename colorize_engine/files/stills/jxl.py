"""JPEG XL (ISO/IEC 18181): pixels by libjxl, the metadata in the boxes around them."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from colorize_engine.color import full_scale, linear_from, strips
from colorize_engine.files.errors import FileError, check_size, reading
from colorize_engine.files.icc import ColorSpace, profile_of
from colorize_engine.files.metadata import exif, exif_tags
from colorize_engine.files.picture import Metadata, Samples
from colorize_engine.files.stills import jxl_header
from colorize_engine.files.stills.boxes import box, split

if TYPE_CHECKING:
    import numpy.typing as npt

    from colorize_engine.files.stills.jxl_header import Header

_CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
_FILE_TYPE = box(b"ftyp", b"jxl \0\0\0\0jxl ")
_CODESTREAM, _PART, _LEVEL, _JPEG = b"jxlc", b"jxlp", b"jxll", b"jbrd"
_EXIF, _XMP, _COMPRESSED = b"Exif", b"xml ", b"brob"
# Metadata are small; more are a bomb.
_MAX_METADATA = 1 << 24
# Without loss photos become 3 % larger than with 7, in a tenth of the time. 1 writes
# beyond its memory in libjxl 0.11.2 where 16 bits are noise.
_EFFORT = 3
# Lossy compression goes as far beyond 0..1 beside edges.
_OVERSHOOT = 0.1


def is_jxl(head: bytes) -> bool:
    """Return whether a file with this beginning is a JPEG XL file."""
    return head.startswith((jxl_header.SIGNATURE, _CONTAINER))


def jxl_size(stream: BinaryIO) -> tuple[int, int]:
    """Return width and height as stored.

    Raises
    ------
    FileError
        If the file is damaged.
    """
    stream.seek(0)
    with reading():
        _, codestream = _opened(stream.read())
        header = jxl_header.parse(codestream)
    return header.width, header.height


def original_jpeg(stream: BinaryIO) -> io.BytesIO | None:
    """Return the JPEG file that a JPEG XL file was made from without loss, or None."""
    import imagecodecs

    stream.seek(0)
    data = stream.read()
    if all(kind != _JPEG for kind, _ in _boxes(data)):
        return None
    try:
        jpeg = imagecodecs.jpegxl_decode_jpeg(data, numthreads=0)
    except (RuntimeError, ValueError):
        # The pixels may still be read, as of one that was made in another way.
        return None
    return io.BytesIO(bytes(jpeg))


def read_jxl(stream: BinaryIO, max_pixels: int) -> Samples:
    """Read a picture; of an animation the first frame.

    Parameters
    ----------
    stream : binary file
    max_pixels : int
        Largest number of pixels to decode.

    Raises
    ------
    FileError
        If the file is damaged, too large, or of CMYK.
    """
    import imagecodecs

    stream.seek(0)
    with reading():
        found, codestream = _opened(stream.read())
        header = jxl_header.parse(codestream)
        check_size(header.width, header.height, max_pixels)
        if header.is_cmyk:
            raise FileError("it is JPEG XL of CMYK, which cannot be read; convert it")
        unknown = header.colors.has_profile
        if unknown and header.is_xyb and header.bits_at is not None:
            # libjxl gives linear light here, for which 8 bits are too few.
            codestream = jxl_header.changed(codestream, header.bits_at, 2, 2)
            header = jxl_header.parse(codestream)
        pixels: Any = imagecodecs.jpegxl_decode(codestream, index=0)
        metadata, notes = _metadata(found)
    if header.is_xyb and pixels.dtype.kind == "f":
        pixels = _without_overshoot(pixels)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if header.animated:
        notes.append("animated: only the first frame is colored")
    profile, more = _profile(header)
    values, alpha = pixels, None
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        values, alpha = pixels[..., :-1], pixels[..., -1]
        values = values[..., 0] if values.shape[2] == 1 else values
    return Samples(
        values,
        header.bits if pixels.dtype.kind == "u" else 8 * pixels.itemsize,
        alpha=alpha,
        associated=header.alpha == "associated",
        profile=profile,
        metadata=metadata,
        notes=(*notes, *more),
    )


def encode(
    image: npt.NDArray[Any], *, exif: bytes, xmp: bytes, quality: int | None
) -> bytes:
    """Return a JPEG XL file of sRGB pixels with their metadata.

    Parameters
    ----------
    image : (H, W, 3 or 4) ndarray of uint8, uint16 or float32
    exif, xmp : bytes
        An EXIF block, from its TIFF header on, and an XMP packet; empty for none.
    quality : int or None
        1..100; None and 100 for no loss.
    """
    import imagecodecs

    if quality in (None, 100):
        options: dict[str, Any] = {"lossless": True, "effort": _EFFORT}
    else:
        options = {"level": quality}
        if image.dtype != np.uint8:
            # What has more than 8 bits counts as linear, and is converted.
            image = _linear(image)
    file = bytes(imagecodecs.jpegxl_encode(np.ascontiguousarray(image), **options))
    found, codestream = _opened(file)
    colors = jxl_header.parse(codestream).colors
    if colors.space.gamma == 1 and colors.curve_at is not None:
        codestream = jxl_header.changed(codestream, colors.curve_at, 4, jxl_header.SRGB)
    parts = [box(kind, content) for kind, content in found if kind == _LEVEL]
    if exif:
        # The offset of the TIFF header comes first.
        parts.append(box(_EXIF, bytes(4) + exif))
    if xmp:
        parts.append(box(_XMP, xmp))
    return b"".join([_CONTAINER, _FILE_TYPE, *parts, box(_CODESTREAM, codestream)])


def stored_xmp(stream: BinaryIO) -> bytes:
    """Return the XMP packet of a file, empty if there is none.

    Raises
    ------
    FileError
        If the file is damaged.
    """
    stream.seek(0)
    with reading():
        metadata, _ = _metadata(_boxes(stream.read()))
    return metadata.xmp


def _without_overshoot(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return floats in 0..1, if compression alone led beyond."""
    low, high = float(pixels.min()), float(pixels.max())
    if -_OVERSHOOT < low and high < 1 + _OVERSHOOT:
        pixels = np.clip(pixels, 0, 1)
    return pixels


def _boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    return split(data) if data.startswith(_CONTAINER) else []


def _opened(data: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return the boxes of a file, and its codestream."""
    found = _boxes(data)
    if not found:
        return [], data
    whole = [content for kind, content in found if kind == _CODESTREAM]
    # The number of each part comes first.
    parts = [content[4:] for kind, content in found if kind == _PART]
    return found, b"".join(whole or parts)


def _metadata(found: list[tuple[bytes, bytes]]) -> tuple[Metadata, list[str]]:
    """Return the metadata in boxes, and notes. Only the codestream turns a picture."""
    import imagecodecs

    boxes: dict[bytes, bytes] = {}
    notes = []
    for kind, content in found:
        name, packed = kind, content
        if kind == _COMPRESSED:
            name, packed = content[:4], content[4:]
        if name not in (_EXIF, _XMP) or name in boxes:
            continue
        try:
            if kind == _COMPRESSED:
                room = bytearray(_MAX_METADATA)
                packed = bytes(imagecodecs.brotli_decode(packed, out=room))
            boxes[name] = packed
        except (RuntimeError, ValueError):
            notes.append("a part of its metadata is broken and was left out")
    camera = exif.Exif()
    try:
        if block := boxes.get(_EXIF):
            (offset,) = struct.unpack_from(">I", block)
            camera = exif.parse(block[4 + offset :])
    except (ValueError, struct.error):
        notes.append("its EXIF data are broken and were left out")
    dpi = exif_tags.resolution(camera)
    packet = boxes.get(_XMP, b"")
    return Metadata(exif_tags.scene_tags(camera), packet, dpi=dpi), notes


def _profile(header: Header) -> tuple[bytes, list[str]]:
    """Return an ICC profile for the samples, empty for sRGB, and notes."""
    colors = header.colors
    if colors.has_profile and header.is_xyb:
        return profile_of(ColorSpace(colors.space.gray, gamma=1.0)), []
    if colors.has_profile:
        return b"", ["its color profile cannot be read; it was taken for sRGB"]
    if colors.curve:
        return b"", [f"its curve, {colors.curve}, was taken for that of sRGB"]
    return profile_of(colors.space), []


def _linear(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return pixels of the same type without the curve of sRGB; alpha stays."""
    top = full_scale(image.dtype)
    result = image.copy()
    for rows in strips(image.shape[:2]):
        linear = top * linear_from(image[rows, :, :3] / np.float64(top))
        result[rows, :, :3] = linear if top == 1 else np.rint(linear)
    return result
