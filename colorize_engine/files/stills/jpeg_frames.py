"""JPEG files that libjpeg 8 cannot read: 9 to 16 bits, without loss, and JPEG-LS."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from colorize_engine.files.errors import FileError

if TYPE_CHECKING:
    import numpy.typing as npt

_SIGNATURE, _SCAN, _END = b"\xff\xd8", 0xDA, b"\xff\xd9"
_BASELINE, _JPEG_LS = 0xC0, 0xF7
# Markers of frames (ITU-T T.81, table B.1; T.87), and markers without a length.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {_JPEG_LS}
_BARE = frozenset((0x01, *range(0xD0, 0xDA)))


class Frame(NamedTuple):
    """The header of a frame.

    Attributes
    ----------
    at : int
        Position of the second byte of its marker.
    marker, bits, height, width, channels : int
    """

    at: int
    marker: int
    bits: int
    height: int
    width: int
    channels: int

    @property
    def is_for_pillow(self) -> bool:
        """Whether Pillow reads it."""
        return self.bits == 8 and self.marker != _JPEG_LS


def frame_of(stream: BinaryIO) -> Frame | None:
    """Return the frame of a JPEG or JPEG-LS file, None of any other or damaged file."""
    stream.seek(0)
    if stream.read(2) != _SIGNATURE:
        return None
    while len(head := stream.read(2)) == 2 and head[0] == 0xFF:
        marker = head[1]
        if marker == 0xFF:  # a fill byte
            stream.seek(-1, io.SEEK_CUR)
            continue
        if marker in _BARE:
            continue
        at = stream.tell() - 1
        content = stream.read(8)
        if len(content) < 8 or marker == _SCAN:
            return None
        size, bits, height, width, channels = struct.unpack(">HBHHB", content)
        if marker in _FRAMES:
            return Frame(at, marker, bits, height, width, channels)
        stream.seek(at + 1 + size)
    return None


def stand_in(stream: BinaryIO, frame: Frame) -> io.BytesIO:
    """Return a file whose header Pillow reads; its pixels are not to be decoded."""
    stream.seek(0)
    data = bytearray(stream.read())
    # The precision stands behind the marker and the length.
    data[frame.at], data[frame.at + 3] = _BASELINE, 8
    return io.BytesIO(bytes(data))


def decode(stream: BinaryIO, frame: Frame) -> npt.NDArray[Any]:
    """Return the pixels, (H, W) or (H, W, 3) of `frame.bits` bits.

    Raises
    ------
    FileError
        If there are two or four channels.
    Exception
        Of any type, if the file is damaged; see `files.reading`.
    """
    import imagecodecs

    if frame.channels not in (1, 3):
        raise FileError(
            f"it is JPEG of {frame.bits} bits and {frame.channels} channels, which "
            "cannot be read; convert it to TIFF first"
        )
    stream.seek(0)
    file = stream.read()
    # libjpeg invents the pixels that are missing at the end.
    if file.find(_END, frame.at) < 0:
        raise ValueError("it ends in the middle")
    if frame.marker == _JPEG_LS:
        pixels: npt.NDArray[Any] = imagecodecs.jpegls_decode(file)
    else:
        pixels = imagecodecs.jpeg8_decode(file)
    if pixels.shape[:2] != (frame.height, frame.width):
        raise ValueError(f"its pixels are {pixels.shape}")
    return pixels
