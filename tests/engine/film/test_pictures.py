"""Pictures of frames in many pixel formats, and frames of pictures."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

av = pytest.importorskip("av")

from skimage import data  # noqa: E402

from colorize_engine.color import lightness, lightness_to_gray  # noqa: E402
from colorize_engine.film.coding import Coding  # noqa: E402
from colorize_engine.film.pictures import (  # noqa: E402
    enlarged,
    fill,
    picture_of,
    reduced,
)

PHOTO = data.coffee()[100:148, 100:164]
GRAY = PHOTO[..., 1]
LIMITED, FULL = 1, 2
BT709 = 1


def gray_frame(kind: str, color_range: int) -> Any:
    """Make a frame of the gray photo, by way of FFmpeg."""
    frame = av.VideoFrame.from_ndarray(GRAY, "gray")
    if kind == "p010le":
        # FFmpeg makes no neutral chroma of it on the direct way.
        planar = frame.reformat(
            format="yuv420p10le", src_color_range=FULL, dst_color_range=color_range
        )
        return planar.reformat(format=kind)
    found = frame.reformat(
        format=kind, src_color_range=FULL, dst_color_range=color_range
    )
    found.color_range = color_range
    return found


YUV = (
    *("yuv420p", "yuv422p", "yuv444p", "yuv411p", "yuv410p", "nv12", "yuyv422"),
    *("yuv420p10le", "yuv420p10be", "yuv422p12le", "p010le", "yuv444p16le"),
)
# FFmpeg makes no gray of limited range.
GRAYS = ("gray", "gray10le", "gray16be", "ya8")


@pytest.mark.parametrize(
    ("kind", "color_range"),
    [*product(YUV, (LIMITED, FULL)), *product(GRAYS, (FULL,))],
)
def test_gray_is_read_from_any_format(kind: str, color_range: int) -> None:
    frame = gray_frame(kind, color_range)
    found = picture_of(frame, Coding.of(frame))
    assert found.dtype == np.uint16
    # In the limited range there are 219 levels, and FFmpeg rounds once more.
    most = 1.6 if color_range == LIMITED else 1.1
    assert np.abs(found / 257 - GRAY).max() <= most


@pytest.mark.parametrize("kind", ["rgb24", "bgra", "gbrp", "rgb48le", "gbrp10le"])
def test_rgb_is_read_as_it_is(kind: str) -> None:
    frame = av.VideoFrame.from_ndarray(PHOTO, "rgb24").reformat(format=kind)
    found = picture_of(frame, Coding.of(frame))
    assert found.shape == PHOTO.shape
    assert np.abs(found / 257 - PHOTO).max() <= 1
    gray = av.VideoFrame.from_ndarray(np.stack([GRAY] * 3, 2), "rgb24")
    np.testing.assert_array_equal(picture_of(gray, Coding.of(gray)), GRAY * 257.0)


@pytest.mark.parametrize("matrix", [1, 5, 6, 9])
@pytest.mark.parametrize("kind", ["yuv444p", "yuv420p", "yuv444p10le"])
def test_color_is_read_with_the_matrix_of_the_frame(kind: str, matrix: int) -> None:
    names = {1: "ITU709", 5: "ITU601", 6: "SMPTE170M", 9: "BT2020"}
    frame = av.VideoFrame.from_ndarray(PHOTO, "rgb24").reformat(
        format=kind, dst_colorspace=names[matrix], dst_color_range=LIMITED
    )
    frame.colorspace, frame.color_range = matrix, LIMITED
    found = picture_of(frame, Coding.of(frame)) / 257
    assert np.abs(found - PHOTO).mean() < (1.5 if "444" in kind else 5)


def test_the_coding_is_guessed_as_players_do_it() -> None:
    def coding(kind: str, height: int, color_range: int = 0) -> Coding:
        frame = av.VideoFrame(64, height, kind)
        frame.color_range = color_range
        return Coding.of(frame)

    assert coding("yuv420p", 576).matrix == 6
    assert coding("yuv420p", 720).matrix == BT709
    assert not coding("yuv420p", 64).full
    assert coding("yuv420p", 64, FULL).full
    assert coding("yuvj420p", 64).full
    assert coding("gray", 64).full
    assert not coding("gray", 64, LIMITED).full
    assert not coding("rgb24", 64, FULL).full
    ten = coding("yuv420p10le", 64)
    assert (ten.bits, ten.black, ten.white, ten.neutral) == (10, 64, 940, 512)
    full = Coding(8, True, BT709)
    assert (full.black, full.white, full.neutral) == (0, 255, 128)


@pytest.mark.parametrize("matrix", [1, 6])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(
    ("kind", "bits"),
    [("yuv420p", 8), ("yuv444p", 8), ("yuv420p10le", 10), ("yuv444p16le", 16)],
)
def test_a_written_frame_shows_the_color_with_the_lightness_of_the_source(
    kind: str, bits: int, full: bool, matrix: int
) -> None:
    coding = Coding(bits, full, matrix)
    colors = PHOTO.astype(np.uint16) * 257
    frame = av.VideoFrame(64, 48, kind)
    source = lightness_to_gray(lightness(colors), np.uint16)
    fill(frame, colors, source, coding)
    frame.colorspace, frame.color_range = matrix, FULL if full else LIMITED
    shown = picture_of(frame, coding)
    error = np.abs(lightness(shown) - lightness(source))
    assert error.mean() < (0.2 if bits == 8 else 0.1)
    fill(frame, colors, colors, coding)
    again = picture_of(frame, coding).astype(float) / 257
    assert np.abs(again - PHOTO).mean() < (1 if "444" in kind else 4)


def test_frames_of_odd_sizes_are_filled_to_their_borders() -> None:
    coding = Coding(8, False, BT709)
    red = np.full((5, 7, 3), (40_000, 10_000, 10_000), np.uint16)
    frame = av.VideoFrame(7, 5, "yuv420p")
    fill(frame, red, red, coding)
    found = picture_of(frame, coding)
    assert np.abs(found / 257 - red / 257).max() < 2


def test_each_field_of_an_interlaced_frame_has_its_own_chroma() -> None:
    coding = Coding(8, False, BT709)
    rows = np.array([[60_000, 9_000, 9_000], [9_000, 9_000, 60_000]] * 4, np.uint16)
    colors = np.repeat(rows[:, np.newaxis], 8, axis=1)
    source = np.full((8, 8), 30_000, np.uint16)
    chroma = {}
    for interlaced in (False, True):
        frame = av.VideoFrame(8, 8, "yuv420p")
        if interlaced:
            frame = field_frame(frame)
            assert frame.interlaced_frame
        fill(frame, colors, source, coding)
        red = np.frombuffer(frame.planes[2], np.uint8).reshape(4, -1)[:, :4]
        chroma[interlaced] = red.astype(int)
    # Rows of one field are red, those of the other blue.
    assert np.ptp(chroma[False]) <= 1
    assert (chroma[True][0::2] - chroma[True][1::2]).min() > 50


def field_frame(frame: Any) -> Any:
    """Tell a frame that it is interlaced."""
    graph = av.filter.Graph()
    base = Fraction(1, 25)
    first = graph.add_buffer(width=8, height=8, format="yuv420p", time_base=base)
    field, last = graph.add("setfield", "tff"), graph.add("buffersink")
    first.link_to(field)
    field.link_to(last)
    graph.configure()
    frame.pts, frame.time_base = 0, base
    graph.push(frame)
    found = graph.pull()
    found.make_writable()
    return found


# -- chroma at half the size, by hand


def test_reduced_chroma_lies_on_the_even_columns_and_between_the_rows() -> None:
    plane = np.array([[0, 4, 8, 16], [0, 0, 0, 0]], np.float32)
    # (previous + 2 * own + next) / 4, of the mean of two rows.
    np.testing.assert_allclose(reduced(plane), [[0.5, (4 + 16 + 16) / 8]])
    odd = np.full((3, 5), 7, np.float32)
    np.testing.assert_allclose(reduced(odd), np.full((2, 3), 7))


def test_enlarged_chroma_is_interpolated_from_there() -> None:
    plane = np.array([[0, 8], [4, 4]], np.float32)
    found = enlarged(plane, 4, 4)
    np.testing.assert_allclose(found[0], [0, 4, 8, 8])
    np.testing.assert_allclose(found[:, 0], [0, 1, 3, 4])
    np.testing.assert_allclose(enlarged(plane, 3, 3), found[:3, :3])
    np.testing.assert_allclose(enlarged(plane, 2, 2), plane)


def test_smooth_chroma_comes_back() -> None:
    rows, columns = np.mgrid[0:24, 0:32].astype(np.float32)
    plane = rows * np.float32(0.01) - columns * np.float32(0.02)
    back = enlarged(reduced(plane), 24, 32)
    np.testing.assert_allclose(back[2:-2, 2:-2], plane[2:-2, 2:-2], atol=1e-5)
