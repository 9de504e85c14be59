"""TIFF writer based on tifffile, with the EXIF directories that tifffile refuses."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from colorize_engine.files.formats import named
from colorize_engine.files.icc import srgb_profile
from colorize_engine.files.keeping import fitted
from colorize_engine.files.metadata import exif, exif_tags, iptc

if TYPE_CHECKING:
    from collections.abc import Iterable

    import tifffile

    from colorize_engine.files.mark import Mark
    from colorize_engine.files.metadata import Exif
    from colorize_engine.files.metadata.exif import ByteOrder
    from colorize_engine.files.picture import Metadata, Picture

    ExtraTag = tuple[int, int, int, bytes, bool]

# tifffile refuses to write pointers to these directories. Until the end, the next
# higher tag numbers hold their places; no tag lies between, so tags still ascend.
_STAND_INS = {exif.EXIF_IFD + 1: exif.EXIF_IFD, exif.GPS_IFD + 1: exif.GPS_IFD}
_RESOLUTION = frozenset((0x011A, 0x011B, 0x0128))
_BYTE = 1
# Offsets have 32 bits; 256 MiB are left for tags and for incompressible noise.
_CLASSIC_LIMIT = (1 << 32) - (1 << 28)


def needs_bigtiff(size: float) -> bool:
    """Return whether that many bytes of samples may be too many for a classic TIFF."""
    return size > _CLASSIC_LIMIT


def write_pages(
    stream: BinaryIO, pictures: Iterable[Picture], mark: Mark | None, page_count: int
) -> list[str]:
    """Write pictures as pages of a TIFF file, compressed without loss.

    Parameters
    ----------
    stream : binary file
        Empty, for reading and writing.
    pictures : iterable of Picture
        RGB; taken one by one.
    mark : Mark or None
    page_count : int
        Approximate number of pictures; beyond 4 GB in all the file becomes a BigTIFF.

    Returns
    -------
    list of str
        Notes.
    """
    import tifffile

    directories: list[Exif] = []
    notes: list[str] = []
    writer = None
    for picture in pictures:
        if writer is None:
            big = needs_bigtiff(picture.image.nbytes * page_count)
            order = picture.metadata.exif.order
            writer = tifffile.TiffWriter(stream, bigtiff=big, byteorder=order)
        meta, more = _fitted(picture, mark, order)
        notes += more
        _write_page(writer, picture, _extra_tags(meta, pointers=not big))
        directories.append(meta.exif)
    if writer is not None:
        writer.close()
        if big:
            notes.append("its EXIF data were left out, as the file may exceed 4 GB")
        else:
            _append(stream, directories)
    return notes


def _fitted(
    picture: Picture, mark: Mark | None, order: ByteOrder
) -> tuple[Metadata, list[str]]:
    """Return a page's marked metadata; EXIF data of another byte order are dropped."""
    meta, shape = picture.metadata, picture.image.shape
    if meta.exif.order != order:
        meta = replace(meta, exif=exif.Exif(order))
    return fitted(meta, named("TIFF"), mark, (shape[0], shape[1]))


def _write_page(
    writer: tifffile.TiffWriter, picture: Picture, extra: list[ExtraTag]
) -> None:
    pixels, alpha, dpi = picture.image, picture.alpha, picture.metadata.dpi
    writer.write(
        pixels if alpha is None else np.dstack((pixels, alpha)),
        photometric="rgb",
        extrasamples=None if alpha is None else ["unassalpha"],
        compression="zlib",
        predictor=2 if pixels.dtype.kind == "u" else None,
        iccprofile=srgb_profile(),
        resolution=dpi,
        resolutionunit="INCH" if dpi else None,
        software=False,
        metadata=None,
        extratags=extra,
        contiguous=False,
    )


def _extra_tags(meta: Metadata, *, pointers: bool) -> list[ExtraTag]:
    """Return tags in the form of tifffile: number, type, count, bytes, write once."""
    extra = [
        (tag, *entry, True)
        for tag, entry in meta.exif.main.items()
        if tag not in _RESOLUTION
    ]
    for tag, kind, data in (
        (exif_tags.XMP_PACKET, _BYTE, meta.xmp),
        (iptc.TAG, exif.UNDEFINED, meta.iptc),
    ):
        if data:
            extra.append((tag, kind, len(data), data, True))
    if pointers:
        for stand_in, tag in _STAND_INS.items():
            if _subdirectory(meta.exif, tag):
                extra.append((stand_in, exif.LONG, 1, bytes(4), True))
    return extra


def _subdirectory(found: Exif, tag: int) -> exif.Directory:
    return found.camera if tag == exif.EXIF_IFD else found.place


def _append(stream: BinaryIO, directories: list[Exif]) -> None:
    """Append directories to a finished file and make its pages point to them."""
    order = directories[0].order
    stream.seek(4)
    (offset,) = struct.unpack(order + "I", stream.read(4))
    for found in directories:
        stream.seek(offset)
        (count,) = struct.unpack(order + "H", stream.read(2))
        table = stream.read(12 * count + 4)
        for index in range(count):
            (tag,) = struct.unpack_from(order + "H", table, 12 * index)
            if tag not in _STAND_INS:
                continue
            end = stream.seek(0, 2)
            end += stream.write(bytes(end % 2))
            subdirectory = _subdirectory(found, _STAND_INS[tag])
            stream.write(exif.pack_directory(subdirectory, end, order))
            stream.seek(offset + 2 + 12 * index)
            pointer = struct.pack(order + "HHII", _STAND_INS[tag], exif.LONG, 1, end)
            stream.write(pointer)
        (offset,) = struct.unpack_from(order + "I", table, 12 * count)
