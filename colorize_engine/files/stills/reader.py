"""Reader of pictures other than TIFF: the first picture of a file."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from colorize_engine.files.errors import check_size, reading
from colorize_engine.files.picture import Samples
from colorize_engine.files.stills import heif, jpeg_frames, jxl, png
from colorize_engine.files.stills.beyond_pillow import decode
from colorize_engine.files.stills.by_pillow import open_image, pixels, split_alpha
from colorize_engine.files.stills.pillow_metadata import metadata_of, profile_of

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_ANIMATED = frozenset(("AVIF", "GIF", "PNG", "WEBP"))
# Of a Photoshop file Pillow reads all layers as one.
_LAYERED = "PSD"
_HEAD = 64


def read_still(stream: BinaryIO, max_pixels: int) -> Samples:
    """Read a picture; if there are several frames or layers, the first.

    Parameters
    ----------
    stream : binary file
    max_pixels : int
        Largest number of pixels to decode.

    Raises
    ------
    FileError
        If the file is damaged, of no known format, or too large.
    """
    stream.seek(0)
    head = stream.read(_HEAD)
    if heif.is_heif(head):
        return heif.read_heif(stream, max_pixels)
    if jxl.is_jxl(head):
        original = jxl.original_jpeg(stream)
        if original is None:
            return jxl.read_jxl(stream, max_pixels)
        stream = original
    frame = jpeg_frames.frame_of(stream)
    if frame is not None and not frame.is_for_pillow:
        return _deep_jpeg(stream, frame, max_pixels)
    return _by_pillow(stream, head, max_pixels)


def still_size(stream: BinaryIO) -> tuple[int, int]:
    """Return width and height as stored, from the header alone.

    Raises
    ------
    FileError
        If the file is damaged or of no known format.
    """
    stream.seek(0)
    head = stream.read(_HEAD)
    if heif.is_heif(head):
        return heif.heif_size(stream)
    if jxl.is_jxl(head):
        return jxl.jxl_size(stream)
    frame = jpeg_frames.frame_of(stream)
    if frame is not None and not frame.is_for_pillow:
        return frame.width, frame.height
    return open_image(stream).size


def _by_pillow(stream: BinaryIO, head: bytes, max_pixels: int) -> Samples:
    source = stream
    if png.is_deep(head):
        stream.seek(0)
        source = io.BytesIO(png.header_first(stream.read()))
    image = open_image(source)
    check_size(image.width, image.height, max_pixels)
    with reading():
        found = decode(image, stream)
    values, bits, alpha = split_alpha(*found) if found else pixels(image)
    samples = Samples(values, bits, alpha=alpha)
    return _described(samples, image, stream)


def _deep_jpeg(stream: BinaryIO, frame: jpeg_frames.Frame, max_pixels: int) -> Samples:
    check_size(frame.width, frame.height, max_pixels)
    with reading():
        image = open_image(jpeg_frames.stand_in(stream, frame))
        values = jpeg_frames.decode(stream, frame)
    return _described(Samples(values, frame.bits), image, stream)


def _described(samples: Samples, image: ImageFile, stream: BinaryIO) -> Samples:
    """Return samples with all that a file says about them."""
    with reading():
        notes = _more_pictures(image)
        metadata, orientation, complaints = metadata_of(image, stream)
        profile = profile_of(image, stream)
    return replace(
        samples,
        profile=profile,
        orientation=orientation,
        metadata=metadata,
        notes=(*notes, *complaints),
    )


def _more_pictures(image: ImageFile) -> list[str]:
    """Return a note if only one of several pictures is read."""
    count = getattr(image, "n_frames", 1)
    if count < 2 or image.format == _LAYERED:
        return []
    if image.format in _ANIMATED:
        return ["animated: only the first frame is colored"]
    return [f"it holds {count:,} pictures: only the first is colored"]
