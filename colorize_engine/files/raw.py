"""Reader of what sensors gave: raw files of cameras and film scanners, by LibRaw."""

from __future__ import annotations

import io
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from colorize_engine.files.errors import FileError, check_size, reading
from colorize_engine.files.formats import RAW, RAW_SUFFIXES, missing, named
from colorize_engine.files.picture import Metadata, Samples
from colorize_engine.files.tiff import (
    directory_metadata,
    is_tiff,
    metadata_of,
    open_pages,
    page_offsets,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import rawpy

# Beginnings of raw files that are no TIFF files: Fujifilm, Minolta, Sigma; Canon's two;
# Panasonic and Olympus, whose files differ from TIFF files by these four bytes alone.
_BEGINNINGS = (
    *(b"FUJIFILMCCD-RAW", b"\0MRM", b"FOVb"),
    *(b"II\x1a\0\0\0HEAPCCDR", b"\0\0\0\x18ftypcrx "),
)
_NEARLY_TIFF = (b"IIU\0", b"IIRO", b"IIRS", b"MMOR")
# Canon's CR2 begins with a picture that is not marked as a preview.
_CR2 = b"CR"
_IT_IS = "it is raw data of a camera or scanner (such as CFA or DNG)"
# The curve of sRGB (IEC 61966-2-1): exponent, and slope near black.
_SRGB = (2.4, 12.92)


def is_raw(stream: BinaryIO, suffix: str) -> bool:
    """Return whether a file holds what a sensor gave, not a picture.

    Parameters
    ----------
    stream : binary file
    suffix : str
        Of the file's name, in lower case. It decides about TIFF files that do not say
        what they hold: some cameras put a preview first and do not mark it.
    """
    stream.seek(0)
    head = stream.read(16)
    if head.startswith((*_BEGINNINGS, *_NEARLY_TIFF)):
        return True
    if not is_tiff(head):
        return False
    if head[8:10] == _CR2:
        return True
    try:
        pages = open_pages(stream)
        return bool(pages.raw) or (suffix in RAW_SUFFIXES and not pages.has_preview)
    except FileError:
        return suffix in RAW_SUFFIXES


def raw_size(stream: BinaryIO) -> tuple[int, int]:
    """Return the width and height of a raw file's picture before it is turned upright.

    Raises
    ------
    FileError
        If LibRaw cannot read the file, or rawpy is missing.
    """
    with _opened(stream) as raw:
        return raw.sizes.width, raw.sizes.height


def read_raw(stream: BinaryIO, max_pixels: int) -> Samples:
    """Develop a raw file: RGB or gray of 16 bits, sRGB-encoded, upright.

    The white balance is the camera's. The brightness is that of the exposure: black is
    the sensor's black, white is where it is saturated.

    Parameters
    ----------
    stream : binary file
    max_pixels : int
        Largest number of pixels to decode.

    Raises
    ------
    FileError
        If the file is damaged or too large, LibRaw cannot read it, or rawpy is missing.
    """
    _check_end(stream)
    metadata, notes = _metadata(stream)
    with _opened(stream) as raw:
        check_size(raw.sizes.raw_width, raw.sizes.raw_height, max_pixels)
        check_size(raw.sizes.iwidth, raw.sizes.iheight, max_pixels)
        raw.unpack()
        values: Any = raw.postprocess(
            output_bps=16,
            gamma=_SRGB,
            use_camera_wb=True,
            no_auto_bright=True,
            adjust_maximum_thr=0.0,
        )
    if values.shape[2] == 1:
        values = values[..., 0]
    return Samples(np.ascontiguousarray(values), 16, metadata=metadata, notes=notes)


def _check_end(stream: BinaryIO) -> None:
    """Raise FileError if the pixels are cut off, of which LibRaw writes on stderr.

    It cannot be told to be quiet, and does so of other damage, too.
    """
    stream.seek(0)
    if not is_tiff(stream.read(4)):
        return
    try:
        pages = open_pages(stream).raw
    except FileError:
        # LibRaw may know how such a file is built.
        return
    size = stream.seek(0, io.SEEK_END)
    for page in pages:
        parts = zip(page.dataoffsets, page.databytecounts, strict=False)
        if max(map(sum, parts), default=0) > size:
            raise FileError(
                "the file is damaged: it ends before its last strip or tile"
            )


@contextmanager
def _opened(stream: BinaryIO) -> Iterator[rawpy.RawPy]:
    """Open a raw file with LibRaw; turn its errors into FileError."""
    try:
        import rawpy
    except ImportError as error:
        raise FileError(missing(_IT_IS, named(RAW).extra)) from error
    stream.seek(0)
    with reading(), rawpy.RawPy() as raw:
        try:
            raw.open_buffer(stream)
            yield raw
        except (rawpy.LibRawFileUnsupportedError, rawpy.LibRawNotImplementedError):
            version = ".".join(map(str, rawpy.libraw_version))
            raise FileError(
                f"{_IT_IS} that LibRaw {version} cannot read; develop it with the "
                "camera's own program first"
            ) from None
        except rawpy.LibRawError as error:
            # Its messages are bytes.
            raise ValueError(b" ".join(error.args).decode()) from error


def _metadata(stream: BinaryIO) -> tuple[Metadata, tuple[str, ...]]:
    """Return the metadata in the first directory, and notes."""
    stream.seek(0)
    head = stream.read(4)
    if not (is_tiff(head) or head.startswith(_NEARLY_TIFF)):
        return Metadata(), ("its EXIF data cannot be read and were left out",)
    try:
        (first, *_), _ = page_offsets(stream)
        found, packet, notes = directory_metadata(stream, first)
    except (ValueError, struct.error):
        return Metadata(), ("its EXIF data are broken and were left out",)
    return metadata_of(found, packet), notes
