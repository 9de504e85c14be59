"""Windows of a picture in color, at its full size and reduced."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from skimage import data
from stand_ins import A_BINS, B_BINS, noisy

from colorize_engine import Colorizer, Prediction
from colorize_engine.rendering import Pyramid, Rendering

PHOTO = np.asarray(Image.fromarray(data.camera()).resize((1010, 720)))
PICTURES = {
    "uint8": PHOTO,
    "uint16": PHOTO.astype(np.uint16) * 257,
    "float32": PHOTO.astype(np.float32) / 255,
    "float64": PHOTO / 255,
    "RGB": data.astronaut(),
    "RGB float32": (data.astronaut() / 255).astype(np.float32),
    "RGB uint16": data.astronaut().astype(np.uint16) * 257,
    "RGBA": np.dstack([data.astronaut(), data.camera()]),
}


def prediction_of(picture: np.ndarray, size: int = 64) -> Prediction:
    return Colorizer(noisy, A_BINS, B_BINS, working_size=size).predict(picture)


def rendering_of(
    picture: np.ndarray, size: int = 64, method: str = "guided"
) -> Rendering:
    prediction = prediction_of(picture, size)
    return prediction.rendering(prediction.decode(0.3, 0.2, 1.5), method=method)


RENDERINGS = {name: rendering_of(picture) for name, picture in PICTURES.items()}
RENDERINGS["bilinear"] = rendering_of(PHOTO, method="bilinear")
RENDERINGS["no larger"] = rendering_of(PHOTO[:64, :90])
RENDERINGS["smaller"] = rendering_of(PHOTO[:50, :80], 90)
WHOLE = {name: each.whole() for name, each in RENDERINGS.items()}


def windows(shape: tuple[int, int], drawn: st.DataObject) -> tuple[slice, slice]:
    found = []
    for n in shape:
        start = drawn.draw(st.integers(0, n - 1))
        found.append(slice(start, drawn.draw(st.integers(start + 1, n))))
    return found[0], found[1]


def test_the_whole_is_what_the_prediction_colors() -> None:
    for name, picture in PICTURES.items():
        expected = prediction_of(picture).colorize(0.3, 0.2, 1.5)
        assert WHOLE[name].dtype == picture.dtype
        np.testing.assert_array_equal(WHOLE[name], expected)


@pytest.mark.parametrize("name", RENDERINGS)
@given(st.data())
def test_a_window_is_that_part_of_the_whole_bit_by_bit(
    name: str, drawn: st.DataObject
) -> None:
    rendering = RENDERINGS[name]
    window = windows(rendering.light.shapes[0], drawn)
    np.testing.assert_array_equal(rendering.window(*window), WHOLE[name][window])


@pytest.mark.parametrize("level", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["uint8", "uint16", "float32", "RGBA", "bilinear"])
def test_a_smaller_level_looks_as_the_picture_reduced(name: str, level: int) -> None:
    rendering, full = RENDERINGS[name], WHOLE[name]
    height, width = rendering.light.shapes[level]
    white = np.iinfo(full.dtype).max if full.dtype.kind == "u" else 1
    found = rendering.window(slice(0, height), slice(0, width), level) / white
    expected = np.dstack(
        [
            Image.fromarray(np.float32(plane / white)).resize(
                (width, height), Image.Resampling.BOX
            )
            for plane in np.moveaxis(full[..., :3], -1, 0)
        ]
    )
    assert found.shape == (height, width, full.shape[2])
    assert np.abs(found[..., :3] - expected).mean() < 0.012
    # Gray is three times as far away.
    gray = expected.mean(2, keepdims=True)
    assert np.abs(gray - expected).mean() > 0.036
    if name == "RGBA":
        assert np.isin(found[..., 3] * 255, full[..., 3]).all()


@given(st.data())
def test_windows_of_a_smaller_level_fit_together(drawn: st.DataObject) -> None:
    rendering = RENDERINGS["uint8"]
    level = drawn.draw(st.integers(1, len(rendering.light.shapes) - 1))
    height, width = rendering.light.shapes[level]
    window = windows((height, width), drawn)
    whole = rendering.window(slice(0, height), slice(0, width), level)
    difference = rendering.window(*window, level).astype(int) - whole[window]
    assert np.abs(difference).max() <= 1


def test_a_level_as_large_as_the_working_size_keeps_its_color() -> None:
    picture = PHOTO[:512, :512]
    prediction = prediction_of(picture, 256)
    rendering = prediction.rendering(np.full((2, 256, 256), 20, np.float32))
    assert rendering.light.shapes[4] == (256, 256)
    found = rendering.window(slice(0, 256), slice(0, 256), 4).astype(int)
    assert (found[..., 0] > found[..., 1]).mean() > 0.9


def test_a_check_stops_it_between_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("colorize_engine.rendering.rendering.STRIP_PIXELS", 1010 * 10)
    counted, lock = [0], threading.Lock()

    class Stopped(Exception):
        pass

    def check() -> None:
        with lock:
            counted[0] += 1
            if counted[0] > 5:
                raise Stopped

    with pytest.raises(Stopped):
        RENDERINGS["uint8"].window(slice(0, 720), slice(0, 1010), check=check)
    assert counted[0] < 40


def test_a_pyramid_at_hand_is_used() -> None:
    light = Pyramid(PHOTO)
    prediction = prediction_of(PHOTO)
    chroma = prediction.decode()
    assert prediction.rendering(chroma, light=light).light is light
    with pytest.raises(ValueError, match="guided, bilinear, got 'cubic'"):
        prediction.rendering(chroma, method="cubic")
