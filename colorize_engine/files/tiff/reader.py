"""TIFF reader based on tifffile: pages of any bit depth, with their EXIF."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from colorize_engine.files.errors import FileError, check_size, reading
from colorize_engine.files.metadata import Exif, exif, exif_tags, iptc, xmp
from colorize_engine.files.picture import Metadata, Samples
from colorize_engine.files.stills import open_image
from colorize_engine.files.stills.by_pillow import pixels
from colorize_engine.files.tiff.guard import check_page
from colorize_engine.files.tiff.pages import FirstPage

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    import tifffile

    from colorize_engine.files.tiff.pages import Pages

# Photometric interpretations and their channels (TIFF 6.0 and its supplements).
_WHITE_IS_ZERO, _PALETTE, _CMYK, _YCBCR, _LAB = 0, 3, 5, 6, 8
_CHANNELS = {_WHITE_IS_ZERO: 1, 1: 1, 2: 3, _PALETTE: 1, _CMYK: 4, _YCBCR: 3}
_JPEG = 7
# Kinds of extra samples: alpha that is multiplied into the colors, and separate alpha.
_ASSOCIATED, _UNASSOCIATED = 1, 2
_PROFILE = 34675


def read_pages(pages: Pages, max_pixels: int) -> Iterator[Samples]:
    """Yield the pictures of the pages, decoded one by one.

    Raises
    ------
    FileError
        If a page is damaged, too large, or not a picture.
    """
    for page in pages.pages:
        with reading():
            check_size(page.imagewidth, page.imagelength, max_pixels)
            if not _is_for_pillow(page):
                check_page(pages.stream, page, max_pixels)
                _check_channels(page)
            metadata, orientation, notes = _metadata(pages, page)
            profile = page.tags.valueof(_PROFILE)
        if page.photometric == _LAB or not isinstance(profile, bytes):
            profile = b""
        for samples in _decoded(pages, page, max_pixels):
            yield replace(
                samples,
                profile=profile,
                # Pillow itself turns pictures of TIFF files upright.
                orientation=1 if _is_for_pillow(page) else orientation,
                metadata=metadata,
                notes=(*samples.notes, *notes),
            )


def directory_metadata(
    stream: BinaryIO, offset: int
) -> tuple[Exif, bytes, tuple[str, ...]]:
    """Return the tags and the XMP packet of a directory, and notes.

    Parameters
    ----------
    stream : binary file
        A TIFF file, or one of a camera that is built like one.
    offset : int
        Position of the directory.
    """
    stream.seek(0)
    head = stream.read(4)
    notes: tuple[str, ...] = ()
    try:
        found = exif.read_exif(stream, offset, head)
    except (ValueError, struct.error):
        main, _ = exif.read_directory(stream, offset, head)
        found = exif.Exif(exif.byte_order(head), main)
        notes = ("its EXIF data are broken and were left out",)
    packet = found.main.get(exif_tags.XMP_PACKET, exif.text_entry(b"")).data
    return found, packet.rstrip(b"\0"), notes


def _metadata(
    pages: Pages, page: tifffile.TiffPage
) -> tuple[Metadata, int, tuple[str, ...]]:
    """Return metadata, orientation and notes of a page.

    What the full picture does not say, the preview says that has its place.
    """
    found, packet, notes = directory_metadata(pages.stream, page.offset)
    dpi = exif_tags.resolution(found)
    for preview in pages.previews(page):
        other, other_packet, more = directory_metadata(pages.stream, preview.offset)
        found = Exif(
            found.order,
            {**other.main, **found.main},
            found.camera or other.camera,
            found.place or other.place,
        )
        packet = packet or other_packet
        notes = (*notes, *more)
    orientation = exif_tags.orientation(found) or xmp.orientation(packet) or 1
    metadata = replace(metadata_of(found, packet), dpi=dpi)
    return metadata, orientation, notes


def metadata_of(found: Exif, packet: bytes) -> Metadata:
    """Return the metadata in the tags of a TIFF file, and in its XMP packet."""
    nothing = exif.text_entry(b"")
    captions = iptc.cleaned(found.main.get(iptc.TAG, nothing).data)
    if not captions:
        resources = found.main.get(iptc.RESOURCES_TAG, nothing).data
        captions = iptc.cleaned(iptc.from_resources(resources))
    return Metadata(exif_tags.scene_tags(found), packet, iptc=captions)


def _decoded(
    pages: Pages, page: tifffile.TiffPage, max_pixels: int
) -> Iterator[Samples]:
    """Yield the picture of a page, or each picture of the stack behind it."""
    if _is_for_pillow(page):
        with reading():
            samples = _by_pillow(pages.stream, page, max_pixels)
        yield samples
        return
    with reading():
        arrays = _stack(pages, page) if pages.stacked else iter((page.asarray(),))
    for array in arrays:
        with reading():
            samples = _samples(page, array)
        yield samples


def _stack(pages: Pages, page: tifffile.TiffPage) -> Iterator[npt.NDArray[Any]]:
    """Return the pictures behind a single page."""
    series = pages.file.series[0]
    if pages.stacked > 1 and series.nbytes > pages.file.filehandle.size:
        raise FileError(
            f"the file is damaged: it is too short for its {pages.stacked:,} pictures"
        )
    # Memory-mapped where possible, as such stacks are large.
    return iter(series.asarray(out="memmap").reshape(-1, *page.shape))


def _is_for_pillow(page: tifffile.TiffPage) -> bool:
    """Return whether Pillow must convert a page: tifffile keeps Lab and raw YCbCr."""
    raw_ycbcr = page.photometric == _YCBCR and page.compression != _JPEG
    return page.photometric == _LAB or raw_ycbcr


def _by_pillow(stream: BinaryIO, page: tifffile.TiffPage, max_pixels: int) -> Samples:
    image = open_image(cast("BinaryIO", FirstPage(stream, page)))
    check_size(image.width, image.height, max_pixels)
    values, bits, alpha = pixels(image)
    return Samples(values, bits, alpha=alpha)


def _check_channels(page: tifffile.TiffPage) -> None:
    """Raise FileError if a page is not a picture, before decoding: it may be huge.

    Raises
    ------
    FileError
        If its channels are not those of a picture.
    """
    if page.axes not in ("YX", "YXS", "SYX"):
        raise FileError("a page holds a volume; save its layers as separate pages")
    colors = _CHANNELS.get(page.photometric)
    if colors is None:
        raise FileError(
            f"its pixels are {_name(page)}, not gray, RGB, CMYK or Lab; develop or "
            "convert the file first"
        )
    channels = page.shape[page.axes.index("S")] if "S" in page.axes else 1
    if channels not in (colors, colors + 1):
        raise FileError(
            f"its {channels} channels are said to be {_name(page)}; expected 1 for "
            "gray, 3 for RGB or 4 for CMYK, and at most one alpha channel"
        )


def _samples(page: tifffile.TiffPage, array: npt.NDArray[Any]) -> Samples:
    """Return the channels of a decoded page, sorted into values and alpha."""
    if page.axes == "SYX":
        array = np.moveaxis(array, 0, -1)
    colors = _CHANNELS[page.photometric]
    channels = array.shape[2] if array.ndim == 3 else 1
    values = array[..., :colors] if array.ndim == 3 else array
    values = values[..., 0] if array.ndim == 3 and colors == 1 else values
    alpha: npt.NDArray[Any] | None = None
    associated = False
    notes: tuple[str, ...] = ()
    if channels > colors:
        kind = page.extrasamples[0] if page.extrasamples else 0
        if kind in (_ASSOCIATED, _UNASSOCIATED):
            alpha, associated = array[..., -1], kind == _ASSOCIATED
        else:
            notes = ("its last channel is not alpha and was left out",)
    bits: Any = page.bitspersample
    if isinstance(bits, tuple):  # such as 5-6-5, which tifffile has scaled
        bits = 8 * array.dtype.itemsize
    if page.photometric == _PALETTE:
        values, bits, associated = _palette_colors(page, values), 8, False
    return Samples(
        values,
        bits,
        inverted=page.photometric == _WHITE_IS_ZERO,
        alpha=alpha,
        associated=associated,
        notes=notes,
    )


def _name(page: tifffile.TiffPage) -> str:
    """Return the TIFF standard's name for the colors of a page."""
    return str(getattr(page.photometric, "name", page.photometric))


def _palette_colors(
    page: tifffile.TiffPage, index: npt.NDArray[Any]
) -> npt.NDArray[np.uint8]:
    """Return palette colors: 16 bit in the standard, 8 bit from some writers."""
    colors = np.asarray(page.colormap)
    colors = colors >> 8 if colors.max() > 255 else colors
    rgb: npt.NDArray[np.uint8] = colors.astype(np.uint8).T[index.astype(np.intp)]
    return rgb
