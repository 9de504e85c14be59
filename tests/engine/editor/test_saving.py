"""Saved photos: the files of the command, alone and as a ZIP file."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
import stand_ins
import tifffile
from PIL import Image
from skimage import data

from colorize_engine import Hint
from colorize_engine.cli import command as cli
from colorize_engine.colorizer import loaded
from colorize_engine.decode import DecodeSettings
from colorize_engine.editor import Archive, Editor, NotSaved, file_name, save
from colorize_engine.hints import to_text

if TYPE_CHECKING:
    from pathlib import Path

    from colorize_engine import Colorizer

PHOTO = data.camera()[100:196, 180:308]
SETTINGS = DecodeSettings(0.3, -0.4, 1.5, 0.25)
HINTS = (Hint(20, 30, 40, 30), Hint(60, 90, -20, None))


@pytest.fixture
def colorizer(hinted_model: Path) -> Colorizer:
    return loaded(hinted_model)


@pytest.fixture
def editor(colorizer: Colorizer) -> Editor:
    return Editor(lambda: colorizer)


def written(path: Path, pixels: np.ndarray = PHOTO) -> Path:
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".tif":
        tifffile.imwrite(path, pixels, photometric="minisblack")
    else:
        Image.fromarray(pixels).save(path)
    return path


def by_command(photo: Path, out: Path, model: Path, *words: str) -> bytes:
    """Return the file that the command writes."""
    with pytest.raises(SystemExit, match="0"):
        cli.main([str(photo), "-o", str(out), "-m", str(model), *words])
    return out.read_bytes()


@pytest.mark.parametrize(
    ("name", "pixels", "suffix", "more"),
    [
        ("photo.jpg", PHOTO, ".jpg", ()),
        ("photo.png", PHOTO, ".tif", ()),
        ("deep.tif", PHOTO.astype(np.uint16) * 257, ".tif", ()),
        ("dark.tif", PHOTO.astype(np.float32) * 7, ".tif", ("--range", "auto")),
        ("pages.tif", np.stack([PHOTO, 255 - PHOTO]), ".tif", ()),
    ],
)
def test_the_file_is_the_one_that_the_command_writes(
    editor: Editor,
    tmp_path: Path,
    hinted_model: Path,
    name: str,
    pixels: np.ndarray,
    suffix: str,
    more: tuple[str, ...],
) -> None:
    photo = editor.add(written(tmp_path / name, pixels))
    ours, theirs = tmp_path / f"ours{suffix}", tmp_path / f"theirs{suffix}"
    record = save(photo, ours, editor.colorizer())
    assert record.status == "done"
    plain = by_command(photo.path, theirs, hinted_model, *more)
    assert ours.read_bytes() == plain
    photo.set_hints(HINTS)
    photo.set_settings(SETTINGS)
    ours.unlink(), theirs.unlink()
    save(photo, ours, editor.colorizer())
    words = "-t 0.3 --rebalance -0.4 --saturation 1.5 --caution 0.25".split()
    words += [word for hint in HINTS for word in ("--hint", to_text([hint]))]
    assert ours.read_bytes() == by_command(
        photo.path, theirs, hinted_model, *words, *more
    )
    assert ours.read_bytes() != plain


def test_the_names_of_saved_files(editor: Editor, tmp_path: Path) -> None:
    photo = editor.add(written(tmp_path / "a.b.png"))
    assert file_name(photo) == "a.b-color.png"
    assert file_name(photo, ".jpg") == "a.b-color.jpg"
    again = editor.add(written(tmp_path / "a-color.jpg"))
    assert file_name(again) == "a-color.jpg"
    # One that cannot be written is saved as the command does it.
    webp = editor.add(written(tmp_path / "photo.ppm"))
    assert file_name(webp, None) != "photo-color.ppm"


def test_what_cannot_be_saved_is_told(
    editor: Editor, colorizer: Colorizer, tmp_path: Path
) -> None:
    photo = editor.add(written(tmp_path / "photo.png"))
    photo.settings  # noqa: B018
    photo.path.unlink()
    with pytest.raises(NotSaved, match="no such file"):
        save(photo, tmp_path / "out.png", colorizer)
    assert not (tmp_path / "out.png").exists()


def test_each_photo_of_an_archive_has_its_own_settings(
    editor: Editor, colorizer: Colorizer, tmp_path: Path
) -> None:
    paths = [written(tmp_path / f"{n}" / "Photo.png") for n in range(3)]
    paths.append(written(tmp_path / "3" / "photo.PNG"))
    photos = [editor.add(path) for path in paths]
    photos[1].set_settings(SETTINGS)
    photos[2].set_hints(HINTS)
    out = tmp_path / "out" / "colorized.zip"
    out.parent.mkdir()
    archive = Archive(photos, out, ".png", colorizer)
    assert {photo.key for photo in archive.write()} == {photo.key for photo in photos}
    assert archive.failed == []
    with zipfile.ZipFile(out) as found:
        assert found.testzip() is None
        names = ["Photo-color.png", "Photo-color-2.png", "Photo-color-3.png"]
        names.append("photo-color-4.png")
        assert sorted(found.namelist()) == sorted(names)
        inside = [found.read(name) for name in names]
    for photo, stored in zip(photos, inside, strict=True):
        alone = tmp_path / "alone.png"
        save(photo, alone, colorizer)
        assert stored == alone.read_bytes()
        alone.unlink()
    assert list(out.parent.iterdir()) == [out]


def test_a_photo_that_fails_does_not_stop_the_others(
    editor: Editor, colorizer: Colorizer, tmp_path: Path
) -> None:
    photos = [editor.add(written(tmp_path / f"{n}.png")) for n in range(4)]
    for photo in photos:
        photo.view(64)
    photos[1].path.unlink()
    out = tmp_path / "out" / "colorized.zip"
    out.parent.mkdir()
    archive = Archive(photos, out, None, colorizer)
    assert len(list(archive.write())) == 4
    assert archive.failed == [(photos[1], "no such file or directory")]
    with zipfile.ZipFile(out) as found:
        assert sorted(found.namelist()) == [f"{n}-color.png" for n in (0, 2, 3)]
    assert list(out.parent.iterdir()) == [out]


def test_an_archive_that_is_stopped_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(stand_ins.SLOW, "0.05")
    colorizer = stand_ins.make()
    editor = Editor(lambda: colorizer)
    photos = [editor.add(written(tmp_path / f"{n}.png")) for n in range(20)]
    out = tmp_path / "out" / "colorized.zip"
    out.parent.mkdir()
    archive = Archive(photos, out, None, colorizer)
    done = 0
    for _ in archive.write():
        done += 1
        archive.stop()
    assert 1 <= done < 20
    assert list(out.parent.iterdir()) == []


def test_an_archive_after_an_error_leaves_nothing(
    editor: Editor,
    colorizer: Colorizer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photos = [editor.add(written(tmp_path / f"{n}.png")) for n in range(3)]
    out = tmp_path / "out" / "colorized.zip"
    out.parent.mkdir()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "write", full)
    with pytest.raises(OSError, match="No space"):
        list(Archive(photos, out, None, colorizer).write())
    assert list(out.parent.iterdir()) == []


def test_photos_from_before_the_first_zip_file(
    editor: Editor,
    colorizer: Colorizer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo = editor.add(written(tmp_path / "old.png"))
    out = tmp_path / "colorized.zip"
    was = zipfile.ZipFile.write

    def write(self: zipfile.ZipFile, path: Path, name: str) -> None:
        import os

        # The clock of this machine is wrong.
        os.utime(path, (0, 0))
        was(self, path, name)

    monkeypatch.setattr(zipfile.ZipFile, "write", write)
    list(Archive([photo], out, None, colorizer).write())
    with zipfile.ZipFile(out) as found:
        assert found.namelist() == ["old-color.png"]
