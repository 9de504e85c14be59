"""Reading picture files: kinds, ranges, orientation, pages."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from colorize_engine import files
from colorize_engine.files.stills.png import SIGNATURE, chunk, split

if TYPE_CHECKING:
    from pathlib import Path

HEIGHT, WIDTH = 20, 31


def drawn(dtype: str = "u1", channels: int = 0) -> np.ndarray:
    """Return a picture without symmetry that uses the whole range of its type."""
    y, x = np.mgrid[:HEIGHT, :WIDTH] / (HEIGHT - 1.0)
    shade = (0.4 * x + 0.3 * y**2 + 0.3 * ((x - 1) ** 2 + (y - 0.3) ** 2 < 0.1)) / 1.2
    if channels:
        shade = np.stack([shade ** (1 + 0.4 * k) for k in range(channels)], axis=-1)
    shade = (shade - shade.min()) / (shade.max() - shade.min())
    if dtype.startswith("f"):
        return shade.astype(dtype)
    return np.rint(shade * np.iinfo(dtype).max).astype(dtype)


def pillow(path: Path, array: np.ndarray | Image.Image, **options: object) -> None:
    image = array if isinstance(array, Image.Image) else Image.fromarray(array)
    image.save(path, **options)


def only(path: Path, **options: object) -> files.Picture:
    (picture,) = files.read(path, **options)
    return picture


GRAY, RGB, RGBA = drawn(), drawn(channels=3), drawn(channels=4)
GRAY16, RGB16, RGBA16 = drawn("u2"), drawn("u2", 3), drawn("u2", 4)
FLOAT = drawn("f4")
TIFF = tifffile.imwrite


def png16(path: Path, array: np.ndarray) -> None:
    path.write_bytes(imagecodecs.png_encode(array))


def jp2(path: Path, array: np.ndarray) -> None:
    path.write_bytes(imagecodecs.jpeg2k_encode(array, level=0, reversible=True))


def test_the_white_of_a_ppm_is_its_own(tmp_path: Path) -> None:
    for top in (256, 1000, 65535):
        ramp = np.array([[[0] * 3, [top // 2] * 3, [top] * 3]], ">u2")
        path = tmp_path / f"{top}.ppm"
        path.write_bytes(f"P6 3 1\n{top}\n".encode() + ramp.tobytes())
        [picture] = files.read(path)
        assert picture.image.dtype == np.uint16
        levels = picture.image.reshape(3, -1)[:, 0]
        np.testing.assert_allclose(levels, [0, 65535 * (top // 2) / top, 65535], atol=1)


def test_no_picture_makes_no_file(tmp_path: Path) -> None:
    for name in ("x.png", "x.tif"):
        with pytest.raises(files.FileError, match="no picture to write"):
            files.write(tmp_path / name, [])
    assert not list(tmp_path.iterdir())


def ppm16(path: Path, array: np.ndarray) -> None:
    head = f"P6 # of ours\n{WIDTH} {HEIGHT}\n65535\n"
    path.write_bytes(head.encode() + array.astype(">u2").tobytes())


@pytest.mark.parametrize(
    ("name", "save", "expected"),
    [
        ("gray.png", lambda p: pillow(p, GRAY), GRAY),
        ("gray16.png", lambda p: pillow(p, GRAY16), GRAY16),
        ("one.png", lambda p: pillow(p, GRAY > 99), (GRAY > 99) * np.uint8(255)),
        ("rgb.png", lambda p: pillow(p, RGB), RGB),
        ("rgb16.png", lambda p: png16(p, RGB16), RGB16),
        ("rgb16.jp2", lambda p: jp2(p, RGB16), RGB16),
        ("gray16.jp2", lambda p: jp2(p, GRAY16), GRAY16),
        ("rgb16.ppm", lambda p: ppm16(p, RGB16), RGB16),
        ("gray16.pgm", lambda p: pillow(p, GRAY16.astype("i4")), GRAY16),
        ("rgb.bmp", lambda p: pillow(p, RGB), RGB),
        ("rgb.webp", lambda p: pillow(p, RGB, lossless=True), RGB),
        ("gray.gif", lambda p: pillow(p, GRAY), GRAY),
        ("gray.tif", lambda p: TIFF(p, GRAY), GRAY),
        ("big.tif", lambda p: TIFF(p, GRAY16, byteorder=">", bigtiff=True), GRAY16),
        ("white.tif", lambda p: TIFF(p, 255 - GRAY, photometric="miniswhite"), GRAY),
        (
            "white16.tif",
            lambda p: TIFF(p, 65535 - GRAY16, photometric="miniswhite"),
            GRAY16,
        ),
        ("f4.tif", lambda p: TIFF(p, FLOAT), FLOAT),
        ("f8.tif", lambda p: TIFF(p, FLOAT.astype("f8")), FLOAT),
        ("f2.tif", lambda p: TIFF(p, FLOAT.astype("f2")), FLOAT.astype("f2")),
        (
            "planar.tif",
            lambda p: TIFF(
                p, np.moveaxis(RGB, -1, 0), photometric="rgb", planarconfig="separate"
            ),
            RGB,
        ),
        ("deflate.tif", lambda p: TIFF(p, RGB16, compression="zlib"), RGB16),
        (
            "lab.tif",
            lambda p: pillow(p, Image.new("LAB", (9, 8), (128, 128, 128))),
            119,
        ),
        ("group4.tif", lambda p: pillow(p, GRAY > 99, compression="group4"), None),
    ],
)
def test_reads_values_and_depth(
    tmp_path: Path, name: str, save: object, expected: np.ndarray | int | None
) -> None:
    save(tmp_path / name)
    picture = only(tmp_path / name)
    if expected is None:
        expected = (GRAY > 99) * np.uint8(255)
    if isinstance(expected, int):
        assert np.abs(picture.image.astype(int) - expected).max() <= 1
        return
    kind = np.float32 if expected.dtype.kind == "f" else expected.dtype
    assert picture.image.dtype == kind
    np.testing.assert_array_equal(picture.image, expected.astype(kind))
    assert picture.alpha is None
    assert picture.has_color == (expected.ndim == 3)
    assert picture.notes == ()


def premultiplied(rgba: np.ndarray) -> np.ndarray:
    share = rgba[..., 3:] / 255
    return np.dstack((np.rint(rgba[..., :3] * share), rgba[..., 3])).astype("u1")


OPAQUE = np.dstack((RGB, np.maximum(RGBA[..., 3], 128)))


@pytest.mark.parametrize(
    ("name", "save", "color", "alpha", "tolerance"),
    [
        ("rgba.png", lambda p: pillow(p, RGBA), RGBA[..., :3], RGBA[..., 3], 0),
        (
            "la.png",
            lambda p: pillow(p, np.dstack((GRAY, 255 - GRAY))),
            GRAY,
            255 - GRAY,
            0,
        ),
        ("rgba16.png", lambda p: png16(p, RGBA16), RGBA16[..., :3], RGBA16[..., 3], 0),
        (
            "la16.png",
            lambda p: png16(p, np.dstack((GRAY16, GRAY16[::-1]))),
            GRAY16,
            GRAY16[::-1],
            0,
        ),
        (
            "key.png",
            lambda p: pillow(p, GRAY, transparency=int(GRAY[3, 4])),
            GRAY,
            (GRAY != GRAY[3, 4]) * np.uint8(255),
            0,
        ),
        (
            "rgba.tif",
            lambda p: TIFF(p, RGBA16, photometric="rgb", extrasamples=["unassalpha"]),
            RGBA16[..., :3],
            RGBA16[..., 3],
            0,
        ),
        (
            "premultiplied.tif",
            lambda p: TIFF(
                p, premultiplied(OPAQUE), photometric="rgb", extrasamples=["assocalpha"]
            ),
            OPAQUE[..., :3],
            OPAQUE[..., 3],
            1,
        ),
    ],
)
def test_reads_alpha_beside_the_color(
    tmp_path: Path,
    name: str,
    save: object,
    color: np.ndarray,
    alpha: np.ndarray,
    tolerance: int,
) -> None:
    save(tmp_path / name)
    picture = only(tmp_path / name)
    assert picture.image.dtype == picture.alpha.dtype == color.dtype
    assert np.abs(picture.image.astype(int) - color).max() <= tolerance
    np.testing.assert_array_equal(picture.alpha, alpha)


def test_reads_palettes_with_transparency(tmp_path: Path) -> None:
    image = Image.fromarray(RGB).quantize(16)
    image.save(tmp_path / "p.png", transparency=3)
    picture = only(tmp_path / "p.png")
    np.testing.assert_array_equal(picture.image, np.asarray(image.convert("RGB")))
    np.testing.assert_array_equal(picture.alpha == 0, np.asarray(image) == 3)
    image.save(tmp_path / "p.tif")
    np.testing.assert_array_equal(only(tmp_path / "p.tif").image, picture.image)


def test_an_extra_channel_that_is_no_alpha_is_left_out_with_a_note(
    tmp_path: Path,
) -> None:
    TIFF(tmp_path / "x.tif", RGBA, photometric="rgb", extrasamples=["unspecified"])
    picture = only(tmp_path / "x.tif")
    assert picture.alpha is None
    assert "not alpha" in picture.notes[0]


def test_cmyk_without_profile_is_read_as_color(tmp_path: Path) -> None:
    Image.fromarray(RGB).convert("CMYK").save(tmp_path / "c.tif")
    picture = only(tmp_path / "c.tif")
    assert picture.has_color
    assert np.abs(picture.image.astype(int) - RGB).max() <= 2
    gray = np.zeros((4, 5, 4), "u1")
    gray[..., 3] = 100
    Image.fromarray(gray, "CMYK").save(tmp_path / "k.jpg", quality=100)
    picture = only(tmp_path / "k.jpg")
    assert picture.image.ndim == 2
    assert np.abs(picture.image.astype(int) - 155).max() <= 1


def test_gray_stored_as_color_becomes_one_channel(tmp_path: Path) -> None:
    pillow(tmp_path / "g.png", np.repeat(GRAY[..., None], 3, axis=2))
    picture = only(tmp_path / "g.png")
    assert not picture.has_color
    np.testing.assert_array_equal(picture.image, GRAY)
    tinted = np.repeat(GRAY[..., None], 3, axis=2)
    tinted[3, 4] = (90, 95, 92)
    pillow(tmp_path / "t.png", tinted)
    picture = only(tmp_path / "t.png")
    assert not picture.has_color
    assert picture.image.ndim == 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(RGBA16[..., 0])
    image.save(tmp_path / "o.png", exif=exif, dpi=(100, 200))
    upright = np.asarray(ImageOps.exif_transpose(Image.open(tmp_path / "o.png")))
    picture = only(tmp_path / "o.png")
    np.testing.assert_array_equal(picture.image, upright)
    expected = (100, 200) if orientation < 5 else (200, 100)
    np.testing.assert_allclose(picture.metadata.dpi, expected, rtol=1e-3)
    extra = [(274, 3, 1, orientation, True)]
    TIFF(tmp_path / "o.tif", RGBA16[..., 0], extratags=extra)
    np.testing.assert_array_equal(only(tmp_path / "o.tif").image, upright)
    Image.fromarray(RGB).convert("LAB").save(tmp_path / "l.tif", tiffinfo={274: 1})
    plain = only(tmp_path / "l.tif").image
    tags = {274: orientation}
    Image.fromarray(RGB).convert("LAB").save(tmp_path / "l.tif", tiffinfo=tags)
    turned = only(tmp_path / "l.tif").image
    assert turned.shape[:2] == upright.shape
    np.testing.assert_array_equal(np.sort(turned, axis=None), np.sort(plain, axis=None))


def test_ranges_of_integers(tmp_path: Path) -> None:
    twelve = (GRAY16 >> 4).astype("u2")
    TIFF(tmp_path / "12.tif", twelve)
    dark = only(tmp_path / "12.tif")
    np.testing.assert_array_equal(dark.image, twelve)
    assert "0..4095" in dark.notes[0]
    assert isinstance(dark.notes[0], files.RangeNote)
    for value_range in ("auto", (0, 4095)):
        picture = only(tmp_path / "12.tif", value_range=value_range)
        assert picture.notes == ()
        assert picture.image.dtype == np.uint16
        assert np.abs(picture.image - twelve * (65535 / 4095)).max() <= 0.5
    cut = only(tmp_path / "12.tif", value_range=(1000, 2000)).image
    assert (cut[twelve < 1000] == 0).all()
    assert (cut[twelve > 2000] == 65535).all()
    TIFF(tmp_path / "packed.tif", twelve, bitspersample=12)
    packed = only(tmp_path / "packed.tif")
    assert packed.notes == ()
    assert np.abs(packed.image - twelve * (65535 / 4095)).max() <= 0.5


@pytest.mark.parametrize("dtype", ["i2", "i4", "u4", "i1"])
def test_wide_and_signed_integers_become_16_bit(tmp_path: Path, dtype: str) -> None:
    full = np.iinfo(dtype)
    values = np.array([[full.min, full.max], [0, full.max // 2]], dtype)
    TIFF(tmp_path / "x.tif", values)
    picture = only(tmp_path / "x.tif")
    top = 255 if dtype == "i1" else 65535
    share = (values.astype(float) - full.min) / (float(full.max) - full.min)
    assert picture.image.dtype == (np.uint8 if dtype == "i1" else np.uint16)
    assert np.abs(picture.image - share * top).max() <= 0.51


def test_ranges_of_floats(tmp_path: Path) -> None:
    TIFF(tmp_path / "x.tif", FLOAT * 300 - 100)
    with pytest.raises(files.RangeError, match=r"-100..200, expected 0..1$"):
        only(tmp_path / "x.tif")
    for value_range in ("auto", (-100, 200)):
        image = only(tmp_path / "x.tif", value_range=value_range).image
        assert image.dtype == np.float32
        np.testing.assert_allclose(image, FLOAT, atol=1e-6)
    TIFF(tmp_path / "flat.tif", np.full((4, 5), 1.0, "f4"))
    flat = only(tmp_path / "flat.tif", value_range="auto").image
    np.testing.assert_array_equal(flat, 1)


def test_ranges_apply_to_minimum_is_white(tmp_path: Path) -> None:
    TIFF(tmp_path / "x.tif", 4095 - (GRAY16 >> 4), photometric="miniswhite")
    image = only(tmp_path / "x.tif", value_range=(0, 4095)).image
    assert np.abs(image.astype(float) - GRAY16).max() <= 16


@pytest.mark.parametrize("text", ["full", "auto", "0,4095", "-1.5,2e3"])
def test_ranges_as_typed(text: str) -> None:
    parsed = files.parse_range(text)
    expected = text if text.isalpha() else tuple(float(x) for x in text.split(","))
    assert parsed == expected


@pytest.mark.parametrize("text", ["", "5", "5,1", "1,1", "a,b", "0,nan", "0,1,2"])
def test_ranges_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="MIN,MAX"):
        files.parse_range(text)


def test_pages_of_different_size_and_type(tmp_path: Path) -> None:
    pages = [GRAY, RGB16, FLOAT[:7], GRAY16[:, :5]]
    with tifffile.TiffWriter(tmp_path / "p.tif") as file:
        for page in pages:
            kind = "rgb" if page.ndim == 3 else "minisblack"
            file.write(page, photometric=kind, metadata=None, contiguous=False)
        thumbnail = GRAY[::4, ::4]
        file.write(thumbnail, subfiletype=1, metadata=None, contiguous=False)
    photo = files.read(tmp_path / "p.tif")
    assert len(photo) == 4
    assert photo.shape == GRAY.shape
    for _ in range(2):
        for picture, page in zip(photo, pages, strict=True):
            np.testing.assert_array_equal(picture.image, page)


def test_stacks_behind_one_page(tmp_path: Path) -> None:
    stack = np.stack([GRAY16 >> shift for shift in range(3)])
    TIFF(tmp_path / "s.tif", stack, photometric="minisblack", truncate=True)
    photo = files.read(tmp_path / "s.tif")
    assert len(photo) == 3
    for picture, expected in zip(photo, stack, strict=True):
        np.testing.assert_array_equal(picture.image, expected)


def test_of_an_animation_the_first_frame_with_a_note(tmp_path: Path) -> None:
    frames = [Image.fromarray(255 - GRAY)]
    for name in ("a.gif", "a.png", "a.webp"):
        options = {"lossless": True} if name.endswith("webp") else {}
        first = Image.fromarray(GRAY)
        first.save(tmp_path / name, save_all=True, append_images=frames, **options)
        picture = only(tmp_path / name)
        np.testing.assert_array_equal(picture.image, GRAY)
        assert "first frame" in picture.notes[0]


def test_pillows_limit_is_neither_used_nor_changed(tmp_path: Path) -> None:
    limit = Image.MAX_IMAGE_PIXELS
    side = 1 + int((limit * 1.2) ** 0.5)
    Image.new("1", (side, side), 1).save(tmp_path / "large.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert only(tmp_path / "large.png").image.shape == (side, side)
    assert limit == Image.MAX_IMAGE_PIXELS
    with pytest.raises(files.TooLarge, match="million allowed"):
        files.read(tmp_path / "large.png", max_pixels=side * side - 1)


def test_a_header_that_claims_too_much_is_not_decoded(tmp_path: Path) -> None:
    chunks = split(imagecodecs.png_encode(RGB16))
    header = (60_000).to_bytes(4, "big") * 2 + chunks[0].data[8:]
    parts = [chunk(b"IHDR", header), *(part.whole for part in chunks[1:])]
    (tmp_path / "bomb.png").write_bytes(SIGNATURE + b"".join(parts))
    with pytest.raises(files.FileError, match=r"3,600 million pixels"):
        files.read(tmp_path / "bomb.png")


def test_text_after_the_pixels_of_a_deep_png_is_found(tmp_path: Path) -> None:
    chunks = [part.whole for part in split(imagecodecs.png_encode(RGB16))]
    text = chunk(b"tEXt", b"Title\0Old harbor")
    file = SIGNATURE + b"".join([*chunks[:-1], text, chunks[-1]])
    (tmp_path / "t.png").write_bytes(file)
    assert only(tmp_path / "t.png").metadata.text == (("Title", "Old harbor"),)


def test_a_page_list_that_breaks_off_is_an_error(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "p.tif") as file:
        for _ in range(3):
            file.write(GRAY, metadata=None, contiguous=False)
    with tifffile.TiffFile(tmp_path / "p.tif") as file:
        third = file.pages[2].offset
    whole = (tmp_path / "p.tif").read_bytes()
    (tmp_path / "p.tif").write_bytes(whole[:third])
    with pytest.raises(files.FileError, match="damaged"):
        files.read(tmp_path / "p.tif")


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp", "gif", "bmp"])
def test_no_truncation_goes_unnoticed(tmp_path: Path, suffix: str) -> None:
    buffer = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (64, 64), "u1")
    Image.fromarray(noise).save(
        buffer, {"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix)
    )
    whole = buffer.getvalue()
    path = tmp_path / f"x.{suffix}"
    for share in (0.02, 0.3, 0.6, 0.95):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(files.FileError, match=r"damaged|no picture|empty"):
            list(files.read(path))
