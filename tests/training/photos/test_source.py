"""Photos are found and read wherever they lie."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from training.photos import Photo, find_photos, fingerprint, square

if TYPE_CHECKING:
    from pathlib import Path

RED = (200, 40, 30)


def encoded(
    color: tuple[int, ...] = RED, kind: str = "PNG", mode: str = "RGB"
) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (6, 4), color).save(buffer, kind)
    return buffer.getvalue()


def write_tar(path: Path, members: dict[str, bytes], mode: str = "w") -> None:
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def test_a_tree_of_folders_is_searched(tmp_path: Path) -> None:
    for name in ("b/2.JPEG", "a/deep/1.png", "a/0.webp"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (6, 4), RED).save(path)
    (tmp_path / "a" / "notes.txt").write_text("no photo")
    photos = find_photos(tmp_path)
    assert [photo.name for photo in photos] == ["a/0.webp", "a/deep/1.png", "b/2.JPEG"]
    for photo in photos:
        pixels = photo.read()
        assert pixels.shape == (4, 6, 3)
        assert pixels.dtype == np.uint8
        np.testing.assert_allclose(pixels[0, 0], RED, atol=8)


def test_archives_alone_and_in_folders_give_their_photos(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    blue, green = encoded((0, 0, 255)), encoded((0, 255, 0))
    write_tar(tmp_path / "val.tar", {"val/0.png": blue, "val/notes.txt": b"text"})
    write_tar(tmp_path / "sub" / "more.tar", {"./0.png": green, "x/0.png": blue})
    photos = {photo.name: photo for photo in find_photos(tmp_path)}
    assert list(photos) == ["sub/more/0.png", "sub/more/x/0.png", "val/0.png"]
    assert photos["sub/more/0.png"].read()[0, 0].tolist() == [0, 255, 0]
    assert photos["val/0.png"].read()[0, 0].tolist() == [0, 0, 255]
    (alone,) = find_photos(tmp_path / "val.tar")
    assert alone.name == "val/0.png"
    assert alone.read()[0, 0].tolist() == [0, 0, 255]


@pytest.mark.parametrize(
    ("name", "held_out"),
    [
        ("val/0.png", True),
        ("validation/cats/0.png", True),
        ("train/val/0.png", False),
        ("val.png", False),
    ],
)
def test_a_source_sets_photos_aside_in_val(name: str, held_out: bool) -> None:
    from pathlib import Path

    assert Photo(name, Path(name)).held_out is held_out


def test_a_file_may_be_the_source(tmp_path: Path) -> None:
    path = tmp_path / "one.png"
    path.write_bytes(encoded())
    (photo,) = find_photos(path)
    assert photo.name == "one.png"


def test_missing_and_empty_sources_are_errors(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="does not exist"):
        find_photos(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError, match="holds no photos"):
        find_photos(tmp_path)


@pytest.mark.parametrize("mode", ["w:gz", None])
def test_an_archive_that_cannot_be_read_at_random_is_an_error(
    tmp_path: Path, mode: str | None
) -> None:
    path = tmp_path / "photos.tar"
    if mode:
        write_tar(path, {"0.png": encoded()}, mode)
    else:
        path.write_bytes(b"no archive at all" * 100)
    with pytest.raises(ValueError, match="expected a plain tar archive"):
        find_photos(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"text", encoded()[:45], encoded(kind="JPEG")[:200]],
    ids=["empty", "text", "half a PNG", "half a JPEG"],
)
def test_an_unreadable_photo_is_an_oserror_that_names_it(
    tmp_path: Path, content: bytes
) -> None:
    write_tar(tmp_path / "t.tar", {"bad.png": content, "good.png": encoded()})
    bad, good = find_photos(tmp_path)
    with pytest.raises(OSError, match=r"t/bad\.png is no readable picture"):
        bad.read()
    assert good.read()[0, 0].tolist() == list(RED)


def test_a_photo_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "0.jpg"
    Image.new("RGB", (8, 4), RED).save(path, exif=exif)
    assert find_photos(tmp_path)[0].read().shape == (8, 4, 3)


@pytest.mark.parametrize(
    ("mode", "color", "kind"),
    [
        ("L", 90, "PNG"),
        ("CMYK", (0, 200, 200, 0), "JPEG"),
        ("RGBA", (9, 8, 7, 0), "PNG"),
    ],
)
def test_any_mode_is_read_as_rgb(
    tmp_path: Path, mode: str, color: tuple[int, ...], kind: str
) -> None:
    (tmp_path / "0.png").write_bytes(encoded(color, kind, mode))
    assert find_photos(tmp_path)[0].read().shape == (4, 6, 3)


def test_the_fingerprint_tells_sources_apart(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
        (folder / "0.png").write_bytes(encoded())
    first = fingerprint(one, find_photos(one))
    assert fingerprint(two, find_photos(two)) == first
    (two / "1.png").write_bytes(encoded())
    assert fingerprint(two, find_photos(two)) != first
    (one / "0.png").write_bytes(encoded() + b"more")
    changed = fingerprint(one, find_photos(one))
    assert changed != first
    (one / "manifest.csv").write_text("file\n0.png\n")
    listed = fingerprint(one, find_photos(one))
    assert listed != changed
    (one / "0.png").write_bytes(encoded())
    assert fingerprint(one, find_photos(one)) == listed


@pytest.mark.parametrize("shape", [(40, 100), (100, 40), (30, 30), (64, 64)])
def test_square_keeps_the_middle_and_the_aspect(shape: tuple[int, int]) -> None:
    # A disk in the middle, as wide as the short side, must stay a disk.
    y, x = np.indices(shape)
    center = (np.array(shape) - 1) / 2
    radius = np.hypot(y - center[0], x - center[1])
    disk = np.where(radius < min(shape) / 2, 255, 0).astype(np.uint8)
    result = square(np.repeat(disk[..., None], 3, 2), 64)
    assert result.shape == (64, 64, 3)
    share = (result[..., 0] > 127).mean()
    assert share == pytest.approx(np.pi / 4, abs=0.02)
