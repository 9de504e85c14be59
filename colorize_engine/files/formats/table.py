"""The table of formats: what is read of each, what is written, and what it holds."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - the dataclass looks it up
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

EXIF, XMP, IPTC, COMMENT, TEXT, MAP = "EXIF", "XMP", "IPTC", "comment", "text", "map"
PROFILE, RESOLUTION, ALPHA = "profile", "resolution", "alpha"


@dataclass(frozen=True)
class Format:
    """A format of picture files.

    Attributes
    ----------
    name : str
    suffixes : tuple of str
        Of names of files, in lower case, with the dot.
    bits : str
        Of the samples that are read, without loss of depth.
    reads : tuple of str
        What is read beside the pixels: EXIF data, XMP, IPTC (IIM), a comment, other
        text, the place on a map (GeoTIFF), a color profile (ICC), the resolution, and
        transparency.
    pictures : {"one", "first", "all"}
        Which of several pictures are read.
    extra : str
        Extra of the package that reads it; empty if none is needed.
    more : tuple of str
        Further suffixes of files that are only read.
    types : tuple of str
        NumPy types of the pixels that are written, the deepest last; empty if the
        format is only read.
    holds : mapping of str to str
        What is written beside the pixels, and where. "XMP" and "EXIF" mean that it is
        translated to these.
    alpha, pages : bool
        Whether transparency, and whether several pictures are written.
    largest_side : int or None
        Of what is written, in pixels.
    lossy : int or None
        Usual quality, 1..100; 0 if it is without loss unless a quality is asked for;
        None if it knows none.
    """

    name: str
    suffixes: tuple[str, ...]
    bits: str
    reads: tuple[str, ...]
    pictures: str = "one"
    extra: str = ""
    more: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    holds: Mapping[str, str] = field(default_factory=dict)
    alpha: bool = True
    pages: bool = False
    largest_side: int | None = None
    lossy: int | None = None


RAW, HEIF = "raw files of cameras and scanners", "HEIC, HEIF"
_DEEP = ("uint8", "uint16", "float32")
# Longest sides are those that libjpeg, libwebp and libpng can write.
_BOTH = (
    Format(
        "PNG",
        (".png",),
        "1 to 8, 16",
        (EXIF, XMP, IPTC, COMMENT, TEXT, PROFILE, RESOLUTION, ALPHA),
        "first",
        more=(".apng",),
        types=("uint8", "uint16"),
        holds={
            **{EXIF: "eXIf", XMP: "iTXt", IPTC: "raw profile", COMMENT: TEXT},
            TEXT: "iTXt",
        },
        largest_side=1_000_000,
    ),
    Format(
        "JPEG",
        (".jpg", ".jpeg"),
        "8 to 16",
        (EXIF, XMP, IPTC, COMMENT, PROFILE, RESOLUTION),
        "first",
        more=(".jpe", ".jfif", ".mpo", ".jls"),
        types=("uint8",),
        holds={EXIF: "APP1", XMP: "APP1", IPTC: "APP13", COMMENT: "COM", TEXT: XMP},
        alpha=False,
        largest_side=65_500,
        lossy=95,
    ),
    Format(
        "TIFF",
        (".tif", ".tiff"),
        "1 to 32, float",
        (EXIF, XMP, IPTC, MAP, PROFILE, RESOLUTION, ALPHA),
        "all",
        # Files of microscopes and scanners.
        more=(".lsm", ".stk", ".svs", ".ndpi", ".qptiff", ".btf", ".tf8"),
        types=_DEEP,
        holds={
            **{EXIF: "tags", XMP: "tag 700", IPTC: "tag 33723", COMMENT: EXIF},
            **{TEXT: XMP, MAP: "tags"},
        },
        pages=True,
    ),
    Format(
        "WebP",
        (".webp",),
        "8",
        (EXIF, XMP, PROFILE, RESOLUTION, ALPHA),
        "first",
        types=("uint8",),
        holds={EXIF: "chunk", XMP: "chunk", IPTC: XMP, COMMENT: EXIF, TEXT: XMP},
        largest_side=16_383,
        lossy=0,
    ),
    Format(
        "JPEG XL",
        (".jxl",),
        "8 to 16, float",
        (EXIF, XMP, RESOLUTION, ALPHA),
        "first",
        types=_DEEP,
        holds={EXIF: "box", XMP: "box", IPTC: XMP, COMMENT: EXIF, TEXT: XMP},
        lossy=0,
    ),
)
_ONLY_READ = (
    Format(
        HEIF,
        (".heic", ".heif", ".hif"),
        "8 to 12",
        (EXIF, XMP, PROFILE, RESOLUTION, ALPHA),
        "first",
        "heic",
    ),
    Format(
        "AVIF",
        (".avif", ".avifs"),
        "8 to 12",
        (EXIF, XMP, PROFILE, RESOLUTION, ALPHA),
        "first",
    ),
    Format(
        "JPEG 2000",
        (".jp2", ".j2k", ".jpx", ".jpc", ".j2c", ".jpf"),
        "8 to 16",
        (EXIF, XMP, IPTC, PROFILE, RESOLUTION, ALPHA),
    ),
    Format("GIF", (".gif",), "8", (COMMENT, ALPHA), "first"),
    Format("BMP", (".bmp", ".dib"), "1 to 8", (RESOLUTION,)),
    Format("Photoshop", (".psd",), "8", (EXIF, XMP, IPTC, PROFILE, RESOLUTION)),
    Format(
        RAW,
        tuple(
            ".dng .nef .nrw .cr2 .cr3 .crw .arw .srf .sr2 .raf .rw2 .rwl .raw .orf "
            ".pef .srw .3fr .fff .iiq .x3f .mrw .dcr .kdc .erf .mef .mos .gpr".split()
        ),
        "to 16",
        (EXIF, XMP, IPTC),
        extra="raw",
    ),
    Format(
        "Netpbm (PGM, PPM)",
        (".pgm", ".ppm", ".pnm", ".pbm", ".pfm"),
        "1 to 16, float",
        (),
    ),
    Format("TGA, SGI, PCX, QOI, DDS and others of Pillow", (), "8", (ALPHA,), "first"),
)
READ = (*_BOTH, *_ONLY_READ)
"""All formats."""
WRITTEN = _BOTH
"""Formats that are written, too."""


def named(name: str) -> Format:
    """Return a format by its name."""
    return next(kind for kind in READ if kind.name == name)


FORMATS = {suffix: kind.name for kind in WRITTEN for suffix in kind.suffixes}
"""Names of the formats that are written, by suffix."""
TIFF_LIKE = frozenset(named("TIFF").more)
"""Suffixes of TIFF files of microscopes and scanners."""
RAW_SUFFIXES = frozenset(named(RAW).suffixes)
"""Suffixes of raw files of cameras and film scanners."""


def format_of(path: str | os.PathLike[str]) -> str | None:
    """Return the name of the written format that a suffix means, such as "PNG".

    Return None for any other suffix.
    """
    return FORMATS.get(Path(path).suffix.lower())


def missing(what: str, extra: str) -> str:
    """Return the message that an extra of the package is missing.

    Parameters
    ----------
    what : str
        What the file is.
    extra : str
    """
    return f"{what}; to read it, run: pip install 'napari-colorize[{extra}]'"
