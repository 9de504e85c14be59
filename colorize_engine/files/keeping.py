"""Metadata as a format can hold them, with the mark, and notes on what it cannot."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from colorize_engine.files.formats import COMMENT, EXIF, IPTC, MAP, TEXT, XMP
from colorize_engine.files.metadata import exif_tags, iptc, xmp

if TYPE_CHECKING:
    from colorize_engine.files.formats import Format
    from colorize_engine.files.mark import Mark
    from colorize_engine.files.picture import Metadata

# Keywords of a PNG's text and their properties in XMP; a comment is one everywhere.
_KEYWORDS = {
    "Title": ("dc:title", "Alt"),
    "Author": ("dc:creator", "Seq"),
    "Description": ("dc:description", "Alt"),
    "Copyright": ("dc:rights", "Alt"),
    "Software": ("xmp:CreatorTool", ""),
}
_COMMENT = "Comment"


def fitted(
    metadata: Metadata, target: Format, mark: Mark | None, shape: tuple[int, int]
) -> tuple[Metadata, list[str]]:
    """Return metadata as a format holds them, marked, and notes on what is lost.

    Parameters
    ----------
    metadata : Metadata
        Of the source.
    target : Format
    mark : Mark or None
    shape : (int, int)
        Rows and columns of the picture.

    Returns
    -------
    (Metadata, list of str)
        What has no place of its own in the format is in its XMP or EXIF data.
    """
    notes: list[str] = []
    properties: list[xmp.Property] = []

    def lost(what: str) -> None:
        notes.append(f"its {what} were left out, as {target.name} cannot hold them")

    if metadata.text and target.holds[TEXT] == XMP:
        metadata, found, names = _text_as_xmp(metadata)
        properties += found
        if names:
            lost(f"PNG texts ({', '.join(names)})")
    if metadata.iptc and target.holds[IPTC] == XMP:
        found, names = iptc.properties(metadata.iptc)
        metadata = replace(metadata, iptc=b"")
        properties += found
        if names:
            lost(f"IPTC entries {', '.join(names)}")
    if metadata.comment and target.holds[COMMENT] == TEXT:
        text = ((_COMMENT, metadata.comment), *metadata.text)
        metadata = replace(metadata, comment="", text=text)
    elif metadata.comment and target.holds[COMMENT] == EXIF:
        exif = exif_tags.commented(metadata.exif, metadata.comment)
        if exif is None:
            lost("comments")
        metadata = replace(metadata, comment="", exif=exif or metadata.exif)
    if exif_tags.ON_MAP & metadata.exif.main.keys() and MAP not in target.holds:
        lost("coordinates on a map (GeoTIFF)")
        metadata = replace(metadata, exif=exif_tags.without_map(metadata.exif))
    packet, more = xmp.marked(metadata.xmp, mark, properties)
    exif = exif_tags.marked(metadata.exif, mark, shape, metadata.dpi)
    return replace(metadata, exif=exif, xmp=packet), notes + more


def _text_as_xmp(metadata: Metadata) -> tuple[Metadata, list[xmp.Property], list[str]]:
    """Return metadata without text, properties for it, and the keywords of the rest."""
    values: dict[str, list[str]] = {}
    for keyword, value in metadata.text:
        values.setdefault(keyword, []).append(value)
    comments = [metadata.comment, *values.pop(_COMMENT, [])]
    comment = "\n".join(filter(None, comments))
    properties = [
        xmp.Property(*_KEYWORDS[keyword], tuple(texts))
        for keyword, texts in values.items()
        if keyword in _KEYWORDS
    ]
    names = [keyword for keyword in values if keyword not in _KEYWORDS]
    return replace(metadata, text=(), comment=comment), properties, names
