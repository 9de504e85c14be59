"""The table of formats: what is read of each, what is written, and what it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping  # noqa: TC003 - the dataclass looks it up
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

EXIF, XMP, IPTC, COMMENT, TEXT, MAP = "EXIF", "XMP", "IPTC", "comment", "text", "map"


@dataclass(frozen=True)
class Format:
    """A format of picture files that is written.

    Attributes
    ----------
    name : str
    suffixes : tuple of str
        Of names of files, in lower case, with the dot.
    types : tuple of str
        NumPy types of the pixels, the deepest last.
    holds : mapping of str to str
        What stands beside the pixels, and where: EXIF data, XMP, IPTC (IIM), a
        comment, other text, and the place on a map (GeoTIFF). "XMP" and "EXIF" mean
        that it is translated to these.
    alpha, pages : bool
        Whether there is transparency, and whether there may be several pictures.
    largest_side : int or None
        In pixels.
    lossy : int or None
        Usual quality, 1..100; 0 if it is without loss unless a quality is asked for;
        None if it knows none.
    """

    name: str
    suffixes: tuple[str, ...]
    types: tuple[str, ...]
    holds: Mapping[str, str] = field(default_factory=dict)
    alpha: bool = True
    pages: bool = False
    largest_side: int | None = None
    lossy: int | None = None


# Longest sides are those that libjpeg, libwebp and libpng can write.
WRITTEN = (
    Format(
        "PNG",
        (".png",),
        ("uint8", "uint16"),
        {EXIF: "eXIf", XMP: "iTXt", IPTC: "raw profile", COMMENT: TEXT, TEXT: "iTXt"},
        largest_side=1_000_000,
    ),
    Format(
        "JPEG",
        (".jpg", ".jpeg"),
        ("uint8",),
        {EXIF: "APP1", XMP: "APP1", IPTC: "APP13", COMMENT: "COM", TEXT: XMP},
        alpha=False,
        largest_side=65_500,
        lossy=95,
    ),
    Format(
        "TIFF",
        (".tif", ".tiff"),
        ("uint8", "uint16", "float32"),
        {
            **{EXIF: "tags", XMP: "tag 700", IPTC: "tag 33723", COMMENT: EXIF},
            **{TEXT: XMP, MAP: "tags"},
        },
        pages=True,
    ),
    Format(
        "WebP",
        (".webp",),
        ("uint8",),
        {EXIF: "chunk", XMP: "chunk", IPTC: XMP, COMMENT: EXIF, TEXT: XMP},
        largest_side=16_383,
        lossy=0,
    ),
    Format(
        "JPEG XL",
        (".jxl",),
        ("uint8", "uint16", "float32"),
        {EXIF: "box", XMP: "box", IPTC: XMP, COMMENT: EXIF, TEXT: XMP},
        lossy=0,
    ),
)


@dataclass(frozen=True)
class Unread:
    """A format that is known, but not read.

    Attributes
    ----------
    name : str
    beginning : bytes
        Regular expression of how its files begin.
    help : str
        What to do instead.
    suffixes : tuple of str
        Of pictures that a folder may hold.
    """

    name: str
    beginning: bytes
    help: str
    suffixes: tuple[str, ...] = ()


_EXPORT = "convert it to TIFF or PNG first"
_FIJI = "save it as OME-TIFF with Fiji (Bio-Formats) first"
_OIIO = "convert it to TIFF with oiiotool (OpenImageIO) first"
UNREAD = (
    Unread("PDF", rb"%PDF", "take its pictures out with pdfimages (Poppler) first"),
    Unread("PostScript (EPS)", rb"%!PS|\xc5\xd0\xd3\xc6", _EXPORT),
    Unread("SVG", rb"\s*<(?:svg|[?!].*<svg)", "export it as PNG with Inkscape first"),
    Unread("WMF or EMF", rb"\xd7\xcd\xc6\x9a|\x01\0\0\0.{36} EMF", _EXPORT),
    Unread("GIMP (XCF)", rb"gimp xcf", "export it from GIMP as TIFF first", (".xcf",)),
    Unread("Photoshop (PSB)", rb"8BPS\0\x02", _EXPORT, (".psb",)),
    Unread("OpenEXR", rb"\x76\x2f\x31\x01", _OIIO, (".exr",)),
    Unread("Radiance (HDR)", rb"#\?(?:RADIANCE|RGBE)", _OIIO, (".hdr",)),
    Unread("DPX", rb"SDPX|XPDS", _OIIO, (".dpx",)),
    Unread("JPEG XR", rb"II\xbc", _EXPORT, (".jxr", ".wdp", ".hdp")),
    Unread("BPG", rb"BPG\xfb", "convert it to PNG with bpgdec first", (".bpg",)),
    Unread(
        *("DjVu", rb"AT&TFORM", "convert it to TIFF with ddjvu first"),
        (".djvu", ".djv"),
    ),
    Unread(
        *("DICOM", rb".{128}DICM", "convert it to TIFF or PNG with DCMTK first"),
        (".dcm",),
    ),
    Unread("Zeiss CZI", rb"ZISRAWFILE", _FIJI, (".czi",)),
    Unread("Nikon ND2", rb"\xda\xce\xbe\x0a", _FIJI, (".nd2",)),
    Unread("Leica LIF", rb"\x70\0\0\0....\x2a", _FIJI, (".lif",)),
    Unread("HDF5 (as of Imaris)", rb"\x89HDF\r\n\x1a\n", _FIJI, (".ims",)),
    Unread("GRIB or BUFR", rb"GRIB|BUFR", _EXPORT),
    Unread(
        *("a film", rb"\x1a\x45\xdf\xa3|....ftyp(?!avi|hei|mif|msf)|RIFF....AVI "),
        "give the output the name of a film, such as OUT.mp4",
    ),
    Unread("an archive", rb"PK\x03\x04|7z\xbc\xaf|Rar!|\x1f\x8b", "unpack it first"),
)


def recognized(head: bytes) -> Unread | None:
    """Return the format of a file with this beginning, if it is known, but not read.

    Parameters
    ----------
    head : bytes
        At least 1,024 bytes, if the file has them.
    """
    for kind in UNREAD:
        if re.match(kind.beginning, head, re.DOTALL):
            return kind
    return None


FORMATS = {suffix: kind.name for kind in WRITTEN for suffix in kind.suffixes}
"""Names of the formats that are written, by suffix."""


def format_of(path: str | os.PathLike[str]) -> str | None:
    """Return the name of the written format that a suffix means, such as "PNG".

    Return None for any other suffix.
    """
    return FORMATS.get(Path(path).suffix.lower())


def written(name: str) -> Format:
    """Return a written format by its name."""
    return next(kind for kind in WRITTEN if kind.name == name)
