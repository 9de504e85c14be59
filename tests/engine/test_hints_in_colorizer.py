"""Hints from the picture to the nets: predictions, batches, predictors of one's own."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import data

from colorize_engine import Colorizer, Hint
from colorize_engine.bins import ChannelBins
from colorize_engine.color import lightness, lightness_to_gray
from colorize_engine.hints import missing, paint

if TYPE_CHECKING:
    from pathlib import Path

GRAY = data.camera()[100:164, 150:246]
RED = Hint(30, 40, 60, 40)


@pytest.fixture(scope="module")
def hinted(hinted_model: Path) -> Colorizer:
    return Colorizer.from_folder(hinted_model)


def test_a_hint_colors_its_place_and_more_with_the_shipped_nets() -> None:
    colorizer = Colorizer.from_pretrained()
    gray = lightness_to_gray(lightness(data.coffee()))
    plain = colorizer.predict(gray)
    saucer = Hint(330, 180, 44, 38)
    shown = colorizer.predict(gray, hints=[saucer])
    assert (plain.hints, shown.hints) == ((), (saucer,))
    before, after = (p.at_full_size(p.decode()) for p in (plain, shown))
    assert np.abs(after[:, 330, 180] - (44, 38)).max() < 8
    # Also elsewhere on the saucer, and not on the table.
    assert after[0, 300, 120] > before[0, 300, 120] + 8
    assert np.abs(after - before)[:, :60, 480:].mean() < 4


def test_without_hints_nothing_changes(hinted: Colorizer) -> None:
    plain, empty = hinted.predict(GRAY), hinted.predict(GRAY, hints=[])
    np.testing.assert_array_equal(plain.a.logits, empty.a.logits)
    np.testing.assert_array_equal(plain.b.logits, empty.b.logits)


def test_asking_again_is_predicting_with_hints(hinted: Colorizer) -> None:
    expected = hinted.predict(GRAY, hints=[RED])
    again = hinted.predict(GRAY).with_hints([RED])
    assert again.hints == expected.hints == (RED,)
    np.testing.assert_array_equal(again.a.logits, expected.a.logits)
    np.testing.assert_array_equal(again.b.logits, expected.b.logits)
    back = again.with_hints([])
    np.testing.assert_array_equal(back.a.logits, hinted.predict(GRAY).a.logits)


def test_asking_again_touches_no_pixel_of_the_picture(hinted: Colorizer) -> None:
    """A picture of a million megapixels would take too long, and too much memory."""
    huge = np.broadcast_to(np.uint8(0), (10**6, 10**6))
    found = replace(hinted.predict(GRAY), image=huge).with_hints([Hint(5, 6, 60, 40)])
    assert found.decode().shape == hinted.predict(GRAY).decode().shape


@given(
    st.lists(
        st.tuples(st.floats(0, 63), st.floats(0, 95), st.floats(-80, 90)),
        min_size=1,
        max_size=3,
    )
)
def test_a_batch_gives_what_single_pictures_give(
    hinted: Colorizer, places: list[tuple[float, float, float]]
) -> None:
    some = [Hint(row, column, a, -a) for row, column, a in places]
    pictures = [GRAY, GRAY[::-1], GRAY]
    hints = [some, [], some[:1]]
    together = hinted.predict_batch(pictures, hints=hints)
    for picture, each, found in zip(pictures, hints, together, strict=True):
        alone = hinted.predict(picture, hints=each)
        np.testing.assert_array_equal(found.a.logits, alone.a.logits)
        np.testing.assert_array_equal(found.b.logits, alone.b.logits)
    many = hinted.predict(GRAY).with_all([some, []])
    np.testing.assert_array_equal(many[0].b.logits, together[0].b.logits)
    assert many[1].hints == ()


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (700, 20)])
def test_pictures_of_any_shape(hinted: Colorizer, shape: tuple[int, int]) -> None:
    gray = np.linspace(0, 255, shape[0] * shape[1]).reshape(shape).astype(np.uint8)
    hint = Hint(shape[0] - 1, shape[1] - 1, 30, 30)
    found = hinted.predict(gray, hints=[hint])
    assert found.colorize().shape == (*shape, 3)
    assert not np.array_equal(found.a.logits, hinted.predict(gray).a.logits)


def test_a_pickled_prediction_leaves_its_nets_behind(hinted: Colorizer) -> None:
    prediction = hinted.predict(GRAY, hints=[RED])
    again = pickle.loads(pickle.dumps(prediction))
    assert again.hints == (RED,)
    np.testing.assert_array_equal(again.colorize(), prediction.colorize())
    with pytest.raises(ValueError, match=r"no nets at hand.* the picture again"):
        again.with_hints([])


def test_one_net_alone_says_what_both_say(hinted: Colorizer) -> None:
    prediction = hinted.predict(GRAY)
    sets = [[RED], [], [Hint(1, 1, b=20)]]
    light = prediction.lightness
    planes = np.stack([paint(each, GRAY.shape, light.shape) for each in sets])
    both = prediction.nets(light, planes, "ab")
    for channel, expected in zip("ab", both, strict=True):
        found = prediction.ask(channel, sets)
        assert len(found) == 3
        np.testing.assert_array_equal(found, expected)


def test_hints_that_the_nets_did_not_follow_are_shown_stronger(
    one_thread: None,
) -> None:
    colorizer = Colorizer.from_pretrained("default", "cpu")
    prediction = colorizer.predict(data.coffee()[..., 1])
    light = prediction.lightness
    sets = [
        [Hint(330, 180, a, b), Hint(40, 40, b=-20)]
        for a, b in ((0, -40), (-28, -28), (40, 0), (-40, 35))
    ]
    planes = [paint(each, prediction.shape, light.shape) for each in sets]
    away = np.zeros(2)
    for hints, a, b, twice in zip(
        sets,
        *prediction.nets(light, np.stack(planes), "ab"),
        prediction.with_all(sets),
        strict=True,
    ):
        once = replace(
            prediction,
            a=replace(prediction.a, logits=a),
            b=replace(prediction.b, logits=b),
        )
        found = []
        for each in (once, twice):
            chroma = each.decode()
            cells = prediction.cells_of(np.array([330, 40]), np.array([180, 40]))
            found.append(missing(hints, chroma[:, *cells]))
        assert twice.hints == tuple(hints)
        assert found[1] <= found[0], "the nearer of both counts"
        away += found
    assert away[1] < 0.9 * away[0]


def test_both_runtimes_follow_hints(hinted_model: Path) -> None:
    first, second = (
        Colorizer.from_folder(hinted_model, "cpu", runtime=runtime).predict(
            GRAY, hints=[RED]
        )
        for runtime in ("auto", "torch")
    )
    np.testing.assert_allclose(first.a.logits, second.a.logits, atol=1e-3)
    np.testing.assert_allclose(
        first.ask("b", [[RED]]), second.ask("b", [[RED]]), atol=1e-3
    )


def test_models_without_hints_refuse_them_by_name(tiny_model: Path) -> None:
    tiny = Colorizer.from_folder(tiny_model)
    with pytest.raises(ValueError, match="the model 'tiny' takes no hints"):
        tiny.predict(GRAY, hints=[RED])
    with pytest.raises(ValueError, match="the model 'tiny' takes no hints"):
        tiny.predict(GRAY).with_hints([RED])


def test_a_hint_outside_the_picture(hinted: Colorizer) -> None:
    with pytest.raises(ValueError, match="row 64, column 0 lies outside"):
        hinted.predict(GRAY, hints=[Hint(64, 0, 1, 1)])


# -- predictors of one's own

BINS = ChannelBins.unweighted([-50, 0, 50])


class Own:
    """A predictor that answers a given color with its bin."""

    def __init__(self, **attributes: Any) -> None:
        self.calls: list[int] = []
        self.__dict__.update(attributes)

    def __call__(self, *words: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the same logits for a and b."""
        self.calls.append(len(words))
        light, hints = words[0], words[1] if len(words) > 1 else None
        logits = np.zeros((3, *light.shape), np.float32)
        logits[1] = 1
        if hints is not None:
            logits[2] += 9 * hints[1]
        return logits, logits


def test_a_predictor_that_takes_hints_gets_them() -> None:
    own = Own(takes_hints=True)
    colorizer = Colorizer(own, BINS, BINS, working_size=16)
    found = colorizer.predict(np.full((32, 32), 99, np.uint8), hints=[Hint(4, 4, 9, 9)])
    planes = paint([Hint(4, 4, 9, 9)], (32, 32), (16, 16))
    np.testing.assert_array_equal(found.a.logits[2] > 0, planes[1] > 0)
    assert len(found.ask("b", [(), ()])) == 2
    assert set(own.calls) == {2}


def test_a_predictor_that_takes_none_refuses_them() -> None:
    own = Own()
    colorizer = Colorizer(own, BINS, BINS, working_size=16)
    with pytest.raises(ValueError, match="this predictor takes no hints"):
        colorizer.predict(np.full((32, 32), 99, np.uint8), hints=[Hint(4, 4, 9, 9)])
    assert colorizer.predict(np.full((32, 32), 99, np.uint8)).hints == ()
    assert set(own.calls) == {1}
