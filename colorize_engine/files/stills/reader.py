"""Reader based on Pillow: JPEG, PNG, WebP, GIF, BMP, and its other formats."""

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
from colorize_engine.files.metadata import exif, exif_tags, iptc, xmp
from colorize_engine.files.picture import Metadata, Samples
from colorize_engine.files.stills import png
from colorize_engine.files.stills.beyond_pillow import decode

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.ImageFile import ImageFile


# Pillow passes EPS to Ghostscript, an external program: unsafe with untrusted files.
_LEFT_OUT = frozenset(("EPS",))
# Keywords of PNG text chunks that hold no text, or text that is kept elsewhere.
_NOT_TEXT = ("XML:com.adobe.xmp", "Raw profile type", "exif:", "icc:")
# How IPTC data begin in a JPEG file; the numbers of EXIF data and XMP in Photoshop's.
_PHOTOSHOP = b"Photoshop 3.0\0"
_EXIF_RESOURCE, _XMP_RESOURCE = 0x0422, 0x0424
# Pillow decodes this in Python, pixel by pixel, with hundreds of bytes for each.
_SLOW, _SLOW_PIXELS = "fits_gzip", 1 << 24
_MODES_TO_RGB = frozenset(("P", "HSV", "YCbCr", "RGBX"))
_ANIMATED = frozenset(("AVIF", "GIF", "PNG", "WEBP"))
# Of a Photoshop file Pillow reads all layers as one.
_LAYERED = "PSD"
_MODES_TO_RGBA = frozenset(("PA", "RGBa"))


def read_still(stream: BinaryIO, max_pixels: int) -> Samples:
    """Read a picture; if there are several frames or layers, the first.

    Parameters
    ----------
    stream : binary file
    max_pixels : int
        Largest number of pixels to decode.

    Raises
    ------
    FileError
        If the file is damaged, of no known format, or too large.
    """
    source = stream
    stream.seek(0)
    if png.is_deep(stream.read(25)):
        stream.seek(0)
        source = io.BytesIO(png.header_first(stream.read()))
    image = open_image(source)
    check_size(image.width, image.height, max_pixels)
    with reading():
        found = decode(image, stream)
    values, bits, alpha = _split(*found) if found else pixels(image)
    with reading():
        notes = _more_pictures(image)
        metadata, orientation, complaints = _metadata(image)
    return Samples(
        values,
        bits,
        alpha=alpha,
        profile=image.info.get("icc_profile") or b"",
        orientation=orientation,
        metadata=metadata,
        notes=(*notes, *complaints),
    )


def _more_pictures(image: ImageFile) -> list[str]:
    """Return a note if only one of several pictures is read."""
    count = getattr(image, "n_frames", 1)
    if count < 2 or image.format == _LAYERED:
        return []
    if image.format in _ANIMATED:
        return ["animated: only the first frame is colored"]
    return [f"it holds {count:,} pictures: only the first is colored"]


class Clipped(io.BufferedIOBase):
    """A binary file that never requests more bytes than it holds.

    Before it reads, Python allocates memory for all requested bytes, and Pillow
    requests as many as a damaged header says.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._size = stream, stream.seek(0, io.SEEK_END)

    def read(self, size: int | None = -1, /) -> bytes:
        """Read at most as many bytes as are left."""
        left = max(0, self._size - self._stream.tell())
        return self._stream.read(left if size is None or size < 0 else min(size, left))

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move in the file."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """Return the place in the file."""
        return self._stream.tell()

    def fileno(self) -> int:
        """Return the number of the open file."""
        return self._stream.fileno()

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True


def open_image(stream: BinaryIO) -> ImageFile:
    """Identify a file by Pillow's plugins and read its header.

    `Image.open` is not used, because its size limit is global: lifting it here would
    lift it for all users of Pillow in the process.

    Raises
    ------
    FileError
        If no plugin knows the file, or the one that does finds it damaged.
    """
    Image.preinit()
    stream = cast("BinaryIO", Clipped(stream))
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
                # If its library is missing, a plugin returns a message instead of True.
                if known and not isinstance(known, str):
                    return factory(stream, "")
            except MemoryError:
                raise
            except Exception as error:
                # Plugins raise any error; those without a signature do so on any file.
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
        Gray (H, W), RGB (H, W, 3) or CMYK (H, W, 4); the bits per sample; alpha.

    Raises
    ------
    FileError
        If the file is damaged.
    """
    if image.tile and image.tile[0][0] == _SLOW:
        try:
            check_size(image.width, image.height, _SLOW_PIXELS)
        except TooLarge as error:
            raise FileError(f"{error} for compressed FITS") from error
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
    """Return pixels with 1 to 4 channels, and the bits per sample."""
    mode, bits = image.mode, 8
    transparent = "transparency" in image.info
    if mode == "LAB":
        return _lab_to_rgb(image), 8
    if mode in _MODES_TO_RGBA or (transparent and mode in ("P", "RGB")):
        converted: Image.Image = image.convert("RGBA")
    elif mode == "La" or (transparent and mode in ("1", "L")):
        converted = image.convert("LA")
    elif mode in _MODES_TO_RGB:
        converted = image.convert("RGB")
    else:
        converted = image
        bits = 16 if mode.startswith("I;16") else 32 if mode in ("I", "F") else 8
    array = np.asarray(converted)
    # Pillow scales 16-bit PGM to 0..65535 and returns it with 32 bits.
    if mode == "I" and image.format == "PPM":
        return array.astype(np.uint16), 16
    return array.astype(array.dtype.newbyteorder("="), copy=False), bits


def _split(
    array: npt.NDArray[Any], bits: int
) -> tuple[npt.NDArray[Any], int, npt.NDArray[Any] | None]:
    """Return values, bits and alpha; split off the alpha of gray or RGB."""
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
    """Return the metadata, the orientation, and notes on what could not be read."""
    info, notes = image.info, []
    block = info.get("exif") or _resource(image, _EXIF_RESOURCE)
    found = exif.Exif()
    try:
        block = block or _raw_profile(info, "exif")
        if block:
            found = exif.parse(block)
    except (ValueError, struct.error):
        notes.append("its EXIF data are broken and were left out")
    packet = info.get("xmp") or info.get("XML:com.adobe.xmp")
    packet = packet or _resource(image, _XMP_RESOURCE)
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
        _iptc(image),
        "" if text else _comment(image),
        _dpi(info, found),
    )
    return metadata, orientation, notes


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


def _dpi(info: dict[Any, Any], found: exif.Exif) -> tuple[float, float] | None:
    """Return the resolution in the format's own header, else that in EXIF."""
    try:
        x, y = (float(value) for value in info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return exif_tags.resolution(found)
    return (x, y) if 0 < x < 1e6 and 0 < y < 1e6 else exif_tags.resolution(found)
