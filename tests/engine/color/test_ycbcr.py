"""Y'CbCr: the formulas, and the Y' that keeps the lightness."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import data

from colorize_engine.color import Luma, lightness, luma_chroma, luma_for, rgb_of

WEIGHTS = {"601": Luma(0.299, 0.114), "709": Luma(0.2126, 0.0722)}


@pytest.mark.parametrize(
    ("weights", "matrix"),
    [
        # As BT.601 and BT.709 print them.
        (
            "601",
            [[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]],
        ),
        (
            "709",
            [[0.2126, 0.7152, 0.0722], [-0.1146, -0.3854, 0.5], [0.5, -0.4542, -0.046]],
        ),
    ],
)
def test_luma_and_chroma_are_those_of_the_standards(
    weights: str, matrix: list[list[float]]
) -> None:
    rgb = np.random.default_rng(0).random((5, 7, 3), np.float32)
    luma, chroma = luma_chroma(rgb, WEIGHTS[weights])
    expected = np.einsum("kc,ijc->kij", matrix, rgb)
    np.testing.assert_allclose([luma, *chroma], expected, atol=2e-4)
    back = rgb_of(luma, chroma, WEIGHTS[weights])
    np.testing.assert_allclose(np.moveaxis(back, 0, 2), rgb, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_integers_stand_for_0_to_1(dtype: type) -> None:
    white = np.full((1, 1, 3), np.iinfo(dtype).max, dtype)
    luma, chroma = luma_chroma(white, WEIGHTS["709"])
    assert luma[0, 0] == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(chroma, 0, atol=1e-6)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_luma_keeps_the_lightness_whatever_the_chroma_becomes(weights: str) -> None:
    rgb = data.coffee()[::3, ::3]
    light = lightness(rgb)
    luma, chroma = luma_chroma(rgb, WEIGHTS[weights])
    # As 8 bits and blocks of 2 x 2 pixels leave it.
    height, width = (side // 2 * 2 for side in light.shape)
    light, luma = light[:height, :width], luma[:height, :width]
    blocks = chroma[:, :height, :width].reshape(2, height // 2, 2, width // 2, 2)
    coarse = np.rint(blocks.mean((2, 4)) * 224) / np.float32(224)
    coarse = coarse.repeat(2, axis=1).repeat(2, axis=2).astype(np.float32)

    def error(levels: np.ndarray) -> np.ndarray:
        shown = np.clip(rgb_of(levels, coarse, WEIGHTS[weights]), 0, 1)
        return np.abs(lightness(np.ascontiguousarray(np.moveaxis(shown, 0, 2))) - light)

    found = error(luma_for(light, luma, coarse, WEIGHTS[weights]))
    # Where a channel ends at 0 or 1 there may be no such luma.
    assert np.percentile(found, 95) < 0.1
    assert found.mean() < 0.1 * error(luma).mean()


@given(gray=st.floats(0, 1))
def test_the_luma_of_gray_is_the_gray(gray: float) -> None:
    level = np.full((1, 1), gray, np.float32)
    none = np.zeros((2, 1, 1), np.float32)
    found = luma_for(lightness(level), level, none, WEIGHTS["709"])
    np.testing.assert_allclose(found, level, atol=3e-5)
