"""The table of formats: what is read of each, what is written, and what it holds."""

from __future__ import annotations

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
