"""Writing picture files: depth, color tags, and never a half or a lost one."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, JpegImagePlugin
from skimage import data

from colorize_engine import files
from colorize_engine.color import full_scale
from colorize_engine.files import atomic
from colorize_engine.files.tiff import writer as tiffwriter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PHOTO = data.astronaut()[:50, 100:173]
DEEP = PHOTO.astype(np.uint16) * 257 + np.arange(73, dtype=np.uint16)[:, None]
ALPHA = np.linspace(0, 255, 50 * 73).astype(np.uint8).reshape(50, 73)
FLOAT = (PHOTO / 255).astype(np.float32)


def write(path: Path, *images: np.ndarray, **options: object) -> tuple[str, ...]:
    return files.write(path, [files.Picture(image) for image in images], **options)


def pixels(path: Path) -> np.ndarray:
    if path.suffix == ".tif":
        return tifffile.imread(path)
    if path.suffix == ".png":
        return imagecodecs.png_decode(path.read_bytes())
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize(
    ("suffix", "image"),
    [
        (".png", PHOTO),
        (".png", DEEP),
        (".webp", PHOTO),
        (".tif", PHOTO),
        (".tif", DEEP),
        (".tif", FLOAT),
    ],
)
def test_values_and_depth_survive(
    tmp_path: Path, suffix: str, image: np.ndarray
) -> None:
    path = tmp_path / f"x{suffix}"
    assert write(path, image) == ()
    assert pixels(path).dtype == image.dtype
    np.testing.assert_array_equal(pixels(path), image)
    alpha = (ALPHA / 255 * full_scale(image.dtype)).astype(image.dtype)
    files.write(path, [files.Picture(image, alpha)], overwrite=True)
    np.testing.assert_array_equal(pixels(path), np.dstack((image, alpha)))
    (back,) = files.read(path, value_range="full")
    np.testing.assert_array_equal(back.alpha, alpha)
    assert sorted(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_gray_becomes_color_tagged_srgb(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    write(path, PHOTO[..., 0])
    with Image.open(path) as image:
        assert image.mode == "RGB"
        found = image.info.get("icc_profile")
        if suffix == ".png":
            assert image.info["srgb"] == 0
            assert image.info["gamma"] == pytest.approx(0.45455)
        else:
            assert b"sRGB" in found.replace(b"\0", b"")
            assert found[16:20] == b"RGB "
    (page,) = files.read(path)
    assert page.image.ndim == (3 if suffix == ".jpg" and page.has_color else 2)
    first = path.read_bytes()
    write(path, PHOTO[..., 0], overwrite=True)
    assert path.read_bytes() == first


def test_jpeg_has_full_color_resolution_and_the_quality_asked(tmp_path: Path) -> None:
    sizes = {}
    for quality in (None, 95, 60):
        path = tmp_path / f"{quality}.jpg"
        write(path, PHOTO, quality=quality)
        with Image.open(path) as image:
            assert JpegImagePlugin.get_sampling(image) == 0
            sizes[quality] = image.quantization
    assert sizes[None] == sizes[95] != sizes[60]
    assert np.abs(pixels(tmp_path / "95.jpg").astype(int) - PHOTO).mean() < 2


def test_webp_loses_nothing_unless_a_quality_is_asked(tmp_path: Path) -> None:
    write(tmp_path / "x.webp", PHOTO, quality=50)
    write(tmp_path / "y.webp", PHOTO)
    assert (tmp_path / "x.webp").stat().st_size < (tmp_path / "y.webp").stat().st_size
    assert (pixels(tmp_path / "x.webp") != PHOTO).any()


def test_transparent_pixels_of_webp_keep_their_color(tmp_path: Path) -> None:
    files.write(tmp_path / "x.webp", [files.Picture(PHOTO, ALPHA * np.uint8(0))])
    np.testing.assert_array_equal(pixels(tmp_path / "x.webp")[..., :3], PHOTO)


@pytest.mark.parametrize(
    ("suffix", "image", "dtype", "words"),
    [
        (".jpg", DEEP, "u1", "16 bit became 8 bit, as JPEG"),
        (".webp", DEEP, "u1", "16 bit became 8 bit, as WebP"),
        (".jpg", FLOAT, "u1", "floats became 8 bit"),
        (".png", FLOAT, "u2", "floats became 16 bit"),
    ],
)
def test_depth_that_a_format_lacks_is_told(
    tmp_path: Path, suffix: str, image: np.ndarray, dtype: str, words: str
) -> None:
    path = tmp_path / f"x{suffix}"
    (note,) = write(path, image)
    assert words in note
    found = pixels(path)
    assert found.dtype == dtype
    scaled = image / (1.0 if image.dtype.kind == "f" else 65535)
    off = np.abs(found / np.iinfo(dtype).max - scaled)
    assert off.mean() < (0.01 if suffix == ".jpg" else 0.003)
    assert files.storable(path, image.dtype) == (np.dtype(dtype), note)


def test_alpha_that_jpeg_lacks_is_told(tmp_path: Path) -> None:
    (note,) = files.write(tmp_path / "x.jpg", [files.Picture(PHOTO, ALPHA)])
    assert "alpha" in note


def test_pages_go_to_tiff_only(tmp_path: Path) -> None:
    write(tmp_path / "x.tif", PHOTO, DEEP[:9], FLOAT)
    pages = [page.image for page in files.read(tmp_path / "x.tif")]
    for page, expected in zip(pages, (PHOTO, DEEP[:9], FLOAT), strict=True):
        np.testing.assert_array_equal(page, expected)
    photo = files.read(tmp_path / "x.tif")
    with pytest.raises(files.FileError, match="3 pages"):
        files.check_target(tmp_path / "x.png", photo)
    files.check_target(tmp_path / "x.tiff", photo)
    with pytest.raises(files.FileError, match="more than one"):
        write(tmp_path / "x.png", PHOTO, PHOTO)
    assert not (tmp_path / "x.png").exists()


def test_sides_that_a_format_cannot_hold(tmp_path: Path) -> None:
    write(tmp_path / "x.tif", np.zeros((2, 66_000), np.uint8))
    photo = files.read(tmp_path / "x.tif")
    for suffix in (".jpg", ".webp"):
        with pytest.raises(files.FileError, match="66000"):
            files.check_target(f"x{suffix}", photo)
    files.check_target("x.png", photo)


def test_beyond_4_gb_the_file_is_bigtiff_without_exif(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiffwriter, "_CLASSIC_LIMIT", 20_000)
    (note,) = write(tmp_path / "x.tif", PHOTO, PHOTO, page_count=2)
    assert "4 GB" in note
    with tifffile.TiffFile(tmp_path / "x.tif") as file:
        assert file.is_bigtiff
        assert len(file.pages) == 2


def test_unknown_suffixes_are_refused(tmp_path: Path) -> None:
    for name in ("x.gif", "x", "x.psd"):
        with pytest.raises(files.FileError, match=r"\.png, \.jpg"):
            write(tmp_path / name, PHOTO)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        write(path, PHOTO)
    assert path.read_bytes() == b"precious"
    path.chmod(0o640)
    write(path, PHOTO, overwrite=True)
    np.testing.assert_array_equal(pixels(path), PHOTO)
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_meanwhile_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:
        refuse_links(monkeypatch)
    path = tmp_path / "x.png"

    def pictures() -> Iterator[files.Picture]:
        path.write_bytes(b"precious")
        yield files.Picture(PHOTO)

    with pytest.raises(FileExistsError):
        files.write(path, pictures())
    assert path.read_bytes() == b"precious"
    assert sorted(tmp_path.iterdir()) == [path]


def refuse_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(atomic.Path, "hardlink_to", refuse)


def test_without_hard_links_files_are_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_links(monkeypatch)
    write(tmp_path / "x.png", PHOTO)
    np.testing.assert_array_equal(pixels(tmp_path / "x.png"), PHOTO)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("error", [RuntimeError("net"), KeyboardInterrupt()])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_an_error_in_the_middle_leaves_everything_as_it_was(
    tmp_path: Path, suffix: str, error: BaseException
) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(b"precious")

    def pictures() -> Iterator[files.Picture]:
        yield files.Picture(PHOTO)
        raise error

    with pytest.raises(type(error)):
        files.write(path, pictures(), overwrite=True)
    assert path.read_bytes() == b"precious"
    assert sorted(tmp_path.iterdir()) == [path]


def test_the_target_of_a_link_is_written_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "x.png"
    target.write_bytes(b"old")
    link = tmp_path / "link.png"
    link.symlink_to(target)
    with pytest.raises(FileExistsError):
        write(link, PHOTO)
    write(link, PHOTO, overwrite=True)
    assert link.is_symlink()
    np.testing.assert_array_equal(pixels(target), PHOTO)


def test_new_files_have_the_usual_permissions(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write(tmp_path / "x.png", PHOTO)
    finally:
        os.umask(mask)
    assert (tmp_path / "x.png").stat().st_mode & 0o777 == 0o640
