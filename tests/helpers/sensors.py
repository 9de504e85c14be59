"""Raw files as cameras and film scanners write them, made by hand."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# XYZ to linear sRGB (IEC 61966-2-1): a sensor that sees as a screen does.
_MATRIX = (
    *(3.2406, -1.5372, -0.4986),
    *(-0.9689, 1.8758, 0.0415),
    *(0.0557, -0.2040, 1.0570),
)
_MOSAIC, _LINEAR = 32803, 34892
_WHITE = 16_000
PREVIEW = np.full((16, 24, 3), (200, 50, 30), np.uint8)


def light(shape: tuple[int, int] = (64, 96)) -> np.ndarray:
    """Return linear light in 0..1: darker on the left, and a dark corner above."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    ramp = 0.1 + 0.8 * x / (shape[1] - 1)
    return np.where((y < 16) & (x > shape[1] - 24), 0.02, ramp)


def encoded(linear: np.ndarray) -> np.ndarray:
    """Return linear light sRGB-encoded, in 0..65535."""
    low, high = linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055
    return 65535 * np.where(linear <= 0.0031308, low, high)


def write_dng(
    path: Path,
    kind: str = "mosaic",
    *,
    preview: bool = True,
    orientation: int = 1,
    shape: tuple[int, int] = (64, 96),
    order: Any = "<",
    more: Sequence[Any] = (),
) -> None:
    """Write a DNG file of a mosaic, or of linear gray or RGB as scanners give it.

    Further tags are in the form of tifffile.
    """
    # Scanners subtract black themselves.
    black = 0 if kind == "rgb" else 200
    values = np.rint(black + light(shape) * (_WHITE - black)).astype(np.uint16)
    about = [
        *((0x010F, 2, 0, "Test", True), (0x0110, 2, 0, "Scanner", True)),
        (0x0112, 3, 1, orientation, True),
        (50706, 1, 4, (1, 4, 0, 0), True),
        (50708, 2, 0, "Test Scanner", True),
        (50721, 10, 9, [n for v in _MATRIX for n in (round(v * 1e4), 10**4)], True),
        (50728, 5, 3, (1, 1, 1, 1, 1, 1), True),
        (50778, 3, 1, 21, True),
        *more,
    ]
    count = 3 if kind == "rgb" else 1
    sensor = [
        (50714, 4, count, (black,) * count if count > 1 else black, True),
        (50717, 4, count, (_WHITE,) * count if count > 1 else _WHITE, True),
    ]
    options: dict[str, Any] = {"photometric": "minisblack"}
    if kind == "mosaic":
        options = {"photometric": _MOSAIC}
        sensor += [(33421, 3, 2, (2, 2), True), (33422, 1, 4, (0, 1, 1, 2), True)]
    elif kind == "rgb":
        options = {"photometric": _LINEAR, "planarconfig": "contig"}
        values = np.repeat(values[..., None], 3, axis=2)
    with tifffile.TiffWriter(path, byteorder=order) as file:
        if preview:
            file.write(
                PREVIEW, subfiletype=1, subifds=1, extratags=about, metadata=None
            )
            about = []
        extra = about + sensor
        file.write(values, subfiletype=0, extratags=extra, metadata=None, **options)
    if kind == "gray":
        _call_linear(path, order, preview=preview)


def _call_linear(path: Path, order: str, *, preview: bool) -> None:
    """Change the kind of the full picture; tifffile writes no linear gray."""
    with tifffile.TiffFile(path) as file:
        page = file.pages[0].pages[0] if preview else file.pages[0]
        at = page.tags[262].valueoffset
    data = bytearray(path.read_bytes())
    struct.pack_into(order + "H", data, at, _LINEAR)
    path.write_bytes(data)
