"""Conversion between sRGB and CIE Lab in float32, with gamut mapping.

All conversions work in blocks of pixels whose temporaries fit the processor's cache, on
several threads (NumPy releases the interpreter lock in its loops). They agree with
scikit-image to within 0.01 in L*, a* and b*, in a tenth of its processor time.

The white point is the one of the sRGB primaries, XYZ (0.950456, 1, 1.088754), not its
rounded form (0.95047, 1, 1.08883). So gray has a* = b* = 0; the rounded white point
would leave up to 0.005.

References
----------
IEC 61966-2-1:1999 (sRGB), CIE 15:2004 (L*a*b*), ITU-R BT.709 (primaries).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.color import curves
from colorize_engine.color.curves import BLOCK, Buffers
from colorize_engine.color.gamut import TO_LINEAR, TO_XYZ, reduce_chroma, times
from colorize_engine.parallel import spread

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import DTypeLike, NDArray

    Floats = NDArray[np.float32]
    Kernel = Callable[[slice, Buffers], None]

_MIDDLE = np.float32(0.5)  # of the range of linear RGB
_THREAD_BLOCKS = 4  # with fewer blocks, a thread does not pay
# L* this near to 0 or 100 counts as black or white; a tenth of a 16-bit level.
_END_TOLERANCE = np.float32(1e-4)


def lightness(image: NDArray[Any]) -> Floats:
    """Return the lightness L* of a gray or color image.

    Parameters
    ----------
    image : (H, W) gray or (H, W, 3 or 4) sRGB array
        sRGB-encoded uint8, uint16, or float in 0..1 (values just beyond are clipped).
        Alpha is ignored.

    Returns
    -------
    (H, W) float32, L* in 0..100
    """
    gray = image.ndim == 2
    if gray and image.dtype.kind == "u":
        table = curves.lightness_table(1 << 8 * image.dtype.itemsize)
        return np.take(table, image, mode="clip")
    pixels = image.reshape(-1, 1 if gray else image.shape[2])[:, :3]
    out = np.empty(len(pixels), np.float32)

    def kernel(block: slice, buffers: Buffers) -> None:
        if not gray and image.dtype == np.uint8:
            curves.lightness_of_bytes(pixels[block], TO_XYZ[1], out[block], buffers)
            return
        linear = curves.linearize(pixels[block], buffers)
        luminance = linear if gray else _luminance(linear)
        cube_root = curves.forward(luminance, buffers)[0]
        cube_root *= np.float32(116)
        cube_root -= np.float32(16)
        np.clip(cube_root, 0, 100, out=out[block])

    _run(kernel, len(pixels))
    return out.reshape(image.shape[:2])


def _luminance(linear: Floats) -> Floats:
    """Return the luminance (1, n) of linear RGB (3, n).

    Not as a matrix product: BLAS adds up a row in an order that depends on its length.
    """
    total = linear[0] * TO_XYZ[1, 0]
    for channel, weight in zip(linear[1:], TO_XYZ[1, 1:], strict=True):
        total += channel * weight
    return np.asarray(total[np.newaxis])


def lightness_to_gray(light: NDArray[Any], dtype: DTypeLike = np.uint8) -> NDArray[Any]:
    """Return the gray picture of a lightness; the inverse of `lightness`.

    Parameters
    ----------
    light : (H, W) array
        L*, limited to 0..100.
    dtype : np.uint8, np.uint16 or np.float32
        As in `lab_to_rgb`.

    Returns
    -------
    (H, W) array of `dtype`

    Raises
    ------
    ValueError
        As in `lab_to_rgb`.
    """
    no_chroma = np.broadcast_to(np.float32(0), (2, *light.shape))
    return np.ascontiguousarray(lab_to_rgb(light, no_chroma, dtype)[..., 0])


def srgb_to_lab(rgb: NDArray[Any]) -> Floats:
    """Convert sRGB to CIE Lab.

    Parameters
    ----------
    rgb : (..., 3) array
        sRGB-encoded uint8, uint16, or float in 0..1 (values just beyond are clipped).

    Returns
    -------
    (..., 3) float32
        L* in 0..100, a* in -86.2..98.3, b* in -107.9..94.5.
    """
    pixels = rgb.reshape(-1, 3)
    out = np.empty(pixels.shape, np.float32)

    def kernel(block: slice, buffers: Buffers) -> None:
        linear = curves.linearize(pixels[block], buffers)
        xyz = times(TO_XYZ, linear, buffers.other)
        x, y, z = curves.forward(xyz, buffers._replace(other=buffers.main))
        x -= y
        z -= y
        y *= np.float32(116)
        np.subtract(y, np.float32(16), out=out[block, 0])
        np.multiply(x, np.float32(500), out=out[block, 1])
        np.multiply(z, np.float32(-200), out=out[block, 2])

    _run(kernel, len(pixels))
    return out.reshape(rgb.shape)


def lab_to_srgb(lab: NDArray[Any]) -> Floats:
    """Convert CIE Lab to sRGB without gamut mapping.

    Parameters
    ----------
    lab : (..., 3) array
        L*, a*, b*.

    Returns
    -------
    (..., 3) float32
        sRGB-encoded; colors outside the gamut have values outside 0..1.
    """
    pixels = lab.reshape(-1, 3)
    out = np.empty(pixels.shape, np.float32)

    def kernel(block: slice, buffers: Buffers) -> None:
        light, a, b = pixels[block].T
        linear = _linear(light, a, b, buffers)
        distance = np.subtract(linear, _MIDDLE, out=buffers.other)
        np.abs(distance, out=distance)
        outside = np.flatnonzero(distance > _MIDDLE + 1e-6)
        exact = curves.encoded_from(linear.reshape(-1)[outside].astype(np.float64))
        curves.encode(linear, out[block], buffers)
        channel, pixel = np.divmod(outside, linear.shape[1])
        out[block][pixel, channel] = exact

    _run(kernel, len(pixels))
    return out.reshape(lab.shape)


def lab_to_rgb(
    lightness: NDArray[Any],
    chroma: NDArray[Any],
    dtype: DTypeLike = np.uint8,
) -> NDArray[Any]:
    """Convert lightness and chroma to sRGB, reducing chroma to fit the gamut.

    If a color lies outside the sRGB gamut, a* and b* are multiplied by the largest
    common factor (to 0.1 %) that brings it inside. L* and hue stay. Channels are never
    clipped.

    Parameters
    ----------
    lightness : (H, W) array
        L*, limited to 0..100.
    chroma : (2, H, W) array
        a* and b*.
    dtype : np.uint8, np.uint16 or np.float32
        The type of the result; integers span their full range, floats 0..1.

    Returns
    -------
    (H, W, 3) array of `dtype`
        sRGB-encoded. L* = 0 is black and L* = 100 is white, whatever the chroma.

    Raises
    ------
    ValueError
        If the shapes do not fit each other or `dtype` is another type.
    """
    kind = np.dtype(dtype)
    if kind not in (np.uint8, np.uint16, np.float32):
        raise ValueError(f"dtype must be uint8, uint16 or float32, not {kind}")
    if lightness.ndim != 2 or chroma.shape != (2, *lightness.shape):
        raise ValueError(
            "expected lightness (H, W) and chroma (2, H, W), "
            f"got {lightness.shape} and {chroma.shape}"
        )
    levels, ab = lightness.reshape(-1), chroma.reshape(2, -1)
    out = np.empty((levels.size, 3), kind)

    def kernel(block: slice, buffers: Buffers) -> None:
        light = np.clip(levels[block], 0, 100)
        a, b = ab[0, block], ab[1, block]
        if light.min() < _END_TOLERANCE or light.max() > 100 - _END_TOLERANCE:
            # Black and white have no chroma; scans and prints are full of both.
            some = (light >= _END_TOLERANCE) & (light <= 100 - _END_TOLERANCE)
            a, b = a * some, b * some
        linear = _linear(light, a, b, buffers)
        y, a, b = buffers.last
        reduce_chroma(linear, y, a, b)
        curves.encode(linear, out[block], buffers)

    _run(kernel, levels.size)
    return out.reshape(*lightness.shape, 3)


def _linear(
    light: NDArray[Any], a: NDArray[Any], b: NDArray[Any], buffers: Buffers
) -> Floats:
    """Return the linear RGB (3, n) of L*, a*, b*, in `buffers.spare`.

    f(Y), a* and b* are left in `buffers.last`.
    """
    f, lab = buffers.main, buffers.last
    lab[0], lab[1], lab[2] = light, a, b
    lab[0] += np.float32(16)
    lab[0] /= np.float32(116)  # times 1 / 116 would not make exactly 1 of L* = 100
    np.multiply(lab[1], np.float32(1 / 500), out=f[0])
    np.multiply(lab[2], np.float32(-1 / 200), out=f[2])
    f[0] += lab[0]
    f[1] = lab[0]
    f[2] += lab[0]
    xyz = curves.backward(f, buffers.spare, buffers.other)
    return times(TO_LINEAR, xyz, buffers.spare)


def _run(kernel: Kernel, pixels: int) -> None:
    """Call `kernel` for all blocks of pixels, in threads if there are many."""
    blocks = [
        slice(start, min(start + BLOCK, pixels)) for start in range(0, pixels, BLOCK)
    ]

    def begin() -> Callable[[slice], None]:
        buffers = Buffers.allocate()
        return lambda block: kernel(block, buffers.cut(block.stop - block.start))

    spread(begin, blocks, _THREAD_BLOCKS)
