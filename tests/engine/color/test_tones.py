"""What counts as in color: gray, toned and faded photos do not, photos in color do."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms
from skimage import data, transform

from colorize_engine import files
from colorize_engine.color import is_in_color, lab_to_rgb, lightness

if TYPE_CHECKING:
    from pathlib import Path

GRAY = data.camera()
LIGHT = lightness(GRAY)


def toned(a: object, b: object, light: np.ndarray = LIGHT) -> np.ndarray:
    """Return a print of a* and b* that may depend on the place and on L*."""
    chroma = np.stack(np.broadcast_arrays(a, b, light)[:2]).astype(np.float32)
    return lab_to_rgb(light, chroma)


def as_jpeg(rgb: np.ndarray, quality: int = 60) -> np.ndarray:
    """Return a picture with the noise of 4:2:0 JPEG."""
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=quality, subsampling=2)
    return np.asarray(Image.open(file))


def noisy(rgb: np.ndarray, strength: float) -> np.ndarray:
    """Return a picture with the color noise of a scanner or a camera."""
    noise = np.random.default_rng(2).normal(0, strength, rgb.shape)
    return np.clip(np.rint(rgb + noise), 0, 255).astype(np.uint8)


ACROSS = np.linspace(-1, 1, LIGHT.shape[1])
MIDDLE = 1 - (LIGHT / 50 - 1) ** 2
FADED = 35 + 0.45 * LIGHT
TONES = {
    "gray": GRAY,
    "gray as RGB": np.dstack([GRAY] * 3),
    "gray in JPEG 4:2:0": as_jpeg(noisy(np.dstack([GRAY] * 3), 6)),
    "sepia": toned(9 * MIDDLE, 28 * MIDDLE),
    "sepia in JPEG 4:2:0": as_jpeg(toned(9 * MIDDLE, 28 * MIDDLE), 40),
    "sepia by matrix": np.clip(
        GRAY[..., None] * np.array([1.351, 1.203, 0.937]), 0, 255
    ).astype(np.uint8),
    "cyanotype": toned(-4 * MIDDLE, -42 * (1 - LIGHT / 100)),
    "selenium": toned(7 * (1 - LIGHT / 100), -3 * (1 - LIGHT / 100)),
    "split tone": toned(6 * MIDDLE, np.where(LIGHT > 50, 1, -1) * 18 * MIDDLE),
    "faded with a cast": toned(14, 18, FADED),
    "cast of a scanner": toned(-5, 6),
    "noise of a scanner": noisy(toned(5, 12), 12),
    "yellowed on one side": toned(2 + 2 * ACROSS, 16 + 12 * ACROSS, FADED),
}


@pytest.mark.parametrize("tone", TONES)
def test_one_tone_is_not_color(tone: str) -> None:
    assert not is_in_color(TONES[tone])


PHOTOS = ("astronaut", "coffee", "chelsea", "rocket", "retina", "colorwheel")


@pytest.mark.parametrize("name", PHOTOS)
def test_photos_in_color_are(name: str) -> None:
    photo = getattr(data, name)()[..., :3]
    assert is_in_color(photo)
    small = transform.resize(photo, (64, 96)).astype(np.float32)
    assert is_in_color(small)
    assert is_in_color(photo.astype(np.uint16) * 257)


@pytest.mark.parametrize("name", PHOTOS[:3])
def test_faded_color_is_still_color(name: str) -> None:
    photo = getattr(data, name)()[..., :3].astype(float)
    faded = 0.45 * photo + 0.2 * photo.mean(-1, keepdims=True) + (70, 55, 40)
    assert is_in_color(np.clip(faded, 0, 255).astype(np.uint8))


def test_a_gray_photo_with_a_thing_in_color_is_in_color() -> None:
    photo = np.dstack([GRAY] * 3)
    photo[200:300, 200:300] = photo[200:300, 200:300] // np.array([1, 3, 3], np.uint8)
    assert is_in_color(photo)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (7, 5)])
def test_any_shape_is_judged(shape: tuple[int, int]) -> None:
    assert not is_in_color(np.full((*shape, 3), (120, 100, 70), np.uint8))


def saved(path: Path, rgb: np.ndarray, **options: object) -> files.Photo:
    Image.fromarray(rgb).save(path, **options)
    return files.read(path)


def test_a_profile_does_not_hide_color(tmp_path: Path) -> None:
    # Of pictures with other profiles than sRGB, reading keeps the luminance only.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace(b"sRGB", b"xRGB")
    coffee, sepia = data.coffee(), TONES["sepia"]
    for rgb, expected in ((coffee, True), (sepia, False)):
        photo = saved(tmp_path / "p.png", rgb, icc_profile=profile)
        assert photo.is_in_color() is expected
        inks = Image.fromarray(255 - rgb).convert("RGB")
        cmyk = Image.merge("CMYK", (*inks.split(), Image.new("L", inks.size)))
        cmyk.save(tmp_path / "p.tif")
        assert files.read(tmp_path / "p.tif").is_in_color() is expected


def test_a_file_is_in_color_if_all_its_pages_are(tmp_path: Path) -> None:
    color = data.astronaut()
    sepia = TONES["sepia"]
    for pages, expected in (((color, sepia), False), ((color, color), True)):
        tifffile.imwrite(tmp_path / "p.tif", np.stack(pages), photometric="rgb")
        assert files.read(tmp_path / "p.tif").is_in_color() is expected
