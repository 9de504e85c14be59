"""NaN and infinity in picture files: an error, or blank pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from colorize_engine import files

if TYPE_CHECKING:
    from pathlib import Path

LIGHT = (np.arange(1, 49, dtype=np.float32) / 50).reshape(6, 8)
# Two rows of each kind, and one of all in a row.
BLANK = np.zeros((6, 8), bool)
BLANK[0], BLANK[3, 2:5] = True, True
HOLED = LIGHT.copy()
HOLED[0], HOLED[3, 2:5] = np.nan, (np.inf, np.nan, -np.inf)


def read(path: Path, values: np.ndarray, *more: Any, **options: Any) -> files.Picture:
    tifffile.imwrite(path, values, **options)
    return next(iter(files.read(path, *more, not_finite="blank")))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "holed.tif"


def test_by_default_they_are_an_error(path: Path) -> None:
    tifffile.imwrite(path, HOLED)
    for photo in (files.read(path), files.read(path, not_finite="error")):
        with pytest.raises(files.NotFiniteError, match="NaN or infinite"):
            next(iter(photo))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_blank_pixels_are_black_and_counted(path: Path, dtype: str) -> None:
    picture = read(path, HOLED.astype(dtype))
    expected = np.where(BLANK, 0, LIGHT.astype(dtype).astype("f4"))
    np.testing.assert_array_equal(picture.image, expected)
    assert (picture.blank, picture.alpha, picture.notes) == (11, None, ())


def test_pictures_without_them_are_read_as_ever(path: Path) -> None:
    for values in (LIGHT, (LIGHT * 255).astype(np.uint8)):
        picture = read(path, values)
        plain = next(iter(files.read(path)))
        np.testing.assert_array_equal(picture.image, plain.image)
        assert picture.blank == 0
        assert picture.notes == plain.notes


def test_the_range_is_that_of_the_other_pixels(path: Path) -> None:
    picture = read(path, HOLED * 900 + 400, "auto")
    tifffile.imwrite(path, LIGHT[1:] * 900 + 400)
    plain = next(iter(files.read(path, "auto"))).image
    np.testing.assert_array_equal(picture.image[~BLANK], plain[~BLANK[1:]])
    assert picture.image[~BLANK].max() == 1
    assert not picture.image[BLANK].any()
    picture = read(path, HOLED * 900 - 400, (0, 400))
    expected = np.clip((LIGHT * 900 - 400) / 400, 0, 1)
    np.testing.assert_allclose(picture.image[~BLANK], expected[~BLANK], atol=1e-6)
    with pytest.raises(files.RangeError, match=r"lie in -238\.\.464"):
        read(path, HOLED * 900 - 400)


@pytest.mark.parametrize("value_range", ["full", "auto", (-1, 7)])
def test_a_picture_of_nothing_else_is_black(path: Path, value_range: Any) -> None:
    picture = read(path, np.full((5, 4), np.nan, np.float32), value_range)
    assert not picture.image.any()
    assert picture.blank == 20


def test_black_is_black_where_0_is_white(path: Path) -> None:
    picture = read(path, HOLED, photometric="miniswhite")
    np.testing.assert_allclose(
        picture.image, np.where(BLANK, 0, 1 - LIGHT), atol=1e-6, rtol=0
    )


def test_one_channel_is_enough(path: Path) -> None:
    rgb = np.dstack([LIGHT, LIGHT[::-1], LIGHT])
    rgb[2, 3, 1] = np.nan
    picture = read(path, rgb, photometric="rgb")
    assert picture.blank == 1
    assert picture.has_color
    assert not picture.image[2, 3].any()
    others = np.arange(48).reshape(6, 8) != 19
    np.testing.assert_array_equal(picture.image[others], rgb[others])


@pytest.mark.parametrize("kind", ["unassalpha", "assocalpha"])
@pytest.mark.parametrize("channel", [0, 3])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_alpha_is_0_there(path: Path, kind: str, channel: int, value: float) -> None:
    alpha = np.full_like(LIGHT, 0.75)
    stored = LIGHT * alpha if kind == "assocalpha" else LIGHT
    rgba = np.dstack([stored, stored, stored, alpha])
    rgba[1, 2, channel] = value
    picture = read(path, rgba, photometric="rgb", extrasamples=[kind])
    there = np.arange(48).reshape(6, 8) == 10
    assert picture.blank == 1
    np.testing.assert_allclose(picture.image, np.where(there, 0, LIGHT), atol=1e-6)
    np.testing.assert_array_equal(picture.alpha, np.where(there, 0, alpha))
    tifffile.imwrite(path, rgba, photometric="rgb", extrasamples=[kind])
    with pytest.raises(files.NotFiniteError):
        next(iter(files.read(path)))


def test_they_are_turned_with_the_picture(path: Path) -> None:
    picture = read(path, HOLED, extratags=[(274, "H", 1, 6, True)])
    np.testing.assert_array_equal(picture.image, np.rot90(LIGHT * ~BLANK, -1))


def test_each_page_has_its_own(path: Path) -> None:
    pages = np.stack([HOLED, LIGHT, HOLED[::-1]])
    tifffile.imwrite(path, pages, photometric="minisblack")
    found = list(files.read(path, not_finite="blank"))
    assert [page.blank for page in found] == [11, 0, 11]
    np.testing.assert_array_equal(found[2].image, (LIGHT * ~BLANK)[::-1])


def test_no_other_choice_is_taken(path: Path) -> None:
    tifffile.imwrite(path, LIGHT)
    with pytest.raises(ValueError, match="'error' or 'blank', got 'zero'"):
        files.read(path, not_finite="zero")


def test_the_note_counts() -> None:
    assert files.blank_note(0) == ()
    assert files.blank_note(1)[0].startswith("1 pixel is NaN or infinite")
    assert files.blank_note(1200)[0].startswith("1,200 pixels are NaN")
