"""Variants: several, different, the same for the same seed, with the person's hints."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from skimage import data

from colorize_engine import Colorizer, Hint
from colorize_engine.color import (
    ciede2000,
    lightness,
    lightness_to_gray,
    srgb_to_lab,
)

if TYPE_CHECKING:
    from pathlib import Path

GRAY = lightness_to_gray(lightness(data.coffee()[::2, ::2]))


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    """Shipped nets at half of their size, as they are asked a hundred times."""
    colorizer = Colorizer.from_pretrained()
    colorizer.working_size = 160
    return colorizer


def labs(predictions: list) -> list[np.ndarray]:
    return [srgb_to_lab(each.colorize()) for each in predictions]


def test_they_differ_and_come_again_with_the_same_seed(colorizer: Colorizer) -> None:
    found = colorizer.variants(GRAY, 4, seed=3)
    again = colorizer.variants(GRAY, 4, seed=3)
    other = colorizer.variants(GRAY, 4, seed=4)
    assert len(found) == 4
    for one, same in zip(found, again, strict=True):
        assert one.hints == same.hints
        np.testing.assert_array_equal(one.a.logits, same.a.logits)
    assert {each.hints for each in found}.isdisjoint(each.hints for each in other)
    for one, two in combinations(labs(found), 2):
        assert ciede2000(one, two).mean() > 1


def test_all_keep_the_hints_of_the_person(colorizer: Colorizer) -> None:
    given = (Hint(165, 90, 50, 40), Hint(10, 10, b=-20, radius=4))
    steps = []
    found = colorizer.variants(
        GRAY, 2, hints=given, progress=lambda *done: steps.append(done)
    )
    for each in found:
        assert each.hints[:2] == given
        assert len(each.hints) > 4
        chroma = each.at_full_size(each.decode())
        assert chroma[0, 160:170, 85:95].mean() > 25
    assert steps[0] == (0, steps[-1][1])
    assert steps[-1][0] == steps[-1][1]
    whole = colorizer.predict(GRAY, hints=given)
    assert [each.hints for each in colorizer.variants(whole, 2)] == [
        each.hints for each in found
    ]


def test_the_points_are_apart_and_inside(colorizer: Colorizer) -> None:
    (one,) = colorizer.variants(GRAY[:, :120], 1)
    places = np.array([(hint.row, hint.column) for hint in one.hints])
    assert len(places) == 6
    for first, second in combinations(places, 2):
        assert np.abs(first - second).max() > 10
    assert (places >= 0).all()
    assert (places <= (199, 119)).all()


def test_nets_without_hints_are_named(tiny_model: Path) -> None:
    with pytest.raises(ValueError, match="the model 'tiny' takes no hints"):
        Colorizer.from_folder(tiny_model).variants(GRAY)


def test_a_caller_may_cancel(colorizer: Colorizer) -> None:
    class Stop(Exception):
        pass

    def progress(done: int, total: int) -> None:
        if done:
            raise Stop

    with pytest.raises(Stop):
        colorizer.variants(GRAY, 2, progress=progress)
