"""Enlargement of chroma against torch, and against its definition."""

import itertools
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.data import astronaut
from stand_ins import A_BINS, B_BINS, noisy

from colorize_engine import Colorizer
from colorize_engine.color import lab_to_rgb, lightness, srgb_to_lab
from colorize_engine.upsample import METHODS, align, enlarge, upsample

sides = st.integers(1, 40)
seeds = st.integers(0, 2**32 - 1)
methods = st.sampled_from(METHODS)
quick = settings(deadline=None, max_examples=40)


def picture(seed, small, full):
    """Chroma, guide and full-size lightness of independent random values."""
    rng = np.random.default_rng(seed)
    chroma = rng.normal(0, 30, (2, *small)).astype(np.float32)
    guide = rng.uniform(0, 100, small).astype(np.float32)
    return chroma, guide, rng.uniform(0, 100, full).astype(np.float32)


def bilinear(planes, shape):
    """Torch's, computed in float64, of (K, h, w)."""
    batch = torch.from_numpy(np.asarray(planes, np.float64))[None]
    sizes = {"size": shape, "mode": "bilinear", "align_corners": False}
    return torch.nn.functional.interpolate(batch, **sizes)[0].numpy()


def means(plane):
    """Means of 3x3 windows cut off at the edges, one by one."""
    out = np.empty_like(plane)
    for y, x in np.ndindex(plane.shape):
        out[y, x] = plane[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].mean()
    return out


def guided(chroma, guide, lightness):
    """Compute it by its definition, in float64."""
    light = guide.astype(np.float64)
    variance = means(light**2) - means(light) ** 2
    out = []
    for plane in chroma.astype(np.float64):
        covariance = means(plane * light) - means(plane) * means(light)
        slope = means(covariance / (variance + 25))
        planes = np.stack([slope, plane - slope * light])
        slope, offset = bilinear(planes, lightness.shape)
        out.append(slope * lightness + offset)
    return np.stack(out)


@quick
@given(seeds, sides, sides, st.sampled_from([1, 2, 4, 8]))
def test_enlarging_cells_equals_torch(seed, h, w, side):
    cells = -(-h // side), -(-w // side)
    chroma = np.random.default_rng(seed).normal(0, 30, (2, *cells)).astype("f4")
    found = enlarge(chroma, (h, w), side)
    assert found.dtype == np.float32
    expected = bilinear(chroma, (cells[0] * side, cells[1] * side))[:, :h, :w]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    if side == 1:
        np.testing.assert_array_equal(found, chroma)


def test_a_ramp_of_cells_stays_a_ramp():
    """By hand: cell i of 4 pixels has its center at pixel 4 i + 1.5."""
    rows, columns = np.mgrid[:10, :14].astype(np.float32)
    chroma = np.stack([3 * rows - 2 * columns, columns])
    found = enlarge(chroma, (37, 53), 4)
    y, x = (np.mgrid[:37, :53] - 1.5) / 4
    inside = np.s_[:, 2:, 2:]  # before the first center there is nothing to go by
    np.testing.assert_allclose(
        found[inside], np.stack([3 * y - 2 * x, x])[inside], atol=1e-4
    )
    np.testing.assert_array_equal(found[:, 0, 0], chroma[:, 0, 0])


@pytest.mark.parametrize("shape", [(36, 53), (41, 53), (37, 52), (37, 57)])
def test_cells_that_do_not_fit_are_refused(shape):
    with pytest.raises(ValueError, match=r"expected chroma of shape .* \(2, 10, 14\)"):
        enlarge(np.zeros((2, 10, 14), np.float32), shape, 4)


@quick
@given(seeds, sides, sides, sides, sides)
def test_bilinear_equals_torch(seed, h, w, height, width):
    chroma, guide, light = picture(seed, (h, w), (height, width))
    out = upsample(chroma, guide, light, light.shape, method="bilinear")
    assert out.dtype == np.float32
    expected = bilinear(chroma, light.shape)
    np.testing.assert_allclose(out, expected, atol=1e-4, rtol=0)


@quick
@given(seeds, st.integers(1, 9), st.integers(1, 9), sides, sides)
def test_guided_equals_its_definition(seed, h, w, more, wider):
    chroma, guide, light = picture(seed, (h, w), (h + more - 1, w + wider - 1))
    out = upsample(chroma, guide, light, light.shape)
    assert out.dtype == np.float32
    expected = guided(chroma, guide, light)
    np.testing.assert_allclose(out, expected, atol=3e-4, rtol=0)


@quick
@given(seeds, sides, sides, sides, sides, st.integers(1, 15), methods)
def test_strips_equal_the_whole(seed, h, w, height, width, rows, method):
    chroma, guide, light = picture(seed, (h, w), (height, width))
    whole = upsample(chroma, guide, light, light.shape, 0, method)
    strips = [
        upsample(chroma, guide, light[y : y + rows], light.shape, y, method)
        for y in range(0, height, rows)
    ]
    np.testing.assert_array_equal(np.concatenate(strips, axis=1), whole)


@quick
@given(seeds, sides, sides, sides, sides, methods)
def test_constant_chroma_stays_constant(seed, h, w, height, width, method):
    _, guide, light = picture(seed, (h, w), (height, width))
    chroma = np.empty((2, h, w), np.float32)
    chroma[:] = np.array([-31.25, 77.7])[:, None, None]
    out = upsample(chroma, guide, light, light.shape, method=method)
    np.testing.assert_allclose(out[0], -31.25, atol=1e-4)
    np.testing.assert_allclose(out[1], 77.7, atol=1e-4)


@quick
@given(seeds, sides, sides, sides, sides, st.floats(0, 100))
def test_constant_guide_gives_bilinear(seed, h, w, height, width, level):
    chroma, guide, light = picture(seed, (h, w), (height, width))
    guide[:] = level
    out = upsample(chroma, guide, light, light.shape)
    expected = upsample(chroma, guide, light, light.shape, method="bilinear")
    np.testing.assert_allclose(out, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("full", ((9, 30), (30, 9), (5, 5)))
def test_pictures_below_the_working_size_are_bilinear(full):
    chroma, guide, light = picture(0, (12, 12), full)
    expected = upsample(chroma, guide, light, full, method="bilinear")
    np.testing.assert_array_equal(upsample(chroma, guide, light, full), expected)


def test_chroma_at_full_size_comes_back():
    chroma, guide, _ = picture(1, (20, 30), (20, 30))
    out = upsample(chroma, guide, guide, guide.shape)
    np.testing.assert_allclose(out, chroma, atol=1e-4)


def test_color_keeps_to_its_side_of_an_edge():
    """A bright orange half beside a dark blue one, their edge inside a pixel."""
    side = (np.arange(256) >= 133)[np.newaxis].repeat(64, axis=0)
    light = np.where(side, 80, 30).astype(np.float32)
    chroma = np.stack([np.where(side, 40, 10), np.where(side, 60, -50)])
    small = chroma.reshape(2, 4, 16, 16, 16).mean(axis=(2, 4))
    guide = light.reshape(4, 16, 16, 16).mean(axis=(1, 3))
    error = {
        method: np.abs(upsample(small, guide, light, light.shape, 0, method) - chroma)
        for method in METHODS
    }
    assert error["guided"].mean() < 0.6 * error["bilinear"].mean()
    assert error["guided"].max() < error["bilinear"].max()


@pytest.mark.parametrize("factor", (4, 8))
def test_a_photo_gets_better(factor):
    lab = srgb_to_lab(astronaut()).transpose(2, 0, 1)
    blocks = lab.reshape(3, 512 // factor, factor, 512 // factor, factor)
    guide, *chroma = blocks.mean(axis=(2, 4))
    error = {}
    for method in METHODS:
        out = upsample(np.stack(chroma), guide, lab[0], (512, 512), 0, method)
        error[method] = np.sqrt(((out - lab[1:]) ** 2).mean())
    assert error["guided"] < 0.9 * error["bilinear"]


@pytest.mark.parametrize("method", METHODS)
def test_memory_is_bounded_by_the_strip(method):
    chroma, guide, light = picture(2, (100, 120), (8, 2000))
    tracemalloc.start()
    try:
        out = upsample(chroma, guide, light, (20_000, 2000), 9000, method)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert out.shape == (2, 8, 2000)
    assert peak < 20 * out.nbytes  # the whole has 2500 times as much


@pytest.mark.parametrize("method", METHODS)
def test_no_rows_give_no_rows(method):
    chroma, guide, light = picture(3, (5, 5), (0, 20))
    assert upsample(chroma, guide, light, (10, 20), 10, method).shape == (2, 0, 20)


def test_arguments_that_do_not_fit_are_named():
    chroma, guide, light = picture(4, (5, 6), (10, 12))
    with pytest.raises(ValueError, match="guided, bilinear, got 'cubic'"):
        upsample(chroma, guide, light, (10, 12), method="cubic")
    with pytest.raises(ValueError, match=r"chroma \(2, h, w\).*\(1, 5, 6\)"):
        upsample(chroma[:1], guide, light, (10, 12))
    with pytest.raises(ValueError, match="not empty"):
        upsample(chroma[:, :0], guide[:0], light, (10, 12))
    with pytest.raises(ValueError, match="rows of 13 pixels"):
        upsample(chroma, guide, light, (10, 13))
    with pytest.raises(ValueError, match="the picture's 10 rows, got rows 1 to 11"):
        upsample(chroma, guide, light, (10, 12), 1)
    with pytest.raises(ValueError, match="rows -1 to 9"):
        upsample(chroma, guide, light, (10, 12), -1)


def aligned(chroma, guide):
    """Compute it by its definition, pixel by pixel, in float64."""
    out = np.empty(chroma.shape)
    steps = (-6, -4, -2, 0, 2, 4, 6)
    height, width = guide.shape
    for y, x in np.ndindex(guide.shape):
        total, mixed = 0.0, np.zeros(2)
        for down, right in itertools.product(steps, steps):
            if 0 <= y + down < height and 0 <= x + right < width:
                difference = float(guide[y + down, x + right]) - float(guide[y, x])
                weight = np.exp(-(difference**2 + down**2 + right**2) / 18)
                total += weight
                mixed += weight * chroma[:, y + down, x + right]
        out[:, y, x] = mixed / total
    return out


@quick
@given(seeds, st.integers(1, 16), st.integers(1, 16))
def test_alignment_equals_its_definition(seed, h, w):
    chroma, guide, _ = picture(seed, (h, w), (h, w))
    guide /= 10  # so that several pixels count
    out = align(chroma, guide)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, aligned(chroma, guide), atol=1e-3, rtol=0)


@quick
@given(seeds, sides, sides)
def test_alignment_stays_between_the_extremes(seed, h, w):
    chroma, guide, _ = picture(seed, (h, w), (h, w))
    out = align(chroma, guide)
    low, high = (f(chroma, axis=(1, 2), keepdims=True) for f in (np.min, np.max))
    assert (out >= low - 1e-3).all() and (out <= high + 1e-3).all()


def test_a_color_that_ends_behind_its_edge_is_moved_onto_it():
    """A bright half beside a dark one; the color of the bright one runs over by 4."""
    at = np.arange(64)
    guide = np.where(at < 32, 80, 40).astype(np.float32)[None].repeat(48, axis=0)
    chroma = np.zeros((2, 48, 64), np.float32)
    chroma[:, :, :36] = 30
    out = align(chroma, guide)
    np.testing.assert_allclose(out[..., :32], 30, atol=0.01)
    assert (out[..., 32:36] < 24).all()
    assert out[..., 32:36].mean() < 21
    assert out[..., 44:].max() < 0.01


def test_pictures_are_colored_by_aligned_chroma():
    """Of the whole, once; not of each strip. Bilinear has it as it was predicted."""
    image = np.kron([[60, 200], [200, 60]], np.ones((300, 300))).astype(np.uint8)
    prediction = Colorizer(noisy, A_BINS, B_BINS, working_size=64).predict(image)
    colored = prediction.colorize()
    light = lightness(image)
    chroma = align(prediction.decode(), prediction.lightness)
    full = upsample(chroma, prediction.lightness, light, image.shape)
    np.testing.assert_array_equal(colored, lab_to_rgb(light, full, np.dtype(np.uint8)))
    plain = upsample(
        prediction.decode(), prediction.lightness, light, image.shape, 0, "bilinear"
    )
    np.testing.assert_array_equal(
        prediction.colorize(method="bilinear"),
        lab_to_rgb(light, plain, np.dtype(np.uint8)),
    )
