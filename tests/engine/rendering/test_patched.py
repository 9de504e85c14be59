"""A region with colors of its own on a picture that has colors already."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from skimage import data
from stand_ins import A_BINS, B_BINS, noisy

from colorize_engine import Colorizer
from colorize_engine.color import lightness, srgb_to_lab
from colorize_engine.region import Region, Shape
from colorize_engine.rendering import Patched, Pyramid, Rendering, mix

PHOTO = np.asarray(Image.fromarray(data.camera()).resize((700, 500)))
REGION = Region(
    (
        Shape("ellipse", ((100, 150), (100, 400), (320, 400), (320, 150))),
        Shape("polygon", ((300, 380), (430, 500), (430, 300))),
    )
)
KINDS = {
    "uint8": PHOTO,
    "uint16": PHOTO.astype(np.uint16) * 257,
    "float32": PHOTO.astype(np.float32) / 255,
    "RGBA": np.dstack([PHOTO, PHOTO, PHOTO, 255 - PHOTO]),
}


def patched_of(picture: np.ndarray, size: int = 64) -> tuple[Patched, np.ndarray]:
    """Return a picture with a region on gray, and the region's box in color."""
    light = Pyramid(picture)
    corner, (height, width) = REGION.box(picture.shape[:2])
    part = picture[corner[0] :, corner[1] :][:height, :width]
    prediction = Colorizer(noisy, A_BINS, B_BINS, working_size=size).predict(part)
    chroma = prediction.decode(0.4)
    patch = prediction.rendering(chroma, light=light, corner=corner)
    box = picture.shape[0], picture.shape[1], picture[..., :1].ndim
    colored = np.zeros((*box[:2], patch.channels), picture.dtype)
    inner = slice(corner[0], corner[0] + height), slice(corner[1], corner[1] + width)
    colored[inner] = prediction.render(chroma)
    return Patched(Rendering.gray(light), patch, REGION), colored


def whole(colors: Patched | Rendering) -> np.ndarray:
    height, width = PHOTO.shape
    return colors.window(slice(0, height), slice(0, width))


WEIGHTS = REGION.weights(slice(0, 500), slice(0, 700), PHOTO.shape)


@pytest.mark.parametrize("name", KINDS)
def test_inside_is_the_patch_and_outside_the_base_bit_by_bit(name: str) -> None:
    patched, colored = patched_of(KINDS[name])
    found, gray = whole(patched), whole(patched.base)
    assert found.dtype == KINDS[name].dtype
    np.testing.assert_array_equal(found[WEIGHTS == 0], gray[WEIGHTS == 0])
    np.testing.assert_array_equal(found[WEIGHTS == 1], colored[WEIGHTS == 1])
    if name == "RGBA":
        np.testing.assert_array_equal(found[..., 3], 255 - PHOTO)


def test_a_picture_without_color_is_gray() -> None:
    found = whole(Rendering.gray(Pyramid(PHOTO)))
    np.testing.assert_array_equal(found, np.dstack([PHOTO] * 3))


def test_the_edge_is_between_both_and_the_lightness_stays() -> None:
    patched, colored = patched_of(KINDS["float32"])
    found, gray = srgb_to_lab(whole(patched)), srgb_to_lab(whole(patched.base))
    patch = srgb_to_lab(colored)
    edge = (WEIGHTS > 0) & (WEIGHTS < 1)
    assert edge.sum() > 1000
    np.testing.assert_allclose(found[..., 0], lightness(PHOTO), atol=0.05)
    expected = gray + WEIGHTS[..., None] * (patch - gray)
    np.testing.assert_allclose(found[edge, 1:], expected[edge, 1:], atol=0.05)


def test_a_picture_as_large_as_the_nets_see_it() -> None:
    """Nothing is enlarged then."""
    box = REGION.box(PHOTO.shape)[1]
    patched, colored = patched_of(PHOTO, min(box))
    assert patched.patch.guide.shape == box
    np.testing.assert_array_equal(whole(patched)[WEIGHTS == 1], colored[WEIGHTS == 1])


PATCHED = patched_of(PHOTO)[0]
# A second region, on what the first one left.
TWICE = Patched(
    PATCHED,
    patched_of(PHOTO)[0].patch,
    Region((Shape("polygon", ((0, 0), (200, 0), (0, 300))),)),
)


@given(st.data())
def test_a_window_is_that_part_of_the_whole(drawn: st.DataObject) -> None:
    colors = drawn.draw(st.sampled_from([PATCHED, TWICE]))
    window = []
    for n in PHOTO.shape:
        start = drawn.draw(st.integers(0, n - 1))
        window.append(slice(start, drawn.draw(st.integers(start + 1, n))))
    np.testing.assert_array_equal(colors.window(*window), whole(colors)[tuple(window)])


def test_strips_make_the_same_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = whole(TWICE)
    monkeypatch.setattr("colorize_engine.rendering.patched._STRIP", 700 * 37)
    np.testing.assert_array_equal(whole(TWICE), expected)


@pytest.mark.parametrize("level", [1, 3, 4])
def test_a_smaller_level_looks_as_the_picture_reduced(level: int) -> None:
    height, width = PATCHED.patch.light.shapes[level]
    found = PATCHED.window(slice(0, height), slice(0, width), level)
    expected = np.asarray(
        Image.fromarray(whole(PATCHED)).resize((width, height), Image.Resampling.BOX)
    )
    difference = np.abs(found.astype(int) - expected).mean()
    assert difference < 2.5
    # Color is where the region is, and nowhere else.
    inside = REGION.weights(
        slice(0, height),
        slice(0, width),
        (height, width),
        PATCHED.patch.light.factors(level),
    )
    assert np.ptp(found[inside == 0].astype(int), axis=-1).max() <= 1
    assert np.ptp(found[inside == 1].astype(int), axis=-1).mean() > 10


class Counted:
    """Colors that count the pixels asked for."""

    def __init__(self, colors: Rendering) -> None:
        self.colors, self.count = colors, 0
        self.dtype, self.channels, self.light = colors.dtype, 3, colors.light

    def window(self, rows: slice, columns: slice, *more: object) -> np.ndarray:
        """Count and pass on."""
        self.count += (rows.stop - rows.start) * (columns.stop - columns.start)
        return self.colors.window(rows, columns, *more)


def test_only_the_region_is_rendered_anew() -> None:
    counted = Counted(PATCHED.patch)
    patched = Patched(PATCHED.base, counted, REGION)
    patched.window(slice(450, 500), slice(0, 700))
    assert counted.count == 0
    whole(patched)
    rows, columns = REGION.bounds(PHOTO.shape)
    size = (rows.stop - rows.start) * (columns.stop - columns.start)
    assert counted.count <= size


def test_mixing_changes_nothing_where_nothing_is_to_be_mixed() -> None:
    base = np.random.default_rng(0).integers(0, 256, (5, 6, 4), np.uint8)
    pixels, others = base.copy(), np.full((5, 6, 3), 200, np.uint8)
    weights = np.zeros((5, 6), np.float32)
    mix(pixels, others, weights, lightness(base))
    np.testing.assert_array_equal(pixels, base)
    weights[2, 3] = 1
    mix(pixels, others, weights, lightness(base))
    assert (pixels[2, 3, :3] == 200).all()
    assert (pixels != base).any(-1).sum() == 1
    assert pixels[2, 3, 3] == base[2, 3, 3]
