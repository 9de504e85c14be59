"""From full size to working size and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorize_engine.color import lightness
from colorize_engine.resize import (
    MOST_PIXELS,
    crop,
    fit_lightness,
    head_shape,
    pad,
    working_shape,
)

sides = st.integers(1, 30_000)


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [
        ((256, 256), 256, (256, 256)),
        ((512, 1024), 256, (256, 512)),
        ((1024, 512), 128, (256, 128)),
        ((1, 1), 256, (256, 256)),
        ((100, 50), 256, (512, 256)),
        ((200, 20_000), 256, (256, 25_600)),
        ((20_000, 200), 256, (25_600, 256)),
        # No more than four times as large as the picture, if it is long.
        ((1, 5000), 256, (4, 20_000)),
        ((9, 90), 256, (102, 1024)),
        ((3000, 4000), 1, (1, 1)),
    ],
)
def test_working_shape(
    shape: tuple[int, int], size: int, expected: tuple[int, int]
) -> None:
    assert working_shape(shape, size) == expected


@given(sides, sides, st.integers(1, 1024))
def test_working_shape_keeps_the_aspect(height: int, width: int, size: int) -> None:
    h, w = working_shape((height, width), size)
    assert 1 <= min(h, w) <= size
    if max(height, width) <= 4 * min(height, width):
        assert min(h, w) == size
    assert h * w <= max(1.05 * MOST_PIXELS, 4 * size**2)
    assert min(h, w) == size or max(h, w) >= 4 * size
    # Each side is rounded by half a pixel at most, or up to the first.
    scale = max(h, w) / max(height, width)
    assert abs(h - height * scale) <= max(0.5 + height * scale / max(h, w), 1)
    assert abs(w - width * scale) <= max(0.5 + width * scale / max(h, w), 1)


@pytest.mark.parametrize("size", [0, -1, 2.5, 8193, float("nan"), float("inf")])
def test_working_size_that_is_none(size: float) -> None:
    with pytest.raises(ValueError, match=r"whole working size in 1\.\.8192"):
        working_shape((10, 10), size)


def test_a_picture_of_the_working_size_is_taken_as_it_is() -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 30), np.uint8)
    np.testing.assert_array_equal(fit_lightness(image, (20, 30)), lightness(image))


@pytest.mark.parametrize(
    ("full", "shape"),
    [
        ((64, 48), (16, 12)),
        ((61, 47), (13, 10)),
        ((5, 7), (40, 56)),
        ((300, 3), (100, 1)),
        ((9, 1), (64, 7)),
        ((1, 1), (8, 8)),
        ((1500, 1400), (60, 56)),
    ],
)
@pytest.mark.parametrize("kind", [np.uint8, np.float64])
def test_fitting_keeps_a_ramp_in_place(
    full: tuple[int, int], shape: tuple[int, int], kind: type
) -> None:
    """Pixel centers align: L* at (y + 0.5) / h stays there, whatever the size."""
    y, x = ((np.arange(n) + 0.5) / n for n in full)
    levels = 255 * (0.2 + 0.3 * y[:, None] + 0.3 * x)
    image = levels.round().astype(np.uint8) if kind is np.uint8 else levels / 255
    fitted = fit_lightness(image, shape)
    assert fitted.dtype == np.float32
    assert fitted.shape == shape
    y, x = ((np.arange(n) + 0.5) / n for n in shape)
    # L* is nearly linear in the gray level: the ends of the ramp are enough.
    expected = lightness((0.2 + 0.3 * y[:, None] + 0.3 * x).astype(np.float32))
    inner = tuple(slice(n // 4, n - n // 4) for n in shape)
    if min(full) > 1:
        np.testing.assert_allclose(fitted[inner], expected[inner], atol=0.6)
    assert fitted.mean() == pytest.approx(expected.mean(), abs=0.6)


def test_scaling_down_averages_over_areas() -> None:
    """A checkerboard of single pixels becomes flat, with no pattern of its own."""
    image = np.indices((600, 900)).sum(0) % 2
    fitted = fit_lightness(image.astype(np.float32), (100, 150))
    np.testing.assert_allclose(fitted, 50, atol=0.5)


def test_strips_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.random.default_rng(0).random((437, 211)).astype(np.float32)
    whole = fit_lightness(image, (40, 19))
    monkeypatch.setattr("colorize_engine.resize.STRIP_PIXELS", 4000)
    np.testing.assert_array_equal(fit_lightness(image, (40, 19)), whole)


def test_enlarging_stays_in_range() -> None:
    """Cubic interpolation overshoots at edges."""
    image = np.zeros((8, 8), np.uint8)
    image[:, 4:] = 255
    fitted = fit_lightness(image, (64, 64))
    assert fitted.min() == 0
    assert fitted.max() == 100


@given(st.integers(1, 70), st.integers(1, 70), st.sampled_from([1, 2, 8, 32]))
def test_cropping_undoes_padding(height: int, width: int, stride: int) -> None:
    plane = np.arange(height * width, dtype=np.float32).reshape(height, width)
    padded = pad(plane, stride, 1)
    for side, before in zip(padded.shape, plane.shape, strict=True):
        assert side % stride == 0
        assert before <= side < before + stride
    stack = np.stack([padded, -padded])
    np.testing.assert_array_equal(
        crop(stack, plane.shape, stride, 1), np.stack([plane, -plane])
    )


@given(st.integers(1, 70), st.integers(1, 70), st.sampled_from([2, 4, 8]))
def test_cells_begin_with_the_picture(height: int, width: int, side: int) -> None:
    """The first pixel of each cell is where the cell's number says, despite padding."""
    plane = np.arange(height * width, dtype=np.float32).reshape(height, width)
    padded = pad(plane, 32, side)
    for long, before in zip(padded.shape, plane.shape, strict=True):
        assert long % 32 == 0
        assert before <= long < before + 32
    cells = crop(padded[::side, ::side], plane.shape, 32, side)
    assert cells.shape == head_shape(plane.shape, side)
    np.testing.assert_array_equal(cells, plane[::side, ::side])


def test_padding_reflects() -> None:
    padded = pad(np.array([[1, 2, 3, 4, 5]], np.float32), 8, 1)
    np.testing.assert_array_equal(padded, [[2, 1, 2, 3, 4, 5, 4, 3]] * 8)
