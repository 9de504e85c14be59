"""Pictures from decoded frames, and frames from colored pictures.

Y' of a written frame is not that of the source: where there is chroma, it is the one
with which the pixel shows the source's lightness, see `color.luma_for`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.color import lightness, luma_chroma, luma_for, rgb_of
from colorize_engine.film.coding import is_rgb
from colorize_engine.parallel import spread

if TYPE_CHECKING:
    from av import VideoFrame
    from av.video.plane import VideoPlane
    from numpy.typing import NDArray

    from colorize_engine.film.coding import Coding

    Floats = NDArray[np.float32]

# Formats whose planes are read as they are.
_DIRECT = re.compile(
    r"yuvj?(420|422|444)p((9|10|12|14|16)le)?$|gray((9|10|12|14|16)le)?$"
)
# Of Cb and Cr around gray, of 256: gray films have it from their compression.
_NEUTRAL = 2
_STRIP_PIXELS = 1 << 17


def picture_of(frame: VideoFrame, coding: Coding) -> NDArray[np.uint16]:
    """Return the picture of a decoded frame as it is stored, not turned.

    The frame is given the matrix of the coding.

    Returns
    -------
    (H, W) or (H, W, 3) uint16
        Gray if the frame has no color.
    """
    if is_rgb(frame):
        pixels = _of_rgb(frame, coding.bits)
        red, green, blue = np.moveaxis(pixels, 2, 0)
        gray = np.array_equal(red, green) and np.array_equal(green, blue)
        return red if gray else pixels
    # FFmpeg converts no frame whose matrix it does not know.
    frame.colorspace = coding.matrix
    planes = _planes(frame, coding.bits)
    luma = np.take(coding.grays, planes[0], mode="clip")
    if all(_is_neutral(plane, coding) for plane in planes[1:]):
        return luma
    height, width = luma.shape
    chroma = np.stack(
        [enlarged(coding.chroma_from(p), height, width) for p in planes[1:]]
    )
    levels = luma.astype(np.float32) * np.float32(1 / 65535)
    colors = rgb_of(levels, chroma, coding.weights)
    colors *= np.float32(65535)
    np.clip(np.rint(colors, out=colors), 0, 65535, out=colors)
    return np.ascontiguousarray(np.moveaxis(colors, 0, 2).astype(np.uint16))


def fill(
    frame: VideoFrame, colors: NDArray[np.uint16], source: NDArray[Any], coding: Coding
) -> None:
    """Write a colored picture to a frame, with the lightness of its source.

    Parameters
    ----------
    frame : VideoFrame
        yuv420p or yuv444p, with any number of bits; its planes are overwritten.
    colors : (H, W, 3) uint16
    source : (H, W) or (H, W, 3) uint16
        As from ``picture_of``.
    coding : Coding
        Of the frame.
    """
    planes = [_view(plane, coding.bits) for plane in frame.planes]
    if frame.interlaced_frame and frame.height % 4 == 0:
        # The rows of each field have their own chroma.
        for first in (0, 1):
            fields = [plane[first::2] for plane in planes]
            _fill(fields, colors[first::2], source[first::2], coding)
    else:
        _fill(planes, colors, source, coding)


def _fill(
    planes: list[NDArray[Any]],
    colors: NDArray[np.uint16],
    source: NDArray[Any],
    coding: Coding,
) -> None:
    luma, *chroma = planes
    height, width = luma.shape
    halved = chroma[0].shape != luma.shape
    rows = max(2, _STRIP_PIXELS // width // 2 * 2)

    def fill_chroma(top: int) -> None:
        _, values = luma_chroma(colors[top : top + rows], coding.weights)
        for plane, full in zip(chroma, values, strict=True):
            value = reduced(full) if halved else full
            first = top // 2 if halved else top
            plane[first : first + len(value)] = coding.chroma_codes(value)

    def fill_luma(top: int) -> None:
        strip = slice(top, top + rows)
        guess, _ = luma_chroma(colors[strip], coding.weights)
        shown = np.stack([_shown(p, top, guess.shape, height, coding) for p in chroma])
        found = luma_for(lightness(source[strip]), guess, shown, coding.weights)
        luma[strip] = coding.luma_codes(found)

    tops = range(0, height, rows)
    spread(lambda: fill_chroma, tops)
    spread(lambda: fill_luma, tops)


def reduced(values: Floats) -> Floats:
    """Return a plane at half the size, its samples on the even columns (4:2:0).

    Parameters
    ----------
    values : (h, w) float32

    Returns
    -------
    (ceil(h / 2), ceil(w / 2)) float32
    """
    height, width = values.shape
    tall = np.pad(values, ((0, height % 2), (1, 1 + width % 2)), "edge")
    pairs = tall[0::2] + tall[1::2]
    wide = pairs[:, 0:-2:2] + pairs[:, 2::2]
    wide += 2 * pairs[:, 1:-1:2]
    wide *= np.float32(1 / 8)
    return wide


def enlarged(values: Floats, height: int, width: int) -> Floats:
    """Return a plane at the size of the picture, as players show it: bilinearly.

    Parameters
    ----------
    values : (h, w) float32
        Samples of 4:2:0, on the even columns and between the rows; of 4:2:2, or of
        4:4:4.
    height, width
        Of the picture.
    """
    if values.shape[1] != width:
        wide = np.repeat(values, 2, axis=1)
        wide[:, 1:-1:2] += values[:, 1:]
        wide[:, 1:-1:2] *= np.float32(0.5)
        values = wide[:, :width]
    if values.shape[0] != height:
        tall = np.repeat(values * np.float32(0.75), 2, axis=0)
        tall[0::2] += np.concatenate([values[:1], values[:-1]]) * np.float32(0.25)
        tall[1::2] += np.concatenate([values[1:], values[-1:]]) * np.float32(0.25)
        values = tall[:height]
    return values


def _shown(
    plane: NDArray[Any], top: int, shape: tuple[int, ...], height: int, coding: Coding
) -> Floats:
    """Return the chroma that players show in a strip of rows."""
    rows, width = shape
    if plane.shape == (height, width):
        return coding.chroma_from(plane[top : top + rows])
    # A row above and one below have a share in the strip.
    first, last = max(0, top // 2 - 1), min(len(plane), (top + rows + 1) // 2 + 1)
    part = coding.chroma_from(plane[first:last])
    begin = top - 2 * first
    return enlarged(part, 2 * len(part), width)[begin : begin + rows]


def _is_neutral(plane: NDArray[Any], coding: Coding) -> bool:
    slack = _NEUTRAL << coding.bits - 8
    low, high = int(plane.min()), int(plane.max())
    return coding.neutral - slack <= low and high <= coding.neutral + slack


def _planes(frame: VideoFrame, bits: int) -> list[NDArray[Any]]:
    """Return Y', Cb and Cr (gray: Y' alone) as codes."""
    name = frame.format.name
    if not _DIRECT.match(name):
        deep = "" if bits == 8 else "16le"
        gray = name.startswith(("gray", "ya"))
        frame = frame.reformat(format=("gray" if gray else "yuv444p") + deep)
        bits_now = 16 if deep else 8
        return [_view(plane, bits_now) >> bits_now - bits for plane in frame.planes]
    return [_view(plane, bits) for plane in frame.planes]


def _of_rgb(frame: VideoFrame, bits: int) -> NDArray[np.uint16]:
    """Return the pixels (H, W, 3) of a frame that stores R, G and B."""
    if bits > 8:
        return np.asarray(frame.to_ndarray(format="rgb48le"), np.uint16)
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint16) * np.uint16(257)


def _view(plane: VideoPlane, bits: int) -> NDArray[Any]:
    """Return the samples of a plane, without the padding of its rows; writable."""
    buffer: Any = plane
    samples = np.frombuffer(buffer, np.uint8).reshape(plane.height, -1)
    return samples.view(np.uint8 if bits == 8 else np.uint16)[:, : plane.width]
