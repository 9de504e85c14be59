"""HEIC and HEIF files, by libheif (pillow-heif): 8 to 12 bits."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from colorize_engine.files.errors import FileError, check_size, reading
from colorize_engine.files.formats import HEIF, missing, named
from colorize_engine.files.icc import ColorSpace, profile_of
from colorize_engine.files.metadata import exif, exif_tags
from colorize_engine.files.picture import Metadata, Samples

if TYPE_CHECKING:
    from types import ModuleType

# Brands of HEVC and of other codecs in HEIF; those of AVIF are Pillow's.
_BRANDS = frozenset(
    b"heic heix hevc hevx heim heis hevm hevs mif1 mif2 msf1 j2ki jpeg avci".split()
)
_AVIF = frozenset((b"avif", b"avis"))
# Primaries and curves by number (ITU-T H.273): Rec. 2020, P3; like sRGB, linear.
_PRIMARIES = {
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}
_CURVES = {16: "PQ", 18: "HLG"}
_LINEAR = 8


def is_heif(head: bytes) -> bool:
    """Return whether a file with this beginning is a HEIF file other than AVIF."""
    if head[4:8] != b"ftyp":
        return False
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, end, 4))}
    return head[8:12] in _BRANDS and not brands & _AVIF


def heif_size(stream: BinaryIO) -> tuple[int, int]:
    """Return the width and height of the first picture.

    Raises
    ------
    FileError
        If the file is damaged, or pillow-heif is missing.
    """
    with reading():
        width, height = _opened(stream).size
    return width, height


def read_heif(stream: BinaryIO, max_pixels: int) -> Samples:
    """Read the main picture of a file, upright.

    Parameters
    ----------
    stream : binary file
    max_pixels : int
        Largest number of pixels to decode.

    Raises
    ------
    FileError
        If the file is damaged or too large, or pillow-heif is missing.
    """
    with reading():
        found = _opened(stream)
        width, height = found.size
        check_size(width, height, max_pixels)
        pixels: Any = np.asarray(found)
    values, alpha = pixels, None
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        values, alpha = pixels[..., :-1], pixels[..., -1]
    metadata, notes = _metadata(found.info)
    if len(found) > 1:
        notes.append(f"it holds {len(found)} pictures: only the first is colored")
    profile, more = _profile(found.info)
    return Samples(
        values,
        found.info["bit_depth"],
        alpha=alpha,
        associated=found.mode.startswith("RGBa"),
        profile=profile,
        metadata=metadata,
        notes=(*notes, *more),
    )


def _opened(stream: BinaryIO) -> Any:
    stream.seek(0)
    # Values as they are: as 16 bits, white would not be the largest.
    options = {"convert_hdr_to_8bit": False, "hdr_to_16bit": False}
    return _library().open_heif(stream, **options)


def _library() -> ModuleType:
    try:
        import pillow_heif
    except ImportError as error:
        extra = named(HEIF).extra
        raise FileError(missing("it is a HEIF file (HEIC)", extra)) from error
    library: ModuleType = pillow_heif
    return library


def _metadata(info: dict[str, Any]) -> tuple[Metadata, list[str]]:
    """Return the metadata, and notes. libheif has turned the picture upright."""
    camera, notes = exif.Exif(), []
    try:
        if block := info.get("exif"):
            camera = exif.parse(block)
    except (ValueError, struct.error):
        notes.append("its EXIF data are broken and were left out")
    dpi = exif_tags.resolution(camera)
    packet = bytes(info.get("xmp") or b"")
    return Metadata(exif_tags.scene_tags(camera), packet, dpi=dpi), notes


def _profile(info: dict[str, Any]) -> tuple[bytes, list[str]]:
    """Return an ICC profile for the values, empty for sRGB, and notes."""
    if profile := info.get("icc_profile"):
        return bytes(profile), []
    numbers = info.get("nclx_profile") or {}
    curve = numbers.get("transfer_characteristics")
    if curve in _CURVES:
        return b"", [f"its curve, {_CURVES[curve]}, was taken for that of sRGB"]
    primaries = _PRIMARIES.get(numbers.get("color_primaries", 1))
    gamma = 1.0 if curve == _LINEAR else None
    return profile_of(ColorSpace(primaries=primaries, gamma=gamma)), []
