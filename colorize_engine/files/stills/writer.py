"""Encoder of PNG, JPEG and WebP: one picture, sRGB, with metadata and the mark."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.files.icc import srgb_profile
from colorize_engine.files.metadata import exif_tags, xmp
from colorize_engine.files.stills import png

if TYPE_CHECKING:
    import numpy.typing as npt

    from colorize_engine.files.mark import Mark
    from colorize_engine.files.picture import Picture

JPEG_QUALITY = 95
# A segment of a JPEG file holds 65,533 bytes, with the identifier of EXIF or XMP.
_JPEG_EXIF, _JPEG_XMP = 65_533 - 6, 65_533 - 29
_NO_LIMIT = 1 << 30


def encode(
    picture: Picture, kind: str, mark: Mark | None, quality: int | None
) -> tuple[bytes, list[str]]:
    """Return the bytes of a picture file.

    Parameters
    ----------
    picture : Picture
        RGB, of a type that the format can hold.
    kind : {"PNG", "JPEG", "WebP"}
    mark : Mark or None
    quality : int or None
        1..100 for JPEG (None: 95; always with full color resolution) and WebP (None:
        lossless).

    Returns
    -------
    (bytes, list of str)
        The file and notes.
    """
    notes: list[str] = []
    shape = picture.image.shape[:2]
    meta = picture.metadata
    found = exif_tags.marked(meta.exif, mark, (shape[0], shape[1]), meta.dpi)
    block, cut = exif_tags.pack_within(
        found, _JPEG_EXIF if kind == "JPEG" else _NO_LIMIT
    )
    if cut:
        notes.append("its largest EXIF tags were left out, as JPEG cannot hold them")
    packet, more = xmp.marked(meta.xmp, mark)
    notes += more
    if kind == "JPEG" and len(packet) > _JPEG_XMP:
        packet, _ = xmp.marked(b"", mark)
        notes.append("its XMP data were left out, as they are too large for JPEG")
    pixels = picture.image
    if picture.alpha is not None:
        if kind == "JPEG":
            notes.append("JPEG has no transparency; the alpha channel was left out")
        else:
            pixels = np.dstack((pixels, picture.alpha))
    if kind == "PNG":
        text = _text(meta.text, mark)
        return png.encode(
            pixels, exif=block, xmp=packet, text=text, dpi=meta.dpi
        ), notes
    return _by_pillow(pixels, kind, block, packet, meta.dpi, quality), notes


def _by_pillow(
    pixels: npt.NDArray[Any],
    kind: str,
    block: bytes,
    packet: bytes,
    dpi: tuple[float, float] | None,
    quality: int | None,
) -> bytes:
    from PIL import Image

    options: dict[str, object] = {"icc_profile": srgb_profile()}
    if kind == "JPEG":
        options |= {"quality": quality or JPEG_QUALITY, "subsampling": 0}
        options |= {"exif": b"Exif\0\0" + block}
        if dpi is not None:
            options["dpi"] = tuple(min(round(value), 65_535) for value in dpi)
    else:
        options |= {"lossless": quality is None, "quality": quality or 75}
        # Without "exact" the color of transparent pixels would be lost.
        options |= {"exif": block, "exact": True}
    if packet:
        options["xmp"] = packet
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def _text(
    kept: tuple[tuple[str, str], ...], mark: Mark | None
) -> list[tuple[str, str]]:
    """Return the text chunks of a PNG: those of the source, then the mark."""
    if mark is None:
        return list(kept)
    old = dict(kept)
    text = [(keyword, value) for keyword, value in kept if keyword != "Software"]
    programs = old.get("Software", "")
    if mark.software not in programs:
        programs = "; ".join(filter(None, (programs, mark.software)))
    return [*text, ("Software", programs), ("Comment", mark.text)]
