"""The header of a JPEG XL codestream (ISO/IEC 18181-1, annex D), read without decoding.

libjxl reads the pixels; what they mean stands here: size, depth, alpha, color space.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from colorize_engine.files.icc import ColorSpace

SIGNATURE = b"\xff\x0a"
# Headers are shorter; only names of channels have any length.
_MAX_BYTES = 4096
# Width to height, by number.
_RATIOS = {
    1: (1, 1),
    2: (12, 10),
    3: (4, 3),
    4: (3, 2),
    5: (16, 9),
    6: (5, 4),
    7: (2, 1),
}
_ALPHA, _BLACK, _SPOT, _CFA = 0, 3, 2, 5
_GRAY, _XYB = 1, 2
_CUSTOM = 2
# Chromaticities by number (E, DCI; Rec. 2100, P3), and curves.
_WHITE_POINTS = {10: (1 / 3, 1 / 3), 11: (0.314, 0.351)}
_PRIMARIES = {
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}
_CURVES = {1: "Rec. 709", 2: "unknown", 16: "PQ", 17: "DCI", 18: "HLG"}
_LINEAR_CURVE, _SRGB_CURVE = 8, 13
# Alternatives of a number: a constant, or a count of bits with what is added to them.
_SIDE = ((9, 1), (13, 1), (18, 1), (30, 1))
_ENUM = (0, 1, (4, 2), (6, 18))
_XY = ((19, 0), (19, 1 << 19), (20, 1 << 20), (21, 1 << 21))


@dataclass(frozen=True)
class Colors:
    """The colors of the samples.

    Attributes
    ----------
    space : ColorSpace
    has_profile : bool
        Whether an ICC profile describes them; only `space.gray` is then known.
    curve : str
        Name of a curve that is neither a gamma nor that of sRGB; empty if it is.
    curve_at : int or None
        Position of four bits that choose between linear (6) and the curve of sRGB
        (11).
    """

    space: ColorSpace = field(default_factory=ColorSpace)
    has_profile: bool = False
    curve: str = ""
    curve_at: int | None = None


LINEAR, SRGB = 6, 11


@dataclass(frozen=True)
class Header:
    """The header of a codestream.

    Attributes
    ----------
    width, height : int
        As stored, before the picture is turned upright.
    orientation : int
        1..8, as in EXIF; libjxl applies it.
    animated : bool
    bits : int
        Per sample.
    bits_at : int or None
        Position of two bits that choose between 8, 10 and 12 bits (0, 1, 2); None if
        there is another number of them.
    alpha : {"", "separate", "associated"}
        Whether there is alpha, and whether it is multiplied into the colors.
    is_cmyk : bool
    is_xyb : bool
        Whether samples are stored in a color space of their own, with losses.
    colors : Colors
    """

    width: int
    height: int
    orientation: int = 1
    animated: bool = False
    bits: int = 8
    bits_at: int | None = None
    alpha: str = ""
    is_cmyk: bool = False
    is_xyb: bool = True
    colors: Colors = field(default_factory=Colors)


def changed(codestream: bytes, at: int, count: int, value: int) -> bytes:
    """Return a codestream in which some bits of the header have another value."""
    end = (at + count + 7) // 8
    number = int.from_bytes(codestream[:end], "little")
    number = number & ~(((1 << count) - 1) << at) | value << at
    return number.to_bytes(end, "little") + codestream[end:]


class _Bits:
    """Bits of a codestream, the lowest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._number, self._size = int.from_bytes(data, "little"), 8 * len(data)
        self.at = 0

    def take(self, count: int) -> int:
        """Return the next bits as a number.

        Raises
        ------
        ValueError
            If there are fewer.
        """
        if self.at + count > self._size:
            raise ValueError("its header ends in the middle")
        value = self._number >> self.at & ((1 << count) - 1)
        self.at += count
        return value

    def flag(self) -> bool:
        """Return the next bit."""
        return bool(self.take(1))

    def choice(self, *alternatives: int | tuple[int, int]) -> int:
        """Return a number of four alternatives (U32)."""
        chosen = alternatives[self.take(2)]
        if isinstance(chosen, int):
            return chosen
        return self.take(chosen[0]) + chosen[1]


def parse(codestream: bytes) -> Header:
    """Read the header at the beginning of a codestream.

    Raises
    ------
    ValueError
        If it is none, or is not complete.
    """
    if not codestream.startswith(SIGNATURE):
        raise ValueError("no JPEG XL codestream")
    bits = _Bits(codestream[:_MAX_BYTES])
    bits.take(8 * len(SIGNATURE))
    width, height = _size(bits)
    if bits.flag():  # all is as usual
        return Header(width, height)
    orientation, animated = 1, False
    if bits.flag():
        orientation = bits.take(3) + 1
        if bits.flag():  # a size that is meant for showing
            _size(bits)
        if bits.flag():
            _skip_preview(bits)
        animated = bits.flag()
        if animated:
            _skip_animation(bits)
    depth_at = bits.at + 1
    depth = _depth(bits)
    bits.flag()  # whether 16 bits are enough to decode
    kinds = [_extra_channel(bits) for _ in range(bits.choice(0, 1, (4, 2), (12, 1)))]
    alpha = next((how for kind, how in kinds if kind == _ALPHA), "")
    return Header(
        width,
        height,
        orientation,
        animated,
        depth,
        depth_at if depth in (8, 10, 12) else None,
        alpha,
        is_cmyk=any(kind == _BLACK for kind, _ in kinds),
        is_xyb=bits.flag(),
        colors=_colors(bits),
    )


def _size(bits: _Bits) -> tuple[int, int]:
    """Return width and height."""
    small = bits.flag()
    height = 8 * (bits.take(5) + 1) if small else bits.choice(*_SIDE)
    ratio = bits.take(3)
    if ratio:
        top, bottom = _RATIOS[ratio]
        return height * top // bottom, height
    return (8 * (bits.take(5) + 1) if small else bits.choice(*_SIDE)), height


def _skip_preview(bits: _Bits) -> None:
    sides: tuple[int | tuple[int, int], ...] = (6, 1), (8, 65), (10, 321), (12, 1345)
    if bits.flag():
        sides = 16, 32, (5, 1), (9, 33)
    bits.choice(*sides)
    if not bits.take(3):
        bits.choice(*sides)


def _skip_animation(bits: _Bits) -> None:
    bits.choice(100, 1000, (10, 1), (30, 1))
    bits.choice(1, 1001, (8, 1), (10, 1))
    bits.choice(0, (3, 0), (16, 0), (32, 0))
    bits.flag()


def _depth(bits: _Bits) -> int:
    """Return bits per sample."""
    if not bits.flag():
        return bits.choice(8, 10, 12, (6, 1))
    depth = bits.choice(32, 16, 24, (6, 1))
    bits.take(4)  # those of the exponent
    return depth


def _extra_channel(bits: _Bits) -> tuple[int, str]:
    """Return the kind of a channel, and of alpha how it is stored."""
    if bits.flag():
        return _ALPHA, "separate"
    kind = bits.choice(*_ENUM)
    _depth(bits)
    bits.choice(0, 3, 4, (3, 1))  # how much smaller it is
    bits.take(8 * bits.choice(0, (4, 0), (5, 16), (10, 48)))  # its name
    how = ""
    if kind == _ALPHA:
        how = "associated" if bits.flag() else "separate"
    elif kind == _SPOT:
        bits.take(64)
    elif kind == _CFA:
        bits.choice(1, (2, 0), (4, 3), (8, 19))
    return kind, how


def _colors(bits: _Bits) -> Colors:
    if bits.flag():
        return Colors()
    has_profile = bits.flag()
    number = bits.choice(*_ENUM)
    gray = number == _GRAY
    if has_profile or number == _XYB:
        return Colors(ColorSpace(gray), has_profile)
    number = bits.choice(*_ENUM)
    white = _points(bits, 1) if number == _CUSTOM else _WHITE_POINTS.get(number)
    primaries = None
    if not gray:
        number = bits.choice(*_ENUM)
        primaries = _points(bits, 3) if number == _CUSTOM else _PRIMARIES.get(number)
    if bits.flag():
        gamma = 1e7 / max(1, bits.take(24))
        return Colors(ColorSpace(gray, white, primaries, gamma))
    at = bits.at + 2
    number = bits.choice(*_ENUM)
    space = ColorSpace(gray, white, primaries, 1.0 if number == _LINEAR_CURVE else None)
    known = number in (_LINEAR_CURVE, _SRGB_CURVE)
    return Colors(space, False, _CURVES.get(number, ""), at if known else None)


def _points(bits: _Bits, count: int) -> tuple[float, ...]:
    """Return chromaticities x, y; the lowest bit of each is its sign."""
    numbers = [bits.choice(*_XY) for _ in range(2 * count)]
    return tuple((n >> 1 if not n & 1 else -(n >> 1) - 1) / 1e6 for n in numbers)
