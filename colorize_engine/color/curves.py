"""The tone curves of sRGB and CIE Lab for blocks of float32 values.

These are the inner loops of `convert`. They work in place, in buffers that are
allocated once per thread and stay in the processor's cache. NumPy computes powers and
cube roots slowly. So the powers of the sRGB curve are read from tables, without
interpolation, and cube roots are found by Newton's method.

References
----------
IEC 61966-2-1:1999 (sRGB), CIE 15:2004 (L*a*b*).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_Float = TypeVar("_Float", np.float32, np.float64)

BLOCK = 1 << 15  # pixels; smaller blocks cost more calls, larger ones more cache misses

# CIE Lab: f(t) is the cube root above DELTA**3; below, it is the tangent at DELTA**3.
DELTA = 6 / 29
SLOPE = 3 * DELTA**2
OFFSET = 4 / 29

# NumPy takes the maximum of two arrays five times as fast as of an array and a scalar.
_CUBED_DELTAS = np.full(BLOCK, DELTA**3, np.float32)
_DELTAS = np.full(BLOCK, DELTA, np.float32)
_ZEROS = np.zeros(BLOCK, np.float32)

# The end of the linear toe of the sRGB curve: its encoded and its linear value.
_TOE = 0.04045
_LINEAR_TOE = _TOE / 12.92

# Steps of the tables over 0..1. With 2**18, the error of L*, a* and b* is below 1e-3,
# and the error of encoded values is a fifth of a 16-bit level.
_STEPS = 1 << 18


class Buffers(NamedTuple):
    """Scratch space of one thread for three channels of n pixels.

    Attributes
    ----------
    main, spare, other, last : (3, n) float32
    indices : (3, n) intp
    """

    main: Floats
    spare: Floats
    other: Floats
    last: Floats
    indices: NDArray[np.intp]

    @classmethod
    def allocate(cls) -> Buffers:
        """Return uninitialized buffers for a block."""
        main, spare, other, last = np.empty((4, 3, BLOCK), np.float32)
        return cls(main, spare, other, last, np.empty((3, BLOCK), np.intp))

    def cut(self, count: int) -> Buffers:
        """Return contiguous views of `count` pixels."""
        main, spare, other, last = (
            buffer.reshape(-1)[: 3 * count].reshape(3, count) for buffer in self[:4]
        )
        indices = self.indices.reshape(-1)[: 3 * count].reshape(3, count)
        return Buffers(main, spare, other, last, indices)


def linearize(pixels: NDArray[Any], buffers: Buffers) -> Floats:
    """Undo the sRGB curve.

    Parameters
    ----------
    pixels : (n, C) array
        Encoded uint8, uint16, or float in 0..1 (clipped just beyond); C <= 3.
    buffers : Buffers
        `main`, `spare` and `indices` are overwritten.

    Returns
    -------
    (C, n) float32
        Linear values in 0..1, in `buffers.main`.
    """
    size, shape = pixels.size, pixels.shape
    out = buffers.main.reshape(-1)[:size].reshape(shape)
    indices = buffers.indices.reshape(-1)[:size].reshape(shape)
    if pixels.dtype.kind == "u":
        table = linear_table(1 << 8 * pixels.dtype.itemsize)
        np.copyto(indices, pixels)
    else:
        table = linear_table(_STEPS + 1)
        np.multiply(pixels, np.float32(_STEPS), out=out, casting="same_kind")
        _round(out, buffers.spare.reshape(-1)[:size].reshape(shape), indices)
    np.take(table, indices, out=out, mode="clip")
    return out.T


def _round(values: Floats, spare: Floats, indices: NDArray[np.intp]) -> None:
    """Round `values` in place, and copy them to `indices` as integers."""
    integers = spare.view(np.int32)
    np.rint(values, out=values)
    # Two steps are twice as fast as a direct copy.
    np.copyto(integers, values, casting="unsafe")
    np.copyto(indices, integers)


def encode(linear: Floats, out: NDArray[Any], buffers: Buffers) -> None:
    """Apply the sRGB curve.

    Parameters
    ----------
    linear : (3, n) float32
        Linear values, clipped to 0..1; overwritten.
    out : (n, 3) uint8, uint16 or float32
        Receives the encoded pixels; integers span their full range, floats 0..1.
    buffers : Buffers
        `other` and `indices` are overwritten.
    """
    np.maximum(linear, _ZEROS[: len(out)], out=linear)
    np.sqrt(linear, out=linear)
    linear *= np.float32(_STEPS)
    _round(linear, buffers.other, buffers.indices)
    table = _encoded_table(out.dtype.str)
    for channel, indices in enumerate(buffers.indices):
        levels = buffers.other[channel].view(out.dtype)[: len(out)]
        out[:, channel] = np.take(table, indices, out=levels, mode="clip")


def forward(t: Floats, buffers: Buffers) -> Floats:
    """Return f(t) of CIE Lab for (C, n) `t`, in place.

    It is the cube root, continued by its tangent below DELTA**3. The buffers `spare`,
    `other` and `last` are overwritten.
    """
    above = buffers.spare[: len(t)]
    np.maximum(t, _CUBED_DELTAS[: t.shape[1]], out=above)
    t -= above
    t *= np.float32(1 / SLOPE)
    t += cube_root(above, buffers.other[: len(t)], buffers.last[: len(t)])
    return t


def cube_root(t: Floats, root: Floats, quotient: Floats) -> Floats:
    """Return the cube root of normal positive `t`, to 1.2e-6, in `root`.

    Two Newton steps improve a first guess. A float's bits, read as an integer, are
    about its logarithm, so a third of them is about the logarithm of the cube root. The
    added constant centers the error of that guess, which is below 4 %. `t` and
    `quotient` are overwritten.
    """
    bits = root.view(np.int32)
    np.floor_divide(t.view(np.int32), 3, out=bits)
    bits += 0x2A5137A0
    t *= np.float32(1 / 3)
    for _ in range(2):
        np.multiply(root, root, out=quotient)
        np.divide(t, quotient, out=quotient)
        root *= np.float32(2 / 3)
        root += quotient
    return root


def backward(f: Floats, above: Floats, cubes: Floats) -> Floats:
    """Invert :func:`forward` for (C, n) `f`, in place.

    `above` and `cubes` are overwritten.
    """
    np.maximum(f, _DELTAS[: f.shape[1]], out=above)
    f -= above
    f *= np.float32(SLOPE)
    np.multiply(above, above, out=cubes)
    cubes *= above
    f += cubes
    return f


def lightness_of_bytes(
    pixels: NDArray[np.uint8], weights: Floats, out: Floats, buffers: Buffers
) -> None:
    """Compute the L* of 8-bit colors from tables alone, to 0.006.

    This takes 0.8 to 0.9 of the processor time of `linearize` and `forward` (measured
    side by side on a photo and on random colors of 5.8 megapixels).

    Parameters
    ----------
    pixels : (n, 3) uint8
        Encoded pixels.
    weights : (3,) float32
        Shares of the linear channels in the luminance; their sum is 1.
    out : (n,) float32
        Receives L* in 0..100.
    buffers : Buffers
        `main`, `spare` and `indices` are overwritten.
    """
    indices = buffers.indices[0]
    total, part = (b[0].view(np.int32) for b in (buffers.main, buffers.spare))
    for channel, table in enumerate(_luminance_tables(tuple(weights.tolist()))):
        np.copyto(indices, pixels[:, channel])
        if channel:
            np.take(table, indices, out=part, mode="clip")
            total += part
        else:
            np.take(table, indices, out=total, mode="clip")
    np.take(_lightness_by_luminance(), total, out=out, mode="clip")


@cache
def _luminance_tables(weights: tuple[float, ...]) -> NDArray[np.int32]:
    """Return the luminance (3, 256) of each channel's levels; white sums to _STEPS."""
    parts = np.outer(weights, linear_from(np.linspace(0, 1, 256)))
    tables: NDArray[np.int32] = np.rint(_STEPS * parts).astype(np.int32)
    tables[1, -1] += _STEPS - tables[:, -1].sum()
    return tables


@cache
def _lightness_by_luminance() -> Floats:
    """Return the L* (_STEPS + 1,) of evenly spaced luminances in 0..1."""
    return _lightness_from(np.linspace(0, 1, _STEPS + 1))


@cache
def lightness_table(levels: int) -> Floats:
    """Return the L* (levels,) of evenly spaced gray levels from black to white."""
    return _lightness_from(linear_from(np.linspace(0, 1, levels)))


def _lightness_from(y: NDArray[np.float64]) -> Floats:
    above = 116 * np.cbrt(y) - 16
    return np.where(y > DELTA**3, above, 116 / SLOPE * y).astype(np.float32)


def encoded_from(linear: NDArray[_Float]) -> NDArray[_Float]:
    """Return the exact sRGB encoding (slow); negative values extend the linear toe."""
    above = np.maximum(linear, _LINEAR_TOE)
    power = 1.055 * above ** (1 / 2.4) - 0.055
    return np.where(linear > _LINEAR_TOE, power, 12.92 * linear)


def linear_from(encoded: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return exact linear values without the sRGB curve (slow)."""
    power = ((encoded + 0.055) / 1.055) ** 2.4
    return np.where(encoded > _TOE, power, encoded / 12.92)


@cache
def linear_table(levels: int) -> Floats:
    """Return the linear values (levels,) of evenly spaced encoded values in 0..1."""
    return linear_from(np.linspace(0, 1, levels)).astype(np.float32)


@cache
def _encoded_table(dtype: str) -> NDArray[Any]:
    """Tabulate the encoded values of a type over the square root of the linear value.

    The square root flattens the curve, so the steps are fine enough everywhere.
    """
    encoded = encoded_from(np.linspace(0, 1, _STEPS + 1) ** 2)
    if np.dtype(dtype).kind == "u":
        encoded = np.rint(encoded * np.iinfo(dtype).max)
    return encoded.astype(dtype)
