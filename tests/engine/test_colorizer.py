"""The facade: every kind of picture, every size, settings, progress, stand-ins."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import pytest
from skimage import data

import colorize_engine
from colorize_engine import Colorizer, colorizer
from colorize_engine.bins import ChannelBins
from colorize_engine.color import lab_to_srgb, lightness, srgb_to_lab
from colorize_engine.pretrained import folder as pretrained
from colorize_engine.pretrained import read_card
from colorize_engine.resize import working_shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from colorize_engine import Prediction

pytestmark = pytest.mark.usefixtures("one_thread")

A_BINS = ChannelBins.unweighted([-50, 0, 50])
B_BINS = ChannelBins([-40, 0, 30, 80], [0.1, 0.6, 0.3, 0], [2, 0.5, 1, 0])


class Marker:
    """Stand-in for the nets: a* is L* / 5 - 10 and b* is 10 - L* / 5, for certain."""

    def __init__(self, *, batched: bool = False) -> None:
        self.batched = batched
        self.seen: list[tuple[int, ...]] = []

    def __call__(self, light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Paint by L*, (h, w) or (n, h, w)."""
        assert light.dtype == np.float32
        self.seen.append(light.shape)
        a = light / 5 - 10
        return self.logits(a, A_BINS), self.logits(-a, B_BINS)

    @staticmethod
    def logits(values: np.ndarray, bins: ChannelBins) -> np.ndarray:
        """Logits whose mean is the value."""
        lower, share = bins.encode_soft(values)
        p = np.zeros((len(bins), *values.shape), np.float32)
        np.put_along_axis(p, lower[None], 1 - share[None], 0)
        np.put_along_axis(p, lower[None] + 1, share[None], 0)
        with np.errstate(divide="ignore"):
            return np.moveaxis(np.log(p), 0, -3)


def marking(predictor: Any = None, **settings: Any) -> Colorizer:
    """Colorizer around the stand-in, with an awkward stride, that decodes the mean."""
    values = {"temperature": 1.0, "rebalance": 0.0, "working_size": 20, "stride": 16}
    return Colorizer(predictor or Marker(), A_BINS, B_BINS, **{**values, **settings})


def ramp(height: int, width: int, axis: int) -> np.ndarray:
    """Gray picture whose L* rises from 20 to 80 along an axis: float32 in 0..1."""
    n = (height, width)[axis]
    steps = 20 + 60 * (np.arange(n, dtype=np.float32) + 0.5) / n
    lab = np.zeros((height, width, 3), np.float32)
    lab[..., 0] = steps[:, None] if axis == 0 else steps
    return lab_to_srgb(lab)[..., 0]


@pytest.fixture(scope="module")
def tiny(tiny_model: Path) -> Colorizer:
    return Colorizer.from_folder(tiny_model, "cpu")


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    """Crop a color photo: (96, 128, 3) uint8."""
    return np.ascontiguousarray(data.astronaut()[20:212:2, 100:356:2])


# -- kinds of arrays


KINDS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "uint8": lambda x: (x * 255).round().astype(np.uint8),
    "uint16": lambda x: (x * 65535).round().astype(np.uint16),
    "float16": lambda x: x.astype(np.float16),
    "float32": lambda x: x.astype(np.float32),
    "float64": lambda x: x.astype(np.float64),
    "longdouble": lambda x: x.astype(np.longdouble),
    "big-endian uint16": lambda x: (x * 65535).round().astype(">u2"),
    "big-endian float": lambda x: x.astype(">f4"),
}
LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "contiguous": lambda x: x,
    "Fortran order": np.asfortranarray,
    "flipped": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "strided": lambda x: np.repeat(np.repeat(x, 2, 0), 3, 1)[::2, ::3],
}
CHANNELS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "gray": lambda x: x.mean(-1),
    "RGB": lambda x: x,
    "RGBA": lambda x: np.dstack([x, x[..., :1] ** 2]),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("channels", CHANNELS.values(), ids=CHANNELS)
def test_every_kind_of_picture(
    tiny: Colorizer,
    astronaut: np.ndarray,
    channels: Callable[[np.ndarray], np.ndarray],
    kind: Callable[[np.ndarray], np.ndarray],
    layout: Callable[[np.ndarray], np.ndarray],
) -> None:
    image = layout(kind(channels(astronaut[:40, :50] / 255)))
    image.flags.writeable = False
    before = image.copy()
    result = tiny.predict(image).colorize()
    native = image.dtype.newbyteorder("=")
    assert result.dtype == native
    assert result.dtype.isnative
    has_alpha = image.ndim == 3 and image.shape[2] == 4
    assert result.shape == (40, 50, 4 if has_alpha else 3)
    np.testing.assert_array_equal(image, before)
    if has_alpha:
        np.testing.assert_array_equal(result[..., 3], image[..., 3])
    # L* stays, chroma is new: the same picture in float64 is the measure.
    scale = np.iinfo(native).max if native.kind == "u" else 1
    rgb = result[..., :3].astype(np.float32) / np.float32(scale)
    wanted = lightness(image.astype(np.float32) / np.float32(scale))
    lab = srgb_to_lab(rgb)
    coarse = native.itemsize == 1 or native == np.float16
    np.testing.assert_allclose(lab[..., 0], wanted, atol=0.4 if coarse else 0.02)
    assert np.abs(lab[..., 1:]).mean() > 2


def test_a_prediction_refers_to_the_picture(tiny: Colorizer) -> None:
    image = np.zeros((10, 10), np.uint8)
    assert tiny.predict(image).image is image


def test_subclasses_are_taken_as_plain_arrays(tiny: Colorizer) -> None:
    image = np.arange(100, dtype=np.uint8).reshape(10, 10)
    expected = tiny.predict(image).colorize()
    for kind in (np.ma.masked_less(image, 30), image.view(np.recarray)):
        result = tiny.predict(kind).colorize()
        assert type(result) is np.ndarray
        np.testing.assert_array_equal(result, expected)


def test_rgb_counts_by_its_lightness_alone(
    tiny: Colorizer, astronaut: np.ndarray
) -> None:
    lab = np.zeros(astronaut.shape, np.float32)
    lab[..., 0] = lightness(astronaut)
    gray = lab_to_srgb(lab)[..., 0].clip(0, 1)
    of_color, of_gray = tiny.predict(astronaut), tiny.predict(gray)
    np.testing.assert_allclose(of_color.a.logits, of_gray.a.logits, atol=1e-3)
    np.testing.assert_allclose(of_color.lightness, of_gray.lightness, atol=1e-3)


BAD = {
    "no array": ([[0.1, 0.2], [0.3, 0.4]], "got list"),
    "None": (None, "got NoneType"),
    "a number": (np.float32(0.5), "got float32"),
    "0-d": (np.array(0.5), r"got the shape \(\)"),
    "1-D": (np.zeros(5), r"got the shape \(5,\)"),
    "4-D": (np.zeros((2, 2, 2, 3)), r"got the shape \(2, 2, 2, 3\)"),
    "five channels": (np.zeros((4, 4, 5)), r"got the shape \(4, 4, 5\)"),
    "channels first": (np.zeros((3, 8, 9)), r"got the shape \(3, 8, 9\)"),
    "empty": (np.zeros((0, 0)), r"got an empty array of shape \(0, 0\)"),
    "no rows": (np.zeros((0, 7), np.uint8), r"empty array of shape \(0, 7\)"),
    "no columns": (np.zeros((7, 0, 3), np.uint8), r"empty array of shape \(7, 0, 3\)"),
    "int32": (np.zeros((4, 4), np.int32), "got the type int32"),
    "int64": (np.zeros((4, 4), np.int64), "got the type int64"),
    "uint32": (np.zeros((4, 4), np.uint32), "got the type uint32"),
    "complex": (np.zeros((4, 4), complex), "got the type complex128"),
    "object": (np.zeros((4, 4), object), "got the type object"),
    "text": (np.full((4, 4), "x"), "got the type <U1"),
    "dates": (np.zeros((4, 4), "M8[s]"), "got the type datetime64"),
    "records": (np.zeros((4, 4), "u1,u1"), "got the type"),
    "NaN": (np.array([[0.1, np.nan]]), "got NaN or infinity"),
    "infinity": (np.array([[0.1, np.inf]], np.float32), "got NaN or infinity"),
    "minus infinity": (np.array([[0.1, -np.inf]], np.float16), "NaN or infinity"),
    "NaN in alpha": (np.dstack([np.ones((2, 2, 3)), np.full((2, 2), np.nan)]), "NaN"),
    "floats to 255": (np.array([[0.0, 255.0]]), r"got floats in 0\.\.255"),
    "negative floats": (np.array([[-0.5, 0.5]]), r"got floats in -0\.5\.\.0\.5"),
}


@pytest.mark.parametrize(("image", "message"), BAD.values(), ids=BAD)
def test_what_is_no_picture(image: Any, message: str) -> None:
    predictor = Marker()
    with pytest.raises(ValueError, match=message) as caught:
        marking(predictor).predict(image)
    assert str(caught.value).startswith("expected a gray (H, W) or an RGB(A)")
    assert predictor.seen == []


def test_rounding_beyond_the_range_of_floats_is_forgiven() -> None:
    image = np.array([[-1e-6, 1 + 1e-6], [0.5, 0.5]])
    result = marking().predict(image).colorize(saturation=0)
    np.testing.assert_allclose(result[0, :, 0], [0, 1], atol=1e-6)


# -- sizes and places


SHAPES = [
    (1, 1),
    (1, 2),
    (1, 300),
    (300, 1),
    (7, 5),
    (20, 20),
    (33, 47),
    (97, 61),
    (640, 40),
    (30, 900),
    (450, 500),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("method", ["guided", "bilinear"])
def test_chroma_comes_back_where_it_belongs(
    shape: tuple[int, int], axis: int, method: str
) -> None:
    """The ramp's L* says where a pixel lies, and the stand-in paints by it."""
    predictor = Marker()
    image = ramp(*shape, axis)
    prediction = marking(predictor).predict(image)
    h, w = prediction.lightness.shape
    assert (h, w) == working_shape(shape, 20)
    assert (h >= w) == (shape[0] >= shape[1]) or h == w
    if max(h, w) <= 3 * min(h, w):
        assert predictor.seen == [(-(-h // 16) * 16, -(-w // 16) * 16)]
    # Exactly the padding is cropped.
    a = prediction.lightness / 5 - 10
    np.testing.assert_allclose(prediction.decode(), [a, -a], atol=1e-3)
    assert prediction.a.logits.shape == prediction.a.probabilities.shape == (3, h, w)
    assert prediction.b.probabilities.shape == (4, h, w)
    assert prediction.entropy().shape == (h, w)
    # At full size, too: the ends, where nothing can be interpolated, may differ.
    assert prediction.shape == shape
    lab = srgb_to_lab(prediction.colorize(method=method))
    margin = -(-shape[axis] // (h, w)[axis])
    inner = [slice(None), slice(None)]
    inner[axis] = slice(margin, -margin)
    lab = lab[tuple(inner)] if shape[axis] > 2 * margin else lab
    np.testing.assert_allclose(lab[..., 1], lab[..., 0] / 5 - 10, atol=0.3)
    np.testing.assert_allclose(lab[..., 2], 10 - lab[..., 0] / 5, atol=0.3)


class Coarse(Marker):
    """Stand-in with a head: the mean L* of 4 x 4 pixels says a* and b*."""

    def __call__(self, light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Paint by the mean L* of each cell."""
        self.seen.append(light.shape)
        height, width = light.shape[-2] // 4, light.shape[-1] // 4
        cells = light.reshape(*light.shape[:-2], height, 4, width, 4).mean((-3, -1))
        return super().__call__(cells)


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("shape", [(37, 53), (53, 37), (30, 30), (1, 9), (300, 37)])
def test_cells_lie_where_they_were_predicted(
    shape: tuple[int, int], batched: bool
) -> None:
    """Neither 30 nor the long sides are multiples of 4 or 16."""
    subject = marking(Coarse(batched=batched), working_size=30, head_stride=4)
    image = data.camera()[100 : 100 + shape[0], 80 : 80 + shape[1]]
    prediction = subject.predict_batch([image, image])[1]
    light = prediction.lightness
    cells = tuple(-(-side // 4) for side in light.shape)
    chroma = prediction.decode()
    assert chroma.shape == (2, *cells)
    assert prediction.entropy().shape == cells
    whole = tuple(side // 4 for side in light.shape)
    inside = light[: 4 * whole[0], : 4 * whole[1]]
    means = inside.reshape(whole[0], 4, whole[1], 4).mean((1, 3))
    np.testing.assert_allclose(
        chroma[0, : whole[0], : whole[1]], means / 5 - 10, atol=1e-3
    )
    assert prediction.enlarge(chroma).shape == (2, *light.shape)
    np.testing.assert_array_equal(
        prediction.colorize(0.3), prediction.render(prediction.decode(0.3))
    )


@pytest.mark.parametrize("axis", [0, 1])
def test_colors_of_cells_come_back_where_they_belong(axis: int) -> None:
    subject = marking(Coarse(), working_size=30, head_stride=4)
    prediction = subject.predict(ramp(211, 157, axis))
    lab = srgb_to_lab(prediction.colorize())
    # At the ends, half a cell is beyond the last center.
    lab = np.moveaxis(lab, axis, 0)[15:-15]
    np.testing.assert_allclose(lab[..., 1], lab[..., 0] / 5 - 10, atol=0.3)
    np.testing.assert_allclose(lab[..., 2], 10 - lab[..., 0] / 5, atol=0.3)


@pytest.mark.parametrize("head_stride", [0, 3, 32])
def test_a_stride_is_a_multiple_of_the_head_stride(head_stride: int) -> None:
    with pytest.raises(ValueError, match=f"got 16 and {head_stride}"):
        marking(head_stride=head_stride)


def test_chroma_of_another_shape_is_not_rendered(tiny: Colorizer) -> None:
    prediction = tiny.predict(np.zeros((50, 50), np.uint8))
    with pytest.raises(ValueError, match=r"\(2, 16, 16\), got \(2, 32, 32\)"):
        prediction.render(np.zeros((2, 32, 32), np.float32))


def test_a_very_tall_picture() -> None:
    image = (ramp(20_000, 200, 0) * 255).round().astype(np.uint8)
    prediction = marking(working_size=64).predict(image)
    assert prediction.lightness.shape == (6400, 64)
    result = prediction.colorize()
    assert result.shape == (20_000, 200, 3)
    for row in (500, 9_000, 19_500):
        l_star, a, b = srgb_to_lab(result[row]).mean(0)
        assert a == pytest.approx(l_star / 5 - 10, abs=0.6)
        assert b == pytest.approx(10 - l_star / 5, abs=0.6)


def test_strips_do_not_show(monkeypatch: pytest.MonkeyPatch, tiny: Colorizer) -> None:
    image = data.coffee()[:61, :83]
    prediction = tiny.predict(image)
    whole = prediction.colorize()
    monkeypatch.setattr("colorize_engine.rendering.rendering.STRIP_PIXELS", 7 * 83)
    np.testing.assert_array_equal(prediction.colorize(), whole)


@pytest.mark.parametrize("size", [1, 5, 64])
def test_working_size_is_the_short_side(size: int) -> None:
    image = np.zeros((50, 100), np.uint8)
    assert marking().predict(image, size).lightness.shape == (size, 2 * size)


def test_the_working_size_is_the_models_own_by_default(tiny: Colorizer) -> None:
    assert tiny.working_size == 32
    prediction = tiny.predict(np.zeros((50, 50), np.uint8))
    assert prediction.lightness.shape == (32, 32)
    assert prediction.head_stride == 2
    assert prediction.a.logits.shape[1:] == prediction.entropy().shape == (16, 16)


@pytest.mark.parametrize("size", [0, -3, 1.5, float("nan"), float("inf")])
def test_a_working_size_that_is_none(size: float) -> None:
    with pytest.raises(ValueError, match=r"working size in 1\.\.8192"):
        marking().predict(np.zeros((5, 5)), size)


def test_the_net_takes_all_sizes(tiny: Colorizer) -> None:
    for shape in ((1, 1), (1, 40), (129, 2)):
        result = tiny.predict(np.full(shape, 100, np.uint8)).colorize()
        assert result.shape == (*shape, 3)
        np.testing.assert_allclose(
            lightness(result), lightness(np.full(shape, 100, np.uint8)), atol=0.4
        )


# -- batches and progress


def test_a_batch_gives_what_single_calls_give(
    tiny: Colorizer, astronaut: np.ndarray
) -> None:
    images = [
        astronaut,
        astronaut[..., 0],
        data.coffee()[:50, :200],
        astronaut[::-1] / 255,
        *(np.full((96, 128), level, np.uint8) for level in range(0, 250, 25)),
    ]
    together = tiny.predict_batch(images)
    assert len(together) == len(images)
    for image, one in zip(images, together, strict=True):
        single = tiny.predict(image)
        assert one.shape == image.shape[:2]
        np.testing.assert_array_equal(one.lightness, single.lightness)
        np.testing.assert_allclose(one.a.logits, single.a.logits, atol=1e-4)
        np.testing.assert_allclose(one.b.logits, single.b.logits, atol=1e-4)
        np.testing.assert_allclose(one.decode(), single.decode(), atol=1e-4)


def test_only_pictures_of_one_working_shape_run_together() -> None:
    predictor = Marker(batched=True)
    images = [np.zeros((20, 20), np.uint8)] * 9 + [np.zeros((40, 20), np.uint8)]
    marking(predictor).predict_batch(images)
    assert predictor.seen == [(8, 32, 32), (32, 32), (48, 32)]


def test_a_plain_callable_gets_one_picture_at_a_time() -> None:
    predictor = Marker()
    found = marking(predictor).predict_batch([ramp(20, 20, 0), ramp(20, 20, 1)])
    assert predictor.seen == [(32, 32), (32, 32)]
    np.testing.assert_allclose(found[0].decode(), found[1].decode().swapaxes(1, 2))


def test_predictions_of_a_batch_share_no_memory() -> None:
    found = marking(Marker(batched=True)).predict_batch([ramp(16, 16, 0)] * 2, 16)
    assert found[0].a.logits.base is None
    assert not np.shares_memory(found[0].a.logits, found[1].a.logits)


def test_an_empty_batch() -> None:
    assert marking().predict_batch([]) == []


def test_progress_counts_pictures() -> None:
    calls: list[tuple[int, int]] = []
    image = np.zeros((5, 5), np.uint8)
    marking().predict(image, progress=lambda *call: calls.append(call))
    assert calls == [(0, 1), (1, 1)]
    calls.clear()
    marking().predict_batch([image] * 3, progress=lambda *call: calls.append(call))
    assert calls == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_progress_may_cancel() -> None:
    predictor = Marker()

    def cancel(done: int, total: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        marking(predictor).predict_batch([np.zeros((5, 5))] * 3, progress=cancel)
    assert len(predictor.seen) == 1


# -- settings


class Counting:
    """Counts the calls of a predictor."""

    def __init__(self, predictor: Any) -> None:
        self.predictor, self.calls = predictor, 0

    def __call__(self, light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Predict."""
        self.calls += 1
        return self.predictor(light)


@pytest.mark.parametrize("fixture", ["tiny_model", "hinted_model"])
def test_sliders_never_run_the_nets(
    request: pytest.FixtureRequest, fixture: str, astronaut: np.ndarray
) -> None:
    subject = Colorizer.from_folder(request.getfixturevalue(fixture), "cpu")
    subject.predictor = Counting(subject.predictor)
    prediction = subject.predict(astronaut)
    assert subject.predictor.calls == 1
    seen = [prediction.decode(t, g) for t in (0, 0.38, 1) for g in (-1, 0, 2)]
    for index, chroma in enumerate(seen):
        for other in seen[:index]:
            assert np.abs(chroma - other).max() > 1e-3
    for saturation in (0.0, 0.5, 2.0):
        prediction.colorize(0.2, -0.3, saturation)
    prediction.entropy()
    assert prediction.a.probabilities.shape[0] == len(prediction.a.bins)
    assert subject.predictor.calls == 1


def test_settings_of_the_card_are_the_default(
    tiny: Colorizer, astronaut: np.ndarray
) -> None:
    prediction = tiny.predict(astronaut)
    assert (prediction.temperature, prediction.rebalance) == (0.5, -0.5)
    assert prediction.card is tiny.card is not None
    np.testing.assert_array_equal(prediction.decode(), prediction.decode(0.5, -0.5))
    # Zero is a setting, not a missing one.
    assert np.abs(prediction.decode(0, 0) - prediction.decode()).max() > 0.1
    np.testing.assert_array_equal(
        prediction.colorize(), prediction.colorize(0.5, -0.5, 1.0, method="guided")
    )


def test_decode_is_what_the_distributions_say(
    tiny: Colorizer, astronaut: np.ndarray
) -> None:
    prediction = tiny.predict(astronaut)
    chroma = prediction.decode(0.3, 0.5, 1.5)
    assert chroma.dtype == np.float32
    np.testing.assert_allclose(chroma[0], 1.5 * prediction.a.decode(0.3, 0.5))
    np.testing.assert_allclose(chroma[1], 1.5 * prediction.b.decode(0.3, 0.5))
    np.testing.assert_allclose(
        prediction.entropy(), prediction.a.entropy() + prediction.b.entropy()
    )


@pytest.mark.parametrize("method", ["guided", "bilinear"])
def test_rendering_decoded_chroma_is_colorizing(
    tiny: Colorizer, astronaut: np.ndarray, method: str
) -> None:
    prediction = tiny.predict(astronaut)
    rendered = prediction.render(prediction.decode(0.2, 0.5, 1.5), method=method)
    expected = prediction.colorize(0.2, 0.5, 1.5, method=method)
    np.testing.assert_array_equal(rendered, expected)
    with pytest.raises(ValueError, match="guided, bilinear"):
        prediction.render(prediction.decode(), method="cubic")


def test_saturation_0_is_gray(tiny: Colorizer, astronaut: np.ndarray) -> None:
    prediction = tiny.predict(astronaut)
    assert not prediction.decode(saturation=0).any()
    result = prediction.colorize(saturation=0)
    assert (result == result[..., :1]).all()
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    result = tiny.predict(gray).colorize(saturation=0)
    np.testing.assert_array_equal(result, np.repeat(gray[..., None], 3, 2))


def test_saturation_multiplies_chroma(tiny: Colorizer, astronaut: np.ndarray) -> None:
    prediction = tiny.predict(astronaut)
    np.testing.assert_allclose(
        prediction.decode(saturation=2.5), 2.5 * prediction.decode(), rtol=1e-5
    )
    # Even where no color is left to give, L* stays.
    result = prediction.colorize(saturation=100)
    difference = np.abs(lightness(result) - lightness(astronaut))
    assert difference.mean() < 0.3


@pytest.mark.parametrize("image", ["astronaut", "coffee", "chelsea"])
@pytest.mark.parametrize("saturation", [1.0, 4.0])
def test_lightness_stays(tiny: Colorizer, image: str, saturation: float) -> None:
    photo = getattr(data, image)()[:150, :200]
    result = tiny.predict(photo).colorize(saturation=saturation)
    assert np.abs(srgb_to_lab(result)[..., 1:]).mean() > 3
    assert np.abs(lightness(result) - lightness(photo)).mean() < 0.25


@pytest.fixture(scope="module")
def prediction() -> Prediction:
    return marking().predict(ramp(20, 30, 0))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -0.01}, r"temperature in 0\.\.1, got -0\.01"),
        ({"temperature": 1.5}, r"temperature in 0\.\.1"),
        ({"temperature": float("nan")}, r"temperature in 0\.\.1, got nan"),
        ({"rebalance": float("nan")}, "finite rebalance, got nan"),
        ({"rebalance": float("inf")}, "finite rebalance, got inf"),
        ({"saturation": -0.1}, r"saturation in 0\.\.100, got -0\.1"),
        ({"saturation": 101}, r"saturation in 0\.\.100"),
        ({"saturation": float("nan")}, r"saturation in 0\.\.100, got nan"),
        ({"saturation": float("inf")}, r"saturation in 0\.\.100, got inf"),
    ],
)
def test_settings_out_of_range(
    prediction: Prediction, settings: dict[str, float], message: str
) -> None:
    for method in (prediction.decode, prediction.colorize):
        with pytest.raises(ValueError, match=message):
            method(**settings)


def test_an_unknown_method(prediction: Prediction) -> None:
    with pytest.raises(ValueError, match="guided, bilinear, got 'cubic'"):
        prediction.colorize(method="cubic")


def test_guided_and_bilinear_differ(tiny: Colorizer, astronaut: np.ndarray) -> None:
    prediction = tiny.predict(astronaut, 16)
    guided, bilinear = (prediction.colorize(method=m) for m in ("guided", "bilinear"))
    assert (guided != bilinear).any()


# -- stand-ins that do not fit


def broken(change: Callable[[np.ndarray, np.ndarray], Any]) -> Colorizer:
    return marking(lambda light: change(*Marker()(light)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, b: a, "the logits of a and of b from the predictor, got ndarray"),
        (lambda a, b: (a, b, b), "the logits of a and of b from the predictor"),
        (lambda a, b: None, "got NoneType"),
        (lambda a, b: (b, a), r"logits of a of shape \(3, 32, 32\) .* got \(4, 32, 32"),
        (lambda a, b: (a, b[:3]), r"logits of b of shape \(4, 32, 32\) .* \(3, 32, 32"),
        (lambda a, b: (a[:, :20], b), r"got \(3, 20, 32\)"),
        (lambda a, b: (a[None], b), r"got \(1, 3, 32, 32\)"),
        (lambda a, b: (a + np.nan, b), "finite logits of a"),
        (lambda a, b: (a, np.where(b == b.max(), np.inf, b)), "finite logits of b"),
        (lambda a, b: (np.full_like(a, -np.inf), b), "finite logits of a"),
    ],
)
def test_a_stand_in_that_does_not_fit(
    change: Callable[[np.ndarray, np.ndarray], Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        broken(change).predict(ramp(20, 20, 0))


def test_a_batched_stand_in_that_does_not_fit() -> None:
    def predictor(light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        a, b = Marker()(light)
        return a[:1], b

    predictor.batched = True
    with pytest.raises(ValueError, match=r"shape \(2, 3, 32, 32\) .* got \(1, 3, 32"):
        marking(predictor).predict_batch([ramp(20, 20, 0)] * 2)


def test_logits_of_other_kinds_become_float32() -> None:
    subject = marking(lambda light: [x.astype(np.float64) for x in Marker()(light)])
    found = subject.predict(ramp(20, 20, 0))
    assert found.a.logits.dtype == np.float32
    np.testing.assert_allclose(found.decode()[0], found.lightness / 5 - 10, atol=1e-3)


# -- models by name, and the one-liner


@pytest.fixture
def shipped(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ship the tiny model as the default."""
    shutil.copytree(tiny_model, tmp_path / "default")
    monkeypatch.setattr(pretrained, "WEIGHTS", tmp_path)
    monkeypatch.setattr(colorizer, "_KEPT", {})
    return tmp_path


def test_from_pretrained(shipped: Path, tiny_model: Path) -> None:
    for subject in (
        Colorizer.from_pretrained(device="cpu"),
        Colorizer.from_pretrained("default", "cpu"),
        Colorizer.from_pretrained(str(tiny_model), "cpu"),
        Colorizer.from_folder(str(tiny_model)),
    ):
        assert subject.card.name == "tiny"
        assert (subject.stride, subject.head_stride) == (4, 2)
        assert subject.working_size == 32


def test_from_folder_takes_no_names(shipped: Path) -> None:
    with pytest.raises(colorize_engine.ModelError, match="no model 'default'"):
        Colorizer.from_folder("default")


def test_one_liner(shipped: Path, tiny: Colorizer, astronaut: np.ndarray) -> None:
    result = colorize_engine.colorize(astronaut, device="cpu")
    np.testing.assert_array_equal(result, tiny.predict(astronaut).colorize())
    result = colorize_engine.colorize(
        astronaut[..., 0],
        model=shipped / "default",
        working_size=16,
        temperature=0.1,
        rebalance=0.2,
        saturation=2,
        method="bilinear",
    )
    expected = tiny.predict(astronaut[..., 0], 16)
    np.testing.assert_array_equal(
        result, expected.colorize(0.1, 0.2, 2, method="bilinear")
    )


def test_one_liner_keeps_its_model(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(colorizer, "_KEPT", {})
    with mock.patch("colorize_engine.pretrained.load", wraps=pretrained.load) as load:
        image = np.zeros((8, 8), np.uint8)
        for _ in range(3):
            colorize_engine.colorize(image, model=tiny_model)
    assert load.call_count == 1


def test_a_model_folder_that_changed_is_loaded_anew(
    tiny_model: Path, tmp_path: Path
) -> None:
    own = Path(shutil.copytree(tiny_model, tmp_path / "own"))
    first = colorizer.loaded(own)
    assert colorizer.loaded(own) is first
    (own / "card.json").write_text(replace(read_card(own), temperature=0.9).to_json())
    assert colorizer.loaded(own).temperature == 0.9


def test_the_model_that_was_used_last_is_kept() -> None:
    made = [lambda n=n: marking(Marker(), working_size=n) for n in (8, 16, 24)]
    first = colorizer.loaded(made[0])
    second = colorizer.loaded(made[1])
    assert colorizer.loaded(made[0]) is first
    colorizer.loaded(made[2])
    assert colorizer.loaded(made[0]) is first
    assert colorizer.loaded(made[1]) is not second


def test_one_liner_refuses_what_is_no_picture() -> None:
    """Before it loads a model."""
    with pytest.raises(ValueError, match="got list"):
        colorize_engine.colorize([[0.5]], model="nonesuch")
