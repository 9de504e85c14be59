"""ICC profiles: the lightness they mean, whatever the color space."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms
from skimage import color, data

from colorize_engine import files
from colorize_engine.color import lightness

if TYPE_CHECKING:
    from pathlib import Path

WHITE = [0.3127, 0.3290, 1.0]
# Adobe RGB (1998): primaries with their luminance, and its curve.
ADOBE_RGB = bytes(
    imagecodecs.cms_profile(
        "rgb",
        whitepoint=WHITE,
        primaries=[0.64, 0.33, 0.297361, 0.21, 0.71, 0.627355, 0.15, 0.06, 0.075285],
        gamma=563 / 256,
    )
)
GRAY_18 = bytes(imagecodecs.cms_profile("gray", gamma=1.8))
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def cmyk_profile() -> bytes:
    """Return a profile of a 2 x 2 x 2 x 2 table (ICC.1, lut8Type): L* = 100 - K's part.

    Inks C, M and Y take 20 each from L*, K takes 100; nothing has chroma.
    """
    grid = np.mgrid[:2, :2, :2, :2].reshape(4, -1).T
    light = np.clip(100 - grid @ [20, 20, 20, 100], 0, 100)
    table = np.stack([light * 2.55, 0 * light + 128, 0 * light + 128], axis=1)
    identity = np.arange(256, dtype=np.uint8).tobytes()
    matrix = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    lut = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + matrix
    lut += identity * 4 + np.rint(table).astype(np.uint8).tobytes() + identity * 3
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    tags, at = [], 128 + 4 + 12 * 2
    for name, body in ((b"A2B0", lut), (b"wtpt", white)):
        tags.append((name, at, len(body), body + bytes(-len(body) % 4)))
        at += len(tags[-1][3])
    head = struct.pack(
        ">I4sI4s4s4s", at, b"test", 0x02400000, b"prtr", b"CMYK", b"Lab "
    )
    head += struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D) + bytes(48)
    table_of_tags = b"".join(struct.pack(">4sII", *tag[:3]) for tag in tags)
    return head + struct.pack(">I", 2) + table_of_tags + b"".join(t[3] for t in tags)


def only(path: Path) -> files.Picture:
    (picture,) = files.read(path)
    return picture


def level(share: np.ndarray) -> np.ndarray:
    """Return the L* of a luminance in 0..1 (CIE 15)."""
    cube = np.cbrt(share)
    return np.where(share > (6 / 29) ** 3, 116 * cube - 16, share * (29 / 3) ** 3)


@pytest.mark.parametrize(("dtype", "tolerance"), [("u1", 0.35), ("u2", 0.02)])
def test_gray_profile_gives_its_lightness(
    tmp_path: Path, dtype: str, tolerance: float
) -> None:
    top = np.iinfo(dtype).max
    ramp = np.linspace(0, top, 256).round().astype(dtype).reshape(16, 16)
    Image.fromarray(ramp).save(tmp_path / "g.png", icc_profile=GRAY_18)
    picture = only(tmp_path / "g.png")
    assert picture.image.dtype == dtype
    expected = level((ramp / top) ** 1.8)
    assert np.abs(lightness(picture.image) - expected).max() < tolerance


def test_gray_profile_with_floats(tmp_path: Path) -> None:
    import tifffile

    ramp = np.linspace(0, 1, 256, dtype="f4").reshape(16, 16)
    tifffile.imwrite(tmp_path / "g.tif", ramp, iccprofile=GRAY_18)
    image = only(tmp_path / "g.tif").image
    assert image.dtype == np.float32
    assert np.abs(lightness(image) - level(ramp.astype(float) ** 1.8)).max() < 0.02


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_colors_beyond_srgb_keep_their_lightness(tmp_path: Path, dtype: str) -> None:
    top = np.iinfo(dtype).max
    grid = np.linspace(0, top, 5).round().astype(dtype)
    rgb = np.stack(np.meshgrid(grid, grid, grid), -1).reshape(25, 5, 3)
    luminance = (rgb / top) ** (563 / 256) @ [0.297361, 0.627355, 0.075285]
    path = tmp_path / "x.png"
    if dtype == "u1":
        Image.fromarray(rgb).save(path, icc_profile=ADOBE_RGB)
    else:
        path = tmp_path / "x.tif"
        import tifffile

        tifffile.imwrite(path, rgb, photometric="rgb", iccprofile=ADOBE_RGB)
    picture = only(path)
    assert picture.image.shape == (25, 5)
    assert picture.image.dtype == dtype
    assert picture.has_color
    tolerance = 0.4 if dtype == "u1" else 0.05
    assert np.abs(lightness(picture.image) - level(luminance)).max() < tolerance


def test_srgb_profile_changes_nothing(tmp_path: Path) -> None:
    photo = data.astronaut()[:40, :60]
    Image.fromarray(photo).save(tmp_path / "s.png", icc_profile=SRGB)
    np.testing.assert_array_equal(only(tmp_path / "s.png").image, photo)


def test_a_photo_means_the_same_in_either_space(tmp_path: Path) -> None:
    photo = Image.fromarray(data.astronaut()[:80, 150:250])
    to_adobe = ImageCms.profileToProfile(
        photo, ImageCms.createProfile("sRGB"), _opened(ADOBE_RGB)
    )
    to_adobe.save(tmp_path / "a.tif", icc_profile=ADOBE_RGB)
    expected = color.rgb2lab(np.asarray(photo))[..., 0]
    found = lightness(only(tmp_path / "a.tif").image)
    assert np.abs(found - expected).max() < 1.5
    assert np.abs(found - expected).mean() < 0.25


def _opened(profile: bytes) -> ImageCms.ImageCmsProfile:
    import io

    return ImageCms.ImageCmsProfile(io.BytesIO(profile))


def test_cmyk_profile(tmp_path: Path) -> None:
    inks = np.zeros((3, 4, 4), np.uint8)
    inks[0, :, 0] = inks[1, :, 3] = (0, 100, 200, 255)
    inks[2] = (51, 102, 153, 0)
    Image.fromarray(inks, "CMYK").save(tmp_path / "c.tif", icc_profile=cmyk_profile())
    picture = only(tmp_path / "c.tif")
    assert picture.notes == ()
    assert not picture.has_color
    expected = np.maximum(100 - inks @ [20, 20, 20, 100] / 255, 0)
    assert np.abs(lightness(picture.image) - expected).max() < 1


@pytest.mark.parametrize(
    "profile",
    [b"no profile at all", GRAY_18, ADOBE_RGB[:150], ADOBE_RGB[:128] + b"\xff" * 400],
)
def test_broken_and_foreign_profiles_are_ignored_with_a_note(
    tmp_path: Path, profile: bytes
) -> None:
    photo = data.astronaut()[:40, :60]
    Image.fromarray(photo).save(tmp_path / "x.png", icc_profile=profile)
    picture = only(tmp_path / "x.png")
    np.testing.assert_array_equal(picture.image, photo)
    assert "profile" in picture.notes[0]
    assert "ignored" in picture.notes[0]
