"""Suggestions: likely, distinct, in gamut, best first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from skimage import data

from colorize_engine import Colorizer, Hint
from colorize_engine.color import (
    ciede2000,
    lab_to_rgb,
    lightness,
    lightness_to_gray,
    srgb_to_lab,
)

if TYPE_CHECKING:
    from pathlib import Path

    from colorize_engine import Prediction

GRAY = lightness_to_gray(lightness(data.coffee()))


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer.from_pretrained()


@pytest.fixture(scope="module")
def prediction(colorizer: Colorizer) -> Prediction:
    return colorizer.predict(GRAY)


@pytest.mark.parametrize("point", [(330, 180), (0, 0), (399, 599), (150.5, 330.2)])
def test_they_are_distinct_in_gamut_and_best_first(
    colorizer: Colorizer, prediction: Prediction, point: tuple[float, float]
) -> None:
    found = colorizer.suggest(prediction, *point)
    assert len(found) == 5
    chances = [each.probability for each in found]
    assert chances == sorted(chances, reverse=True)
    assert 0 < chances[-1] <= sum(chances) <= 1 + 1e-6
    light = prediction.lightness_at(*point)
    labs = np.array([[light, each.a, each.b] for each in found])
    for number, lab in enumerate(labs):
        rest = np.delete(labs, number, 0)
        assert ciede2000(rest, lab).min() >= 4.9
        shown = lab_to_rgb(
            np.full((1, 1), light, np.float32),
            lab[1:, None, None].astype(np.float32),
            np.dtype(np.float32),
        )
        np.testing.assert_allclose(srgb_to_lab(shown)[0, 0, 1:], lab[1:], atol=0.2)


def test_the_red_of_the_saucer_is_among_them(
    colorizer: Colorizer, prediction: Prediction
) -> None:
    true = srgb_to_lab(data.coffee())[330, 180]
    found = colorizer.suggest(prediction, 330, 180)
    light = prediction.lightness_at(330, 180)
    labs = np.array([[light, each.a, each.b] for each in found])
    assert ciede2000(labs, [light, *true[1:]]).min() < 10


def test_an_image_is_predicted_first(colorizer: Colorizer) -> None:
    small = GRAY[::4, ::4]
    found = colorizer.suggest(small, 10, 20, count=3)
    assert found == colorizer.suggest(colorizer.predict(small), 10, 20, count=3)
    assert len(found) == 3


def test_hints_so_far_count(colorizer: Colorizer, prediction: Prediction) -> None:
    red = prediction.with_hints([Hint(330, 180, 50, 40)])
    assert colorizer.suggest(red, 330, 185)[0].a > 30
    assert colorizer.suggest(prediction, 330, 185)[0].a < 20


@pytest.mark.parametrize("point", [(-1, 0), (400, 0), (0, 600), (float("nan"), 0)])
def test_a_pixel_outside(
    colorizer: Colorizer, prediction: Prediction, point: tuple[float, float]
) -> None:
    with pytest.raises(ValueError, match=r"row|column"):
        colorizer.suggest(prediction, *point)


def test_nets_without_hints_are_named(tiny_model: Path, prediction: Prediction) -> None:
    tiny = Colorizer.from_folder(tiny_model)
    with pytest.raises(ValueError, match="the model 'tiny' takes no hints"):
        tiny.suggest(GRAY, 1, 1)
    with pytest.raises(ValueError, match="no nets at hand"):
        Colorizer.suggest(tiny, replace(prediction, nets=None), 1, 1)
