"""NaN and infinity in arrays: an error, or blank pixels, in pictures and stacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from skimage import data

from colorize_engine import ChannelBins, Colorizer, colorize

if TYPE_CHECKING:
    from pathlib import Path

GRAY = (data.camera()[100:160, 180:260] / 255).astype(np.float32)
BLANK = np.zeros(GRAY.shape, bool)
BLANK[:9], BLANK[30:40, 20:50] = True, True
HOLED = GRAY.copy()
HOLED[:9], HOLED[30:40, 20:50] = np.nan, np.inf
BLACK = np.where(BLANK, np.float32(0), GRAY)
BINS = ChannelBins.unweighted(np.arange(-60, 61, 20))


def make() -> Colorizer:
    def nets(light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        wave = np.stack([(light - 20) * k / 50 for k in range(7)]).astype(np.float32)
        return wave, wave[::-1].copy()

    return Colorizer(nets, BINS, BINS, working_size=20)


def test_the_others_are_colored_as_beside_black() -> None:
    prediction = make().predict(HOLED, not_finite="blank")
    assert prediction.blank == BLANK.sum()
    found = prediction.colorize()
    np.testing.assert_array_equal(found, make().predict(BLACK).colorize())
    assert np.ptp(found[~BLANK], axis=-1).max() > 0.1
    np.testing.assert_allclose(found[BLANK], 0, atol=1e-6)
    assert np.isnan(HOLED[0, 0])
    assert make().predict(GRAY, not_finite="blank").blank == 0


def test_alpha_is_0_there() -> None:
    found = make().predict(np.dstack([HOLED, GRAY]), not_finite="blank").colorize()
    np.testing.assert_array_equal(found[..., 3], np.where(BLANK, 0, GRAY))
    np.testing.assert_allclose(found[BLANK], 0, atol=1e-6)


def test_each_picture_of_a_batch_has_its_own() -> None:
    found = make().predict_batch([GRAY, HOLED, GRAY.T], not_finite="blank")
    assert [each.blank for each in found] == [0, BLANK.sum(), 0]


def test_by_default_they_are_an_error(tiny_model: Path) -> None:
    for call in (make().predict, lambda image: colorize(image, model=tiny_model)):
        with pytest.raises(ValueError, match="got NaN or infinity"):
            call(HOLED)
    with pytest.raises(ValueError, match="'error' or 'blank', got 'zero'"):
        make().predict(GRAY, not_finite="zero")
    with pytest.raises(ValueError, match=r"floats in .*\.\.3"):
        make().predict(HOLED * 4, not_finite="blank")


def test_colorize_takes_them_in_one_call(tiny_model: Path) -> None:
    found = colorize(HOLED, model=tiny_model, not_finite="blank")
    np.testing.assert_array_equal(found, colorize(BLACK, model=tiny_model))


def test_a_stack_takes_them_frame_by_frame() -> None:
    pytest.importorskip("dask.array")
    from colorize_engine import stacks

    frames = np.stack([GRAY, HOLED])
    found = stacks.predict(frames, make, not_finite="blank").colorize().compute()
    expected = [make().predict(each).colorize() for each in (GRAY, BLACK)]
    np.testing.assert_array_equal(found, expected)
    rgba = np.stack([np.dstack([frame] * 3 + [GRAY]) for frame in frames])
    lazy = stacks.predict(rgba, make, rgb=True, not_finite="blank")
    alpha = lazy.colorize().compute()[..., 3]
    np.testing.assert_array_equal(alpha, [GRAY, np.where(BLANK, 0, GRAY)])
    with pytest.raises(ValueError, match="got NaN or infinity"):
        stacks.predict(frames, make).decode().compute()
    with pytest.raises(ValueError, match="got 'zero'"):
        stacks.predict(frames, make, not_finite="zero")
