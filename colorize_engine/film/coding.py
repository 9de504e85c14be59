"""Numbers that frames store their picture with: bits, range, matrix, chroma."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from colorize_engine.color import Luma

if TYPE_CHECKING:
    from av import VideoFrame
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# Matrices by the number that ITU-T H.273 gives them.
_MATRICES = {
    1: Luma(0.2126, 0.0722),
    4: Luma(0.30, 0.11),
    5: Luma(0.299, 0.114),
    6: Luma(0.299, 0.114),
    7: Luma(0.212, 0.087),
    9: Luma(0.2627, 0.0593),
    10: Luma(0.2627, 0.0593),
}
_BT709, _BT601 = 1, 6
# Rows up to which a film without a known matrix is of standard definition.
_STANDARD_ROWS = 576
_UNKNOWN, _LIMITED, _FULL = 0, 1, 2
_PQ, _HLG = 16, 18
_NO_YUV = re.compile("rgb|bgr|gbr|argb|abgr|0rgb|0bgr|x2|pal|mono|bayer|xyz")
_GRAY = re.compile("gray|ya")


@dataclass(frozen=True)
class Coding:
    """How the picture of a frame is stored.

    Attributes
    ----------
    bits : int
        Of a sample.
    full : bool
        Whether black and white are the ends of the range of the bits; else they are at
        16 and 235 of 8 bits.
    matrix : int
        Number of the matrix in H.273, one of 1, 4, 5, 6, 7, 9, 10.
    primaries, transfer : int
        Numbers of the primaries and of the tone curve, 2 for unknown; copied.
    """

    bits: int
    full: bool
    matrix: int
    primaries: int = 2
    transfer: int = 2

    @classmethod
    def of(cls, frame: VideoFrame) -> Coding:
        """Return the coding of a decoded frame.

        RGB counts as the Y'CbCr of limited range that it will be written as. A matrix
        that is not known is BT.601 up to 576 rows and BT.709 above, as players take it.
        """
        name, given = frame.format.name, int(frame.color_range)
        full = given == _FULL or name.startswith("yuvj")
        if given == _UNKNOWN and _GRAY.match(name):
            full = True
        if is_rgb(frame):
            full = False
        matrix = int(frame.colorspace)
        if matrix not in _MATRICES:
            matrix = _BT601 if frame.height <= _STANDARD_ROWS else _BT709
        return cls(
            max(component.bits for component in frame.format.components),
            full,
            matrix,
            int(frame.color_primaries),
            int(frame.color_trc),
        )

    @property
    def weights(self) -> Luma:
        """Weights of R', G' and B' in Y'."""
        return _MATRICES[self.matrix]

    @property
    def color_range(self) -> int:
        """Number of the range as FFmpeg has it."""
        return _FULL if self.full else _LIMITED

    @property
    def is_hdr(self) -> bool:
        """Whether the tone curve is that of high dynamic range, PQ or HLG."""
        return self.transfer in (_PQ, _HLG)

    @property
    def black(self) -> int:
        """Code of black."""
        return 0 if self.full else 16 << self.bits - 8

    @property
    def white(self) -> int:
        """Code of white."""
        return self._most if self.full else 235 << self.bits - 8

    @property
    def neutral(self) -> int:
        """Code of Cb and Cr of gray."""
        return 1 << self.bits - 1

    @property
    def _swing(self) -> int:
        """Codes from the lowest to the highest Cb."""
        return self._most if self.full else 224 << self.bits - 8

    @property
    def _most(self) -> int:
        return (1 << self.bits) - 1

    @cached_property
    def grays(self) -> NDArray[np.uint16]:
        """Gray levels of all codes of Y', from black to white: (2**bits,) uint16."""
        codes = np.arange(1 << self.bits)
        shares = (codes - self.black) / (self.white - self.black)
        return np.rint(np.clip(shares, 0, 1) * 65535).astype(np.uint16)

    def chroma_from(self, codes: NDArray[np.unsignedinteger]) -> Floats:
        """Return Cb or Cr in -0.5..0.5 from codes."""
        values = codes.astype(np.float32) - np.float32(self.neutral)
        return np.asarray(values * np.float32(1 / self._swing))

    def chroma_codes(self, values: Floats) -> NDArray[np.float32]:
        """Return the codes of Cb or Cr, as whole floats."""
        codes = np.rint(values * np.float32(self._swing) + np.float32(self.neutral))
        ends = (0, self._most) if self.full else (1, self._most - 1)
        return np.asarray(np.clip(codes, *ends))

    def luma_codes(self, values: Floats) -> NDArray[np.float32]:
        """Return the codes of Y' in 0..1, as whole floats."""
        reach = np.float32(self.white - self.black)
        return np.asarray(np.rint(values * reach + np.float32(self.black)))


def is_rgb(frame: VideoFrame) -> bool:
    """Return whether a frame stores R, G and B, or a palette of them."""
    return bool(_NO_YUV.match(frame.format.name))
