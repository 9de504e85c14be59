"""Pillow's readers: identification of a file, and its pixels without loss of alpha."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np
from PIL import Image

from colorize_engine.files.errors import (
    FileError,
    TooLarge,
    check_size,
    fault,
    reading,
)
from colorize_engine.files.formats import recognized

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.ImageFile import ImageFile


# Pillow passes EPS to Ghostscript, an external program: unsafe with untrusted files.
# Of the others it reads nothing but a header.
_LEFT_OUT = frozenset(("EPS", "BUFR", "GRIB", "HDF5", "WMF"))
# Pillow decodes this in Python, pixel by pixel, with hundreds of bytes for each.
_BEGINNING = 1024
_SLOW, _SLOW_PIXELS = "fits_gzip", 1 << 24
_MODES_TO_RGB = frozenset(("P", "HSV", "YCbCr", "RGBX"))
_MODES_TO_RGBA = frozenset(("PA", "RGBa"))


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
    beginning = stream.read(_BEGINNING)
    trouble: FileError | None = None
    head = beginning[:16]
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
                    trouble = fault(error, name)
    if (kind := recognized(beginning)) is not None:
        raise FileError(f"it is {kind.name}, which cannot be read here; {kind.help}")
    if trouble is not None:
        raise trouble
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
    return (array, bits, None) if image.mode == "CMYK" else split_alpha(array, bits)


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


def split_alpha(
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
