"""Black and white of stored values, and their scaling to the range of a type."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from colorize_engine.color import full_scale, strips
from colorize_engine.files.errors import (
    NOT_FINITE,
    FileError,
    NotFiniteError,
    RangeError,
    RangeNote,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    Values = npt.NDArray[np.uint8 | np.uint16 | np.float32]


ValueRange = Literal["full", "auto"] | tuple[float, float]
# Rounding error of a chain of float operations; data farther outside 0..1 are refused.
_SLACK = 1e-5
# Parts of the range of a type; see `fills_little`.
_DARK, _NARROW = 1 / 5, 1 / 8


def parse_range(text: str) -> ValueRange:
    """Parse a range as a user types it: ``full``, ``auto`` or ``MIN,MAX``.

    Raises
    ------
    ValueError
        If the text is none of these.
    """
    if text in ("full", "auto"):
        return cast("ValueRange", text)
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(
            f"a range is 'full', 'auto', or two numbers MIN,MAX with MIN below MAX, "
            f"such as 0,4095; not {text!r}"
        )
    return low, high


def fit(
    values: npt.NDArray[Any], bits: int, value_range: ValueRange
) -> tuple[Values, tuple[str, ...]]:
    """Scale values to the full range of uint8 or uint16, or to floats in 0..1.

    Parameters
    ----------
    values : ndarray of bool, integers or floats
    bits : int
        Bits per sample; at most those of the type.
    value_range : "full", "auto" or (float, float)
        The values of black and white: the ends of the type's range (floats: 0..1), the
        smallest and the largest value of this page, or the two numbers. Values beyond
        are clipped.

    Returns
    -------
    (ndarray, tuple of str)
        The values as uint8 for up to 8 bits, uint16 for more, float32 for floats; and
        notes.

    Raises
    ------
    FileError
        For values of other types, NaN, infinities, an empty array, or floats outside
        0..1 with ``"full"``.
    """
    kind = values.dtype.kind
    if kind not in "buif":
        raise FileError(
            f"its values are {values.dtype.name}; expected whole numbers or real "
            "floats, one to four channels"
        )
    if values.size == 0:
        raise FileError("the picture has no pixels")
    if kind == "b":
        return values.astype(np.uint8) * np.uint8(255), ()
    low, high = _full_range(values.dtype, bits)
    notes: tuple[str, ...] = ()
    small, large = float(values.min()), float(values.max())
    if kind == "f":
        _check_floats(small, large, value_range)
    elif value_range == "full" and fills_little((small, large), (low, high)):
        notes = (
            RangeNote(
                f"its values span only {small:.0f}..{large:.0f} of "
                f"{low:.0f}..{high:.0f}; other values may be meant as black and white"
            ),
        )
    if value_range == "auto" and small < large:
        low, high = small, large
    elif not isinstance(value_range, str):
        low, high = value_range
    return _stretched(values, bits, low, high), notes


def fills_little(span: tuple[float, float], limits: tuple[float, float]) -> bool:
    """Return whether values may be meant for other limits than those of their type.

    They do if they end in the darkest fifth, as 12 bits in 16 do, or span less than an
    eighth of 16 bits. A page of one value tells nothing, nor a blank page in 8 bits.

    Parameters
    ----------
    span
        The smallest and the largest value.
    limits
        The values of black and white.
    """
    (small, large), (low, high) = span, limits
    dark = large - low < _DARK * (high - low)
    narrow = high - low > 255 and large - small < _NARROW * (high - low)
    return small < large and (dark or narrow)


def retyped(values: Values, dtype: npt.DTypeLike) -> Values:
    """Return values scaled to a type; the same array if they already have it."""
    dtype = np.dtype(dtype)
    if values.dtype == dtype:
        return values
    result = np.empty(values.shape, dtype)
    factor = full_scale(dtype) / full_scale(values.dtype)
    for rows in strips(values.shape):
        scaled = values[rows] * np.float64(factor)
        result[rows] = scaled if dtype.kind == "f" else np.rint(scaled)
    return cast("Values", result)


def _full_range(dtype: np.dtype[Any], bits: int) -> tuple[float, float]:
    if dtype.kind == "f":
        return 0.0, 1.0
    if dtype.kind == "i":
        return -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1
    return 0.0, 2.0**bits - 1


def _check_floats(small: float, large: float, value_range: ValueRange) -> None:
    # The minimum of an array that contains NaN is NaN.
    if not (math.isfinite(small) and math.isfinite(large)):
        raise NotFiniteError(NOT_FINITE)
    if value_range == "full" and (small < -_SLACK or large > 1 + _SLACK):
        raise RangeError(f"its floats lie in {small:.4g}..{large:.4g}, expected 0..1")


def _stretched(values: npt.NDArray[Any], bits: int, low: float, high: float) -> Values:
    """Return values scaled so that low is 0 and high the top of the result's type."""
    dtype: np.dtype[Any] = np.dtype(np.float32)
    if values.dtype.kind != "f":
        dtype = np.dtype(np.uint8 if bits <= 8 else np.uint16)
    top = full_scale(dtype)
    if values.dtype == dtype and dtype.kind == "u" and (low, high) == (0.0, top):
        return cast("Values", values)
    if values.dtype in (np.uint8, np.uint16):
        table = np.arange(full_scale(values.dtype) + 1)
        return cast("Values", _scaled(table, low, high, top).astype(dtype)[values])
    result = np.empty(values.shape, dtype)
    for rows in strips(values.shape):
        result[rows] = _scaled(values[rows].astype(np.float64), low, high, top)
    return cast("Values", result)


def _scaled(
    values: npt.NDArray[np.float64], low: float, high: float, top: float
) -> npt.NDArray[np.float64]:
    share = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.rint(share * top) if top > 1 else share
