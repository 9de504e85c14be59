"""Encoder of PNG, JPEG, WebP and JPEG XL: sRGB, with metadata and the mark."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.files.icc import srgb_profile
from colorize_engine.files.keeping import fitted
from colorize_engine.files.metadata import exif, exif_tags, iptc, xmp
from colorize_engine.files.stills import jxl, png

if TYPE_CHECKING:
    import numpy.typing as npt

    from colorize_engine.files.formats import Format
    from colorize_engine.files.mark import Mark
    from colorize_engine.files.picture import Metadata, Picture

JPEG_QUALITY = 95
# Bytes that a segment of a JPEG file holds, and how those of metadata begin.
_SEGMENT = 65_533
_EXIF, _XMP_HEAD, _PHOTOSHOP = b"Exif\0\0", 29, b"Photoshop 3.0\0"


def encode(
    picture: Picture, target: Format, mark: Mark | None, quality: int | None
) -> tuple[bytes, list[str]]:
    """Return the bytes of a picture file.

    Parameters
    ----------
    picture : Picture
        RGB, of a type that the format can hold.
    target : Format
        PNG, JPEG, WebP or JPEG XL.
    mark : Mark or None
    quality : int or None
        1..100 for JPEG (None: 95; always with full color resolution), WebP and JPEG XL
        (None: lossless).

    Returns
    -------
    (bytes, list of str)
        The file and notes.
    """
    height, width = picture.image.shape[:2]
    meta, notes = fitted(picture.metadata, target, mark, (height, width))
    pixels = picture.image
    if picture.alpha is not None:
        if target.alpha:
            pixels = np.dstack((pixels, picture.alpha))
        else:
            notes.append(
                f"{target.name} has no transparency; the alpha channel was left out"
            )
    if target.name == "PNG":
        text = _text(meta.text, mark)
        return png.encode(
            pixels,
            exif=exif.build(meta.exif),
            xmp=meta.xmp,
            text=text,
            iptc=meta.iptc,
            dpi=meta.dpi,
        ), notes
    if target.name == "JPEG":
        return _jpeg(pixels, meta, mark, quality, notes), notes
    block = exif.build(meta.exif)
    if target.name == "JPEG XL":
        return jxl.encode(pixels, exif=block, xmp=meta.xmp, quality=quality), notes
    return _webp(pixels, block, meta.xmp, quality), notes


def _jpeg(
    pixels: npt.NDArray[Any],
    meta: Metadata,
    mark: Mark | None,
    quality: int | None,
    notes: list[str],
) -> bytes:
    """Return a JPEG file; add notes on metadata that are larger than a segment."""

    def too_large(what: str) -> None:
        notes.append(f"its {what} were left out, as they are too large for JPEG")

    block, cut = exif_tags.pack_within(meta.exif, _SEGMENT - len(_EXIF))
    if cut:
        notes.append("its largest EXIF tags were left out, as JPEG cannot hold them")
    options: dict[str, Any] = {"exif": _EXIF + block, "xmp": meta.xmp, "extra": b""}
    if len(meta.xmp) > _SEGMENT - _XMP_HEAD:
        options["xmp"], _ = xmp.marked(b"", mark)
        too_large("XMP data")
    resources = iptc.to_resources(meta.iptc) if meta.iptc else b""
    if len(_PHOTOSHOP + resources) > _SEGMENT:
        too_large("IPTC data")
    elif resources:
        segment = _PHOTOSHOP + resources
        options["extra"] = b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment
    options["comment"] = meta.comment.encode("utf-8", "replace")
    if len(options["comment"]) > _SEGMENT:
        too_large("comments")
        del options["comment"]
    if meta.dpi is not None:
        options["dpi"] = tuple(min(round(value), 65_535) for value in meta.dpi)
    options |= {"quality": quality or JPEG_QUALITY, "subsampling": 0}
    return _by_pillow(pixels, "JPEG", options)


def _webp(
    pixels: npt.NDArray[Any], block: bytes, packet: bytes, quality: int | None
) -> bytes:
    options: dict[str, Any] = {
        **{"lossless": quality is None, "quality": quality or 75},
        # Without "exact" the color of transparent pixels would be lost.
        **{"exif": block, "xmp": packet, "exact": True},
    }
    return _by_pillow(pixels, "WebP", options)


def _by_pillow(pixels: npt.NDArray[Any], kind: str, options: dict[str, Any]) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, icc_profile=srgb_profile(), **options)
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
