"""The data that readers return and writers take: pictures and their metadata."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from colorize_engine.files.metadata import Exif

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Metadata:
    """The metadata of a picture file that still hold for a colored copy.

    Attributes
    ----------
    exif : Exif
        Camera, scene and place tags, raw; without thumbnail and orientation.
    xmp : bytes
        The XMP packet, empty if there is none.
    text : tuple of (str, str)
        Keywords and values of a PNG's text chunks.
    iptc : bytes
        IPTC captions (IIM), empty if there are none.
    comment : str
        The comment of a JPEG or GIF file.
    dpi : (float, float) or None
        Resolution in pixels per inch, along x and along y.
    """

    exif: Exif = field(default_factory=Exif)
    xmp: bytes = b""
    text: tuple[tuple[str, str], ...] = ()
    iptc: bytes = b""
    comment: str = ""
    dpi: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Samples:
    """One page as stored, before `develop` turns it into a picture.

    Attributes
    ----------
    values : (H, W) gray, (H, W, 3) RGB or (H, W, 4) CMYK ndarray
        Upright only after `orientation` is applied.
    bits : int
        Bits per sample of integer `values`; the full range is 0..2**bits - 1
        (signed: -2**(bits-1)..2**(bits-1)-1).
    inverted : bool
        Whether 0 is white.
    alpha : (H, W) ndarray or None
        Opacity, with the same number of bits, or floats in 0..1.
    associated : bool
        Whether alpha is multiplied into `values`.
    profile : bytes
        ICC profile of `values`; empty if there is none.
    orientation : int
        1..8, as in EXIF.
    """

    values: npt.NDArray[Any]
    bits: int
    inverted: bool = False
    alpha: npt.NDArray[Any] | None = None
    associated: bool = False
    profile: bytes = b""
    orientation: int = 1
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture, upright, in the full range of its type, with its metadata.

    Attributes
    ----------
    image : (H, W) or (H, W, 3) ndarray of uint8, uint16 or float32
        Gray or RGB, sRGB-encoded; floats in 0..1.
    alpha : (H, W) ndarray or None
        Opacity, of the image's type; not multiplied into the image.
    metadata : Metadata
    has_color : bool
        Whether the picture had any color in its file.
    is_toned : bool
        Whether that color is a tone of the whole picture, such as sepia or a cast.
    notes : tuple of str
        Notes for the user on how the file was read, one line each.
    blank : int
        Number of pixels that were NaN or infinite and are black now.
    """

    image: npt.NDArray[np.uint8 | np.uint16 | np.float32]
    alpha: npt.NDArray[np.uint8 | np.uint16 | np.float32] | None = None
    metadata: Metadata = field(default_factory=Metadata)
    has_color: bool = False
    is_toned: bool = False
    notes: tuple[str, ...] = ()
    blank: int = 0
