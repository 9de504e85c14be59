"""Formats that are known by how their files begin, but not read."""

from __future__ import annotations

import re
from dataclasses import dataclass


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
    Unread("Radiance (HDR)", rb"#\?(?:RADIANCE|RGBE)", _OIIO),
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
