"""Metadata of the files that Pillow reads, as it finds them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, BinaryIO

from colorize_engine.files.metadata import exif, exif_tags, iptc, xmp
from colorize_engine.files.picture import Metadata
from colorize_engine.files.stills.boxes import split

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

# Keywords of PNG text chunks that hold no text, or text that is kept elsewhere.
_NOT_TEXT = ("XML:com.adobe.xmp", "Raw profile type", "exif:", "icc:")
# How IPTC data begin in a JPEG file; the numbers of EXIF data and XMP in Photoshop's.
_PHOTOSHOP = b"Photoshop 3.0\0"
_EXIF_RESOURCE, _XMP_RESOURCE, _RESOLUTION_RESOURCE = 0x0422, 0x0424, 0x03ED
# Identifiers of metadata in a JPEG 2000 file.
_EXIF_ID = b"JpgTiffExif->JP2"
_XMP_ID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_ICC_METHODS = (b"\2", b"\3")
_IPTC_ID = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")


def metadata_of(image: ImageFile, stream: BinaryIO) -> tuple[Metadata, int, list[str]]:
    """Return the metadata, the orientation, and notes on what could not be read.

    Parameters
    ----------
    image : PIL.ImageFile.ImageFile
    stream : binary file
        The same file.
    """
    info, notes = image.info, []
    boxes = _boxes(stream) if image.format == "JPEG2000" else {}
    block = info.get("exif") or _resource(image, _EXIF_RESOURCE) or boxes.get(_EXIF_ID)
    found = exif.Exif()
    try:
        block = block or _raw_profile(info, "exif")
        if block:
            found = exif.parse(block)
    except (ValueError, struct.error):
        notes.append("its EXIF data are broken and were left out")
    packet = info.get("xmp") or info.get("XML:com.adobe.xmp")
    packet = packet or _resource(image, _XMP_RESOURCE) or boxes.get(_XMP_ID, b"")
    packet = packet.encode() if isinstance(packet, str) else bytes(packet)
    if b"HasExtendedXMP" in packet:
        notes.append("the part of its XMP data beyond 64 kB was left out")
    orientation = exif_tags.orientation(found) or xmp.orientation(packet) or 1
    text = tuple(
        (keyword, str(value))
        for keyword, value in getattr(image, "text", {}).items()
        if not keyword.startswith(_NOT_TEXT)
    )
    metadata = Metadata(
        exif_tags.scene_tags(found),
        packet,
        text,
        iptc.cleaned(boxes[_IPTC_ID]) if _IPTC_ID in boxes else _iptc(image),
        "" if text else _comment(image),
        _dpi(info, found) or _resource_dpi(image),
    )
    return metadata, orientation, notes


def profile_of(image: ImageFile, stream: BinaryIO) -> bytes:
    """Return the color profile (ICC) of a picture, empty if there is none."""
    found: bytes = image.info.get("icc_profile") or b""
    if found or image.format != "JPEG2000":
        return found
    stream.seek(0)
    header = b"".join(data for kind, data in split(stream.read()) if kind == b"jp2h")
    colors = (data for kind, data in split(header) if kind == b"colr")
    # Method, precedence and approximation come first.
    return next((data[3:] for data in colors if data[:1] in _ICC_METHODS), b"")


def _boxes(stream: BinaryIO) -> dict[bytes, bytes]:
    """Return the metadata in a JPEG 2000 file by their identifier."""
    stream.seek(0)
    found = split(stream.read())
    return {data[:16]: data[16:] for kind, data in found if kind == b"uuid"}


def _raw_profile(info: dict[Any, Any], name: str) -> bytes:
    """Return a profile that ImageMagick wrote into the text of a PNG, in hexadecimal.

    Raises
    ------
    ValueError
        If it is broken.
    """
    found = info.get(f"Raw profile type {name}")
    # Its first lines are empty, its name and its length.
    return bytes.fromhex("".join(str(found).split("\n")[3:])) if found else b""


def _resource(image: ImageFile, number: int) -> bytes:
    """Return one of the resources of a Photoshop file, empty if there is none."""
    resources = getattr(image, "resources", ())
    return next((data for code, _, data in resources if code == number), b"")


def _iptc(image: ImageFile) -> bytes:
    """Return the IPTC data of a picture, empty if there are none or they are broken."""
    found = _resource(image, iptc.RESOURCE)
    segments = [
        data.removeprefix(_PHOTOSHOP)
        for name, data in getattr(image, "applist", ())
        if name == "APP13" and data.startswith(_PHOTOSHOP)
    ]
    found = found or iptc.from_resources(b"".join(segments))
    try:
        profile = _raw_profile(image.info, "iptc")
    except ValueError:
        profile = b""
    found = found or iptc.from_resources(profile) or profile
    return iptc.cleaned(found)


def _comment(image: ImageFile) -> str:
    """Return the comments of a JPEG, JPEG 2000 or GIF file, empty if there are none."""
    segments = [data for name, data in getattr(image, "applist", ()) if name == "COM"]
    last = image.info.get("comment", b"")
    parts = segments or [last if isinstance(last, bytes) else str(last).encode()]
    return "\n".join(filter(None, map(iptc.decoded, parts)))


def _resource_dpi(image: ImageFile) -> tuple[float, float] | None:
    """Return the resolution of a Photoshop file, which always counts inches."""
    data = _resource(image, _RESOLUTION_RESOURCE)
    if len(data) < 16:
        return None
    x, _, _, y = struct.unpack_from(">IHHI", data)
    return (x / 65536, y / 65536) if x and y else None


def _dpi(info: dict[Any, Any], found: exif.Exif) -> tuple[float, float] | None:
    """Return the resolution in the format's own header, else that in EXIF."""
    try:
        x, y = (float(value) for value in info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return exif_tags.resolution(found)
    return (x, y) if 0 < x < 1e6 and 0 < y < 1e6 else exif_tags.resolution(found)
