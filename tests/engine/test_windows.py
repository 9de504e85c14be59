"""Long pictures: windows that cover them, joined without seams."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import data
from skimage.transform import resize

from colorize_engine import ChannelBins, Colorizer, Hint
from colorize_engine.cli import command as cli
from colorize_engine.color import lightness, lightness_to_gray
from colorize_engine.decode import softmax
from colorize_engine.resize import LARGEST, MOST_PIXELS, working_shape
from colorize_engine.windows import LONGEST, Windows

BINS = ChannelBins.unweighted(np.arange(-60, 61, 20))


@given(
    short=st.integers(1, 70),
    aspect=st.floats(1, 40),
    stride=st.sampled_from([(1, 1), (4, 2), (32, 4)]),
    upright=st.booleans(),
)
def test_windows_cover_the_picture_and_are_never_too_long(
    short: int, aspect: float, stride: tuple[int, int], upright: bool
) -> None:
    long = max(short, int(short * aspect))
    shape = (long, short) if upright else (short, long)
    plane = np.arange(long, dtype=np.float32)
    plane = np.broadcast_to(plane[:, None] if upright else plane, shape)
    windows = Windows(shape, *stride)
    parts = list(windows.cut(plane))
    assert len(parts) == len(windows)
    assert (len(parts) == 1) == (long <= -(-LONGEST * short // stride[0]) * stride[0])
    ends = [(int(part.min()), int(part.max())) for part in parts]
    assert ends[0][0] == 0
    assert ends[-1][1] == long - 1
    for part, (first, last) in zip(parts, ends, strict=True):
        assert first % stride[1] == 0
        assert last - first < LONGEST * short + stride[0]
        assert min(part.shape) == short
    for (_, last), (first, _) in itertools.pairwise(ends):
        assert first <= last, "neighbors overlap"


def of_each_pixel(light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give distributions that depend on nothing but the pixel; some are 0."""
    wave = np.stack([light * k / 30 for k in range(7)]).astype(np.float32)
    wave[5:] = np.where(light > 50, -np.inf, wave[5:])
    return wave, wave[::-1]


@pytest.mark.parametrize("shape", [(20, 300), (300, 20)])
def test_nets_that_see_one_pixel_say_the_same_in_windows(
    shape: tuple[int, int],
) -> None:
    gray = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    long = Colorizer(of_each_pixel, BINS, BINS).predict(gray, 20)
    for found, whole in zip(
        (long.a, long.b), of_each_pixel(long.lightness), strict=True
    ):
        np.testing.assert_allclose(softmax(found.logits), softmax(whole), atol=1e-6)


class Seeing:
    """Nets that take hints, and keep what they were shown."""

    batched = takes_hints = True

    def __init__(self) -> None:
        self.sizes: list[tuple[int, ...]] = []

    def __call__(
        self, light: np.ndarray, hints: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Give each bin the same, more to the last where a is given."""
        self.sizes.append(light.shape)
        logits = np.zeros((*light.shape[:-2], 7, *light.shape[-2:]), np.float32)
        if hints is not None:
            logits[..., -1, :, :] = 9 * hints[..., 1, :, :]
        return logits, logits


def test_time_and_memory_grow_with_the_length_alone() -> None:
    sizes = []
    for length in (600, 1200, 2400):
        nets = Seeing()
        Colorizer(nets, BINS, BINS).predict(np.zeros((20, length), np.uint8), 20)
        assert max(np.prod(size) for size in nets.sizes) <= 8 * 20 * 20
        sizes.append(sum(np.prod(size) for size in nets.sizes) / length)
    assert max(sizes) <= 1.1 * min(sizes)


def test_a_hint_reaches_the_windows_that_it_lies_in() -> None:
    gray = np.zeros((20, 400), np.uint8)
    found = Colorizer(Seeing(), BINS, BINS).predict(gray, 20, hints=[Hint(9, 210, 55)])
    red = found.decode(1, 0)[0]
    assert red[9, 210] > 50
    assert np.abs(red[:, :180]).max() < 1
    assert np.abs(red[:, 240:]).max() < 1


def test_scenes_in_a_strip_have_their_own_colors() -> None:
    colorizer = Colorizer.from_pretrained()
    gray = lightness_to_gray(lightness(data.coffee()))
    scene = np.rint(255 * resize(gray, (200, 300), anti_aliasing=True)).astype(np.uint8)

    def chroma(picture: np.ndarray) -> np.ndarray:
        found = colorizer.predict(picture)
        return found.at_full_size(found.decode())

    alone, strip = chroma(scene), chroma(np.hstack([scene] * 16))
    for number in range(16):
        part = strip[:, :, 300 * number : 300 * (number + 1)]
        assert np.abs(part - alone).mean() < 2, number
    # No seam: beside each other, cells differ no more than within one scene.
    steps = np.abs(np.diff(strip, axis=2)).mean((0, 1))
    assert steps.max() < 1.5 * np.abs(np.diff(alone, axis=2)).mean((0, 1)).max()


def test_the_working_size_is_the_short_side() -> None:
    assert working_shape((100, 2400), 320) == (320, 7680)
    assert working_shape((5000, 200), 256) == (6400, 256)
    # Nothing sensible is as thin as that.
    height, width = working_shape((300, 300_000), 320)
    assert height * width == pytest.approx(MOST_PIXELS, rel=0.05)
    assert working_shape((3000, 4500), LARGEST) == (LARGEST, LARGEST * 3 // 2)


def test_one_limit_of_the_working_size() -> None:
    colorizer = Colorizer(of_each_pixel, BINS, BINS)
    with pytest.raises(ValueError, match=f"working size in 1..{LARGEST}, got 9000"):
        colorizer.predict(np.zeros((5, 5), np.uint8), 9000)
    (option,) = [p for p in cli.main.params if p.name == "working_size"]
    assert option.type.max == LARGEST
