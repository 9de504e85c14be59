"""Color of more than 8 bits, which Pillow reads as 8 bits without a word."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from colorize_engine.formats import png
from colorize_engine.formats.picture import FileError

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.ImageFile import ImageFile

    Deep = tuple[npt.NDArray[Any], int] | None

# Start of codestream, then the SIZ marker segment (ISO 15444-1, A.5.1): the byte at 42
# has the bits of the first component less 1, and whether they are signed on top.
_JPEG_2000_SIZE = b"\xff\x4f\xff\x51"
# Kind, width, height and largest value, with comments between, and one blank (netpbm).
_PPM_HEADER = re.compile(rb"P6" + rb"(?:\s|#[^\n]*\n)+(\d+)" * 3 + rb"\s")


def decode(image: ImageFile, stream: BinaryIO) -> Deep:
    """Decode 16-bit PNG and deep color of JPEG 2000 and PPM.

    Parameters
    ----------
    image : PIL.ImageFile.ImageFile
        The same file as Pillow knows it from its header.
    stream : binary file

    Returns
    -------
    (ndarray, int) or None
        Pixels (H, W) or (H, W, 2, 3 or 4) and the bits of a sample. None where Pillow
        loses nothing.

    Raises
    ------
    FileError
        If the file is damaged.
    """
    stream.seek(0)
    head = stream.read(1 << 12)
    try:
        if png.is_deep(head):
            return png.decode_deep(head + stream.read()), 16
        if image.format == "JPEG2000" and image.mode in ("LA", "RGB", "RGBA"):
            return _jpeg_2000(head + stream.read())
        if image.format == "PPM" and image.mode == "RGB":
            return _ppm(head, stream, image.width, image.height)
    except (RuntimeError, ValueError) as error:
        # The errors of imagecodecs are RuntimeErrors.
        raise FileError(f"the file is damaged ({error})") from error
    return None


def _jpeg_2000(file: bytes) -> Deep:
    import imagecodecs

    at = file.find(_JPEG_2000_SIZE)
    if at < 0 or len(file) <= at + 42 or not 8 <= file[at + 42] < 16:
        return None
    return imagecodecs.jpeg2k_decode(file), file[at + 42] + 1


def _ppm(head: bytes, stream: BinaryIO, width: int, height: int) -> Deep:
    found = _PPM_HEADER.match(head)
    if found is None or int(found[3]) < 256:
        return None
    stream.seek(found.end())
    pixels = np.frombuffer(stream.read(6 * width * height), ">u2")
    values = pixels.reshape(height, width, 3).astype(np.uint16)
    return values, int(found[3]).bit_length()
