"""Caution: chroma goes where the nets are unsure, and only there."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from colorize_engine import Colorizer, Distribution, Prediction
from colorize_engine.bins import ChannelBins
from colorize_engine.decode import cautious

BINS = ChannelBins.unweighted([-60, -20, 20, 60])


def test_by_hand() -> None:
    chroma = np.full((2, 1, 4), 10, np.float32)
    bits = np.array([[0, 4, 6, 8]], np.float32)
    found = cautious(chroma, bits, 8, 0.5)
    np.testing.assert_allclose(found[0], [[10, 10, 7.5, 5]])
    np.testing.assert_allclose(cautious(chroma, bits, 8, 1)[1], [[10, 10, 5, 0]])
    assert cautious(chroma, bits, 8, 0) is chroma


@pytest.mark.parametrize("caution", [-0.1, 1.1, float("nan")])
def test_outside_of_0_to_1(caution: float) -> None:
    with pytest.raises(ValueError, match=r"a caution in 0\.\.1"):
        cautious(np.zeros((2, 1, 1)), np.zeros((1, 1)), 8, caution)


def test_a_prediction_with_few_bins_is_never_unsure() -> None:
    flat = Distribution(np.zeros((4, 3, 3), np.float32), BINS)
    prediction = Prediction(
        np.zeros((3, 3), np.uint8), np.zeros((3, 3), np.float32), flat, flat
    )
    assert prediction.entropy().max() == pytest.approx(4)
    np.testing.assert_array_equal(
        prediction.decode(1, 0, caution=1), prediction.decode(1, 0)
    )


def test_it_takes_what_is_unsure_and_leaves_the_sky() -> None:
    prediction = Colorizer.from_pretrained().predict(data.camera())
    bold, careful = (
        np.hypot(*prediction.decode(caution=caution)) for caution in (0, 1)
    )
    share = careful / np.maximum(bold, 1e-6)
    unsure = prediction.entropy()
    assert share[unsure < 4].min() > 0.999
    most = np.log2(20) + np.log2(21)
    expected = 1 - np.clip((unsure - 4) / (most - 4), 0, 1)
    np.testing.assert_allclose(share[bold > 1], expected[bold > 1], atol=1e-3)
    assert (careful <= bold + 1e-5).all()
    assert careful.mean() < 0.99 * bold.mean()
    half = np.hypot(*prediction.decode(caution=0.5))
    np.testing.assert_allclose(half, (bold + careful) / 2, rtol=1e-4, atol=1e-4)


def test_colorize_takes_it_too() -> None:
    prediction = Colorizer.from_pretrained().predict(data.camera()[::4, ::4])
    expected = prediction.render(prediction.decode(caution=0.7))
    np.testing.assert_array_equal(prediction.colorize(caution=0.7), expected)
