"""Color conversion against scikit-image, and against the definitions."""

import tracemalloc
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.color import lab2rgb, rgb2lab
from skimage.color.colorconv import xyz_from_rgb
from skimage.data import astronaut

from colorize_engine import parallel
from colorize_engine.color import (
    lab_to_rgb,
    lab_to_srgb,
    lightness,
    lightness_to_gray,
    srgb_to_lab,
)
from colorize_engine.color.curves import BLOCK

DTYPES = (np.uint8, np.uint16, np.float32)
XYZ = xyz_from_rgb / xyz_from_rgb.sum(axis=1, keepdims=True)


def as_float(image):
    top = np.iinfo(image.dtype).max if image.dtype.kind == "u" else 1
    return image.astype(np.float64) / top


def oracle(rgb):
    return rgb2lab(as_float(rgb))


def linear_rgb(lab):
    """Linear RGB in float64, by the definition of CIE Lab."""
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    return xyz @ np.linalg.inv(XYZ).T


def encoded(linear):
    """Encode by the sRGB curve, with its toe continued below zero."""
    power = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(linear > 0.0031308, power, 12.92 * linear)


def split(lab):
    return lab[..., 0], np.moveaxis(lab[..., 1:], -1, 0)


def colors(dtype):
    values = st.floats(0, 1, width=32) if np.dtype(dtype).kind == "f" else None
    return hnp.arrays(dtype, (1, 20, 3), elements=values)


anything = st.one_of(*(colors(dtype) for dtype in (*DTYPES, np.float64)))


seeds = st.integers(0, 2**32 - 1)
strengths = st.sampled_from([5, 40, 150, 1000])


def picture(seed, strength):
    """Lightness and chroma of any strength, in and out of gamut."""
    rng = np.random.default_rng(seed)
    light = rng.uniform(0.5, 99.5, (20, 30)).astype(np.float32)
    return light, rng.normal(0, strength, (2, 20, 30)).astype(np.float32)


@settings(deadline=None, max_examples=40)
@given(anything)
def test_srgb_to_lab_agrees_with_scikit_image(rgb):
    lab = srgb_to_lab(rgb)
    assert lab.dtype == np.float32
    assert lab.shape == rgb.shape
    np.testing.assert_allclose(lab, oracle(rgb), atol=0.01, rtol=0)


@settings(deadline=None, max_examples=40)
@given(anything)
def test_lab_to_srgb_agrees_with_scikit_image(rgb):
    lab = oracle(rgb)
    back = lab_to_srgb(lab)
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, lab2rgb(lab), atol=1e-3, rtol=0)
    np.testing.assert_allclose(rgb2lab(np.clip(back, 0, 1)), lab, atol=0.01, rtol=0)


@pytest.mark.parametrize("dtype", (np.float32, np.float64))
def test_the_dark_ends_of_both_curves_agree_too(dtype):
    rgb = (np.random.default_rng(1).random((200, 200, 3)) ** 4).astype(dtype)
    lab = oracle(rgb)
    np.testing.assert_allclose(srgb_to_lab(rgb), lab, atol=0.01, rtol=0)
    np.testing.assert_allclose(lightness(rgb), lab[..., 0], atol=1e-3, rtol=0)
    np.testing.assert_allclose(lab_to_srgb(lab), rgb, atol=1e-3, rtol=0)


def test_a_photo_agrees_and_its_alpha_is_ignored():
    rgb = astronaut()[:200, 100:350]
    expected = oracle(rgb)
    np.testing.assert_allclose(srgb_to_lab(rgb), expected, atol=0.01, rtol=0)
    np.testing.assert_allclose(lightness(rgb), expected[..., 0], atol=6e-3, rtol=0)
    alpha = np.random.default_rng(2).integers(0, 256, (200, 250, 1), np.uint8)
    rgba = np.concatenate([rgb, alpha], axis=-1)
    np.testing.assert_array_equal(lightness(rgba), lightness(rgb))


def test_the_tables_for_8_bit_colors_are_fine_enough_where_the_curve_is_steepest():
    levels = np.arange(32, dtype=np.uint8)
    dark = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(32, -1, 3)
    for rgb in (dark, dark * np.uint8(8), 255 - dark):
        found = lightness(rgb)
        np.testing.assert_allclose(found, oracle(rgb)[..., 0], atol=6e-3, rtol=0)
        assert found.min() >= 0
        assert found.max() <= 100


@pytest.mark.parametrize("dtype", DTYPES)
def test_black_and_white_in_color_have_no_chroma_to_fit_into_the_gamut(dtype):
    top = np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1
    ends = np.zeros((1, 2, 3), dtype)
    ends[0, 1] = top
    light = lightness(ends)
    np.testing.assert_allclose(light, [[0, 100]], atol=3e-5)
    assert light.max() <= 100
    with mock.patch("colorize_engine.color.gamut._estimated_factors") as fit:
        rgb = lab_to_rgb(light, np.full((2, 1, 2), 20, np.float32), dtype)
    fit.assert_not_called()
    np.testing.assert_allclose(rgb, ends, atol=1e-4)


@pytest.mark.parametrize("dtype", (np.uint8, np.uint16))
def test_all_gray_levels(dtype):
    gray = np.arange(np.iinfo(dtype).max + 1, dtype=dtype).reshape(-1, 16)
    light = lightness(gray)
    rgb = np.repeat(gray[..., np.newaxis], 3, axis=-1)
    assert light.dtype == np.float32
    assert light.shape == gray.shape
    np.testing.assert_allclose(light, oracle(rgb)[..., 0], atol=1e-3, rtol=0)
    np.testing.assert_allclose(lightness(as_float(gray)), light, atol=1e-3, rtol=0)
    np.testing.assert_allclose(srgb_to_lab(rgb)[..., 1:], 0, atol=1e-3)
    np.testing.assert_array_equal(lightness_to_gray(light, dtype), gray)
    no_chroma = np.zeros((2, *gray.shape), np.float32)
    np.testing.assert_array_equal(lab_to_rgb(light, no_chroma, dtype), rgb)


@pytest.mark.parametrize("dtype", (np.uint8, np.uint16))
def test_colors_come_back(dtype):
    top = np.iinfo(dtype).max
    levels = np.linspace(0, top, 52).round().astype(dtype)
    rgb = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(52, -1, 3)
    back = lab_to_rgb(*split(srgb_to_lab(rgb)), dtype)
    assert back.dtype == dtype
    # On the gamut's faces float32 noise of 4e-6 may be taken for too much chroma.
    allowed = 0 if dtype == np.uint8 else 5
    assert np.abs(back.astype(int) - rgb).max() <= allowed


def test_lab_to_srgb_leaves_the_gamut():
    rng = np.random.default_rng(3)
    lab = rng.uniform([1, -120, -120], [99, 120, 120], (40, 50, 3))
    exact = encoded(linear_rgb(lab))
    assert exact.min() < -1
    assert exact.max() > 1.2
    np.testing.assert_allclose(lab_to_srgb(lab), exact, atol=1e-4, rtol=1e-4)


@settings(deadline=None, max_examples=20)
@given(seeds, strengths)
def test_gamut_mapping_keeps_lightness_and_hue(seed, strength):
    light, chroma = picture(seed, strength)
    rgb = lab_to_rgb(light, chroma, np.float32)
    assert rgb.min() >= 0
    assert rgb.max() <= 1
    out = oracle(rgb)
    np.testing.assert_allclose(out[..., 0], light, atol=0.01, rtol=0)
    factor = (chroma * split(out)[1]).sum(axis=0) / (chroma**2).sum(axis=0)
    across = split(out)[1] - factor * chroma
    assert np.hypot(*across).max() < 0.05
    assert ((factor - 1) * np.hypot(*chroma)).max() < 0.03


@settings(deadline=None, max_examples=20)
@given(seeds, strengths)
def test_gamut_mapping_takes_no_more_chroma_than_it_must(seed, strength):
    light, chroma = picture(seed, strength)
    out = split(oracle(lab_to_rgb(light, chroma, np.float32)))[1]
    factor = (chroma * out).sum(axis=0) / (chroma**2).sum(axis=0)
    lab = np.stack([light, *chroma], axis=-1).astype(np.float64)

    def excess(scale):
        scaled = lab * np.stack([np.ones_like(scale), scale, scale], axis=-1)
        return np.abs(linear_rgb(scaled) - 0.5).max(axis=-1) - 0.5

    inside = excess(np.ones_like(light)) <= 0
    lost = (1 - factor) * np.hypot(*chroma)
    assert np.abs(lost[inside]).max(initial=0) < 0.02
    # A little more chroma, by 0.1 % and the tolerances in Lab, would be outside.
    more = 1.0015 * factor + 0.05 / np.hypot(*chroma)
    assert excess(np.minimum(more, 1))[~inside].min(initial=1) > 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_white_and_black_are_exact(dtype):
    light = np.array([[-5, 0, 100, 130]], np.float32)
    top = np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1
    expected = np.array([[[0] * 3, [0] * 3, [top] * 3, [top] * 3]], dtype)
    for value in (0, 30, -400):
        chroma = np.full((2, 1, 4), value, np.float32)
        rgb = lab_to_rgb(light, chroma, dtype)
        assert rgb.dtype == dtype
        tint = 0 if value == 0 else 1e-4  # what counts as inside the gamut
        np.testing.assert_allclose(rgb, expected, atol=tint, rtol=0)


@pytest.mark.parametrize(("dtype", "allowed"), ((np.uint8, 0.51), (np.uint16, 0.8)))
def test_integers_are_the_floats_but_for_rounding(dtype, allowed):
    rng = np.random.default_rng(4)
    light = rng.uniform(0, 100, (100, 100)).astype(np.float32)
    chroma = rng.normal(0, 60, (2, 100, 100)).astype(np.float32)
    rgb = lab_to_rgb(light, chroma, dtype)
    exact = lab_to_rgb(light, chroma, np.float32) * np.float64(np.iinfo(dtype).max)
    assert np.abs(rgb - exact).max() < allowed
    assert np.abs(lightness(rgb) - light).mean() < 0.1


@pytest.mark.parametrize("dtype", DTYPES)
def test_strips_and_threads_equal_the_whole(dtype, monkeypatch):
    monkeypatch.setattr(parallel, "processors", lambda: 2)
    rng = np.random.default_rng(5)
    height, width = 700, 9 * BLOCK // 600  # blocks for two threads, and a rest
    light = rng.uniform(-1, 101, (height, width)).astype(np.float32)
    chroma = rng.normal(0, 15, (2, height, width)).astype(np.float32)
    whole = lab_to_rgb(light, chroma, dtype)
    strips = [slice(start, start + 90) for start in range(0, height, 90)]
    parts = [lab_to_rgb(light[rows], chroma[:, rows], dtype) for rows in strips]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    lab, light = srgb_to_lab(whole), lightness(whole)
    # With AVX-512 the last bit of a product depends on a value's place in memory.
    for rows in strips:
        np.testing.assert_allclose(srgb_to_lab(whole[rows]), lab[rows], 0, 5e-5)
        np.testing.assert_allclose(lightness(whole[rows]), light[rows], 0, 5e-5)
    srgb = lab_to_srgb(lab)
    np.testing.assert_allclose(lab_to_srgb(lab[:90]), srgb[:90], 0, 1e-6)


def test_layouts_do_not_matter():
    rgb = np.random.default_rng(6).integers(0, 65536, (30, 40, 3)).astype(np.uint16)
    expected = srgb_to_lab(rgb)
    for same in (np.asfortranarray(rgb), rgb.astype(">u2"), rgb[::-1][::-1]):
        np.testing.assert_array_equal(srgb_to_lab(same), expected)
        np.testing.assert_array_equal(lightness(same), lightness(rgb))
    light, chroma = split(expected)  # views across the channels
    contiguous = np.ascontiguousarray(light), np.ascontiguousarray(chroma)
    np.testing.assert_array_equal(
        lab_to_rgb(light, chroma), lab_to_rgb(*contiguous, np.uint8)
    )
    gray = rgb[..., 0]
    np.testing.assert_array_equal(lightness(gray.astype(">u2")), lightness(gray))
    half = np.linspace(0, 1, 30, dtype=np.float16).reshape(2, 5, 3)
    np.testing.assert_array_equal(lightness(half), lightness(half.astype(np.float32)))


def test_empty_pictures():
    assert lightness(np.zeros((0, 7), np.float32)).shape == (0, 7)
    assert srgb_to_lab(np.zeros((4, 0, 3), np.uint8)).shape == (4, 0, 3)
    assert lab_to_rgb(np.zeros((0, 7)), np.zeros((2, 0, 7))).shape == (0, 7, 3)


def test_temporaries_are_small(monkeypatch):
    monkeypatch.setattr(parallel, "processors", lambda: 2)
    light = np.full((1000, 1000), 70, np.float32)
    chroma = np.full((2, 1000, 1000), 15, np.float32)
    chroma[:, :, :100] = 80  # out of gamut
    lab_to_rgb(light[:1], chroma[:, :1])  # fills the tables
    tracemalloc.start()
    try:
        rgb = lab_to_rgb(light, chroma)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < rgb.nbytes + 9e6  # a float32 copy of the result has 12e6


def test_lab_to_rgb_names_what_is_wrong():
    light, chroma = np.zeros((4, 5)), np.zeros((2, 4, 5))
    with pytest.raises(ValueError, match="uint8, uint16 or float32, not int32"):
        lab_to_rgb(light, chroma, np.int32)
    with pytest.raises(ValueError, match=r"chroma \(2, H, W\).*\(2, 5, 4\)"):
        lab_to_rgb(light, chroma.transpose(0, 2, 1))
    with pytest.raises(ValueError, match=r"lightness \(H, W\)"):
        lab_to_rgb(light[0], chroma[:, 0])
