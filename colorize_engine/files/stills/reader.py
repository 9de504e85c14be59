"""Reading with Pillow: JPEG, PNG, WebP, GIF, BMP, and whatever else it knows."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np
from PIL import Image

from colorize_engine.files.errors import (
    FileError,
    TooLarge,
    check_size,
    error_text,
    reading,
)
from colorize_engine.files.metadata import exif, exif_tags, xmp
from colorize_engine.files.picture import Metadata, Samples
from colorize_engine.files.stills import png
from colorize_engine.files.stills.beyond_pillow import decode

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.ImageFile import ImageFile


# Pillow hands EPS to Ghostscript, a program of its own: not for files of any origin.
_LEFT_OUT = frozenset(("EPS",))
# Text in a PNG that is not text, or is kept elsewhere.
_NOT_TEXT = ("XML:com.adobe.xmp", "Raw profile type", "exif:", "icc:")
# Decoded in Python, pixel by pixel, with hundreds of bytes for each.
_SLOW, _SLOW_PIXELS = "fits_gzip", 1 << 24
_MODES_TO_RGB = frozenset(("P", "HSV", "YCbCr", "RGBX"))
_ANIMATED = frozenset(("GIF", "PNG", "WEBP"))
_MODES_TO_RGBA = frozenset(("PA", "RGBa"))


def read_still(stream: BinaryIO, max_pixels: int) -> Samples:
    """Read a picture; of several frames or layers the first.

    Parameters
    ----------
    stream : binary file
    max_pixels : int
        The most pixels to decode.

    Raises
    ------
    FileError
        If the file is damaged, of no known format, or too large.
    """
    source = stream
    if png.is_deep(stream.read(25)):
        stream.seek(0)
        source = io.BytesIO(png.header_first(stream.read()))
    image = open_image(source)
    check_size(image.width, image.height, max_pixels)
    with reading():
        found = decode(image, stream)
    values, bits, alpha = _split(*found) if found else pixels(image)
    notes = []
    with reading():
        if image.format in _ANIMATED and getattr(image, "is_animated", False):
            notes.append("animated: only the first frame is colored")
        metadata, turned, complaints = _metadata(image)
    return Samples(
        values,
        bits,
        alpha=alpha,
        profile=image.info.get("icc_profile") or b"",
        orientation=turned,
        metadata=metadata,
        notes=(*notes, *complaints),
    )


class _Clipped(io.BufferedIOBase):
    """A file of which no more can be asked for than it holds.

    Python sets memory aside for as many bytes as are asked for before it reads, and
    Pillow asks for as many as a damaged header says.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._size = stream, stream.seek(0, io.SEEK_END)

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(0, self._size - self._stream.tell())
        return self._stream.read(left if size is None or size < 0 else min(size, left))

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def fileno(self) -> int:
        return self._stream.fileno()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


def open_image(stream: BinaryIO) -> ImageFile:
    """Identify a file by Pillow's plugins and read its header.

    `Image.open` would do, were it not for its limit of size, which is global: it
    could only be lifted for other users of Pillow in the same process, too.

    Raises
    ------
    FileError
        If no plugin knows the file, or the one that does finds it damaged.
    """
    Image.preinit()
    stream = cast("BinaryIO", _Clipped(stream))
    stream.seek(0)
    head, trouble = stream.read(16), ""
    tried: set[str] = set()
    for load_more in (lambda: None, Image.init):
        load_more()
        for name in Image.ID:
            if name in tried | _LEFT_OUT:
                continue
            tried.add(name)
            stream.seek(0)
            factory, accept = Image.OPEN[name]
            known: object = None
            try:
                known = not accept or accept(head)
                # A plugin that lacks its library says so in a text.
                if known and not isinstance(known, str):
                    return factory(stream, "")
            except MemoryError:
                raise
            except Exception as error:
                # Plugins fail in any way; those without a signature on every file.
                if accept and known:
                    trouble = f" ({name}: {error_text(error)})"
    if trouble:
        raise FileError(f"the file is damaged{trouble}")
    raise FileError("the file is in no picture format that can be read here")


def pixels(
    image: ImageFile,
) -> tuple[npt.NDArray[Any], int, npt.NDArray[Any] | None]:
    """Decode an image.

    Returns
    -------
    (ndarray, int, ndarray or None)
        Gray (H, W), RGB (H, W, 3) or CMYK (H, W, 4); the bits of a sample; alpha.

    Raises
    ------
    FileError
        If the file is damaged.
    """
    if image.tile and image.tile[0][0] == _SLOW:
        try:
            check_size(image.width, image.height, _SLOW_PIXELS)
        except TooLarge as error:
            raise FileError(f"{error} for FITS with compression") from error
    try:
        with reading():
            image.load()
            array, bits = _array(image)
    except FileError as error:
        if not isinstance(error.__cause__, Image.DecompressionBombError):
            raise
        raise FileError(
            f"{image.format} of {image.width} x {image.height} is too large for "
            "Pillow; convert it to PNG or TIFF"
        ) from error
    return (array, bits, None) if image.mode == "CMYK" else _split(array, bits)


def _array(image: ImageFile) -> tuple[npt.NDArray[Any], int]:
    """Return pixels with 1 to 4 channels and the bits of a sample."""
    mode, bits = image.mode, 8
    see_through = "transparency" in image.info
    if mode == "LAB":
        return _lab_to_rgb(image), 8
    if mode in _MODES_TO_RGBA or (see_through and mode in ("P", "RGB")):
        converted: Image.Image = image.convert("RGBA")
    elif mode == "La" or (see_through and mode in ("1", "L")):
        converted = image.convert("LA")
    elif mode in _MODES_TO_RGB:
        converted = image.convert("RGB")
    else:
        converted = image
        bits = 16 if mode.startswith("I;16") else 32 if mode in ("I", "F") else 8
    array = np.asarray(converted)
    # Pillow scales 16-bit PGM to 0..65535 and hands it on in 32 bits.
    if mode == "I" and image.format == "PPM":
        return array.astype(np.uint16), 16
    return array.astype(array.dtype.newbyteorder("="), copy=False), bits


def _split(
    array: npt.NDArray[Any], bits: int
) -> tuple[npt.NDArray[Any], int, npt.NDArray[Any] | None]:
    """Part alpha from gray with alpha and from RGBA."""
    if array.ndim == 3 and array.shape[2] in (2, 4):
        values = array[..., 0] if array.shape[2] == 2 else array[..., :3]
        return values, bits, array[..., -1]
    return array, bits, None


def _lab_to_rgb(image: Image.Image) -> npt.NDArray[np.uint8]:
    from PIL import ImageCms

    rgb = ImageCms.profileToProfile(
        image,
        ImageCms.createProfile("LAB"),
        ImageCms.createProfile("sRGB"),
        outputMode="RGB",
    )
    return np.asarray(rgb)


def _metadata(image: ImageFile) -> tuple[Metadata, int, list[str]]:
    """Return metadata, the orientation, and notes of what could not be read."""
    info, notes = image.info, []
    block, legacy = info.get("exif") or b"", info.get("Raw profile type exif")
    found = exif.Exif()
    try:
        if not block and isinstance(legacy, str):
            block = bytes.fromhex("".join(legacy.split("\n")[3:]))
        if block:
            found = exif.parse(block)
    except (ValueError, struct.error):
        notes.append("its EXIF data are broken and were left out")
    packet = info.get("xmp") or info.get("XML:com.adobe.xmp") or b""
    packet = packet.encode() if isinstance(packet, str) else bytes(packet)
    turned = exif_tags.orientation(found) or xmp.orientation(packet) or 1
    text = tuple(
        (keyword, str(value))
        for keyword, value in getattr(image, "text", {}).items()
        if not keyword.startswith(_NOT_TEXT)
    )
    metadata = Metadata(exif_tags.scene_tags(found), packet, text, _dpi(info, found))
    return metadata, turned, notes


def _dpi(info: dict[Any, Any], found: exif.Exif) -> tuple[float, float] | None:
    """Return the resolution of the format's own header, else that of EXIF."""
    try:
        x, y = (float(value) for value in info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return exif_tags.resolution(found)
    return (x, y) if 0 < x < 1e6 and 0 < y < 1e6 else exif_tags.resolution(found)
