"""A photo that is open: how it is read, what it looks like, what is known of it."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage import data

from colorize_engine import Colorizer, Hint
from colorize_engine.cli import command as cli
from colorize_engine.color import lightness, srgb_to_lab
from colorize_engine.colorizer import loaded
from colorize_engine.decode import DecodeSettings
from colorize_engine.editor import Editor, OpenPhoto
from colorize_engine.files import FileError
from colorize_engine.hints import to_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PHOTO = data.camera()[100:196, 180:308]
COLOR = data.astronaut()[:96, 100:228]
SETTINGS = DecodeSettings(0.3, -0.4, 1.5, 0.25)
HINTS = (Hint(20, 30, 40, 30), Hint(60, 90, -20, None))


@pytest.fixture
def opened(hinted_model: Path, tmp_path: Path) -> Callable[..., OpenPhoto]:
    """Write pixels to a file and open it in an editor with the tiny model."""
    editor = Editor(lambda: loaded(hinted_model))

    def open_(pixels: Any, name: str = "photo.png") -> OpenPhoto:
        path = tmp_path / name
        if path.suffix == ".tif":
            tifffile.imwrite(path, pixels, photometric="minisblack")
        else:
            Image.fromarray(pixels).save(path)
        return editor.add(path)

    return open_


def test_a_gray_photo(opened: Callable[..., OpenPhoto]) -> None:
    photo = opened(PHOTO)
    assert photo.shape == PHOTO.shape
    assert photo.pixels == PHOTO.size
    assert (photo.name, photo.page_count) == ("photo.png", 1)
    assert photo.value_range == "full"
    assert photo.notes == ()
    assert photo.state == ((), None)


def test_a_photo_with_color_is_shown_by_its_lightness(
    opened: Callable[..., OpenPhoto],
) -> None:
    photo = opened(COLOR)
    gray = photo.view(128, gray=True).pixels
    np.testing.assert_array_equal(gray[..., 0], gray[..., 1])
    found = srgb_to_lab(gray)[..., 0]
    np.testing.assert_allclose(found, lightness(COLOR), atol=0.5)
    assert any("color" in note for note in photo.notes)


@pytest.mark.parametrize(
    ("pixels", "value_range"),
    [
        (PHOTO.astype(np.uint16) * 257, "full"),
        # A camera of 12 bits.
        (PHOTO.astype(np.uint16) * 16, "auto"),
        (PHOTO.astype(np.float32) / 255, "full"),
        (PHOTO.astype(np.float32) * 7 - 300, "auto"),
    ],
    ids=["16 bits", "12 bits", "floats", "floats out of range"],
)
def test_the_values_of_black_and_white(
    opened: Callable[..., OpenPhoto], pixels: np.ndarray, value_range: str
) -> None:
    photo = opened(pixels, "photo.tif")
    assert photo.value_range == value_range
    gray = photo.view(128, gray=True).pixels[..., 0].astype(float)
    expected = PHOTO.astype(float)
    if value_range == "auto":
        expected = (expected - expected.min()) / np.ptp(expected) * 255
        assert any("stretched" in note for note in photo.notes)
    np.testing.assert_allclose(gray, expected, atol=1.5)
    assert photo.edit().value_range == value_range


def test_of_several_pages_the_first_is_shown(
    opened: Callable[..., OpenPhoto], tmp_path: Path
) -> None:
    photo = opened(np.stack([PHOTO, 255 - PHOTO, PHOTO]), "pages.tif")
    assert photo.page_count == 3
    np.testing.assert_array_equal(photo.view(128, gray=True).pixels[..., 0], PHOTO)


def test_what_is_transparent_stays_so(opened: Callable[..., OpenPhoto]) -> None:
    alpha = np.arange(PHOTO.size, dtype=np.uint8).reshape(PHOTO.shape)
    photo = opened(np.dstack([PHOTO, alpha]))
    for gray in (True, False):
        pixels = photo.view(128, gray=gray).pixels
        np.testing.assert_array_equal(pixels[..., 3], alpha)


def test_masked_pixels_are_blank(opened: Callable[..., OpenPhoto]) -> None:
    pixels = np.linspace(0, 1, 64 * 48, dtype=np.float32).reshape(48, 64)
    pixels[:5, :7] = np.nan
    photo = opened(pixels, "masked.tif")
    assert photo.blank == 35
    assert any(note.startswith("35 pixels") for note in photo.notes)
    assert not photo.view(64).pixels[:5, :7].any()


def test_no_picture_is_an_error(tmp_path: Path, hinted_model: Path) -> None:
    editor = Editor(lambda: loaded(hinted_model))
    (tmp_path / "notes.jpg").write_text("no picture")
    with pytest.raises(FileError):
        editor.add(tmp_path / "notes.jpg")
    with pytest.raises(OSError, match="missing"):
        editor.add(tmp_path / "missing.jpg")
    assert editor.photos == []
    assert editor.version == 0


def test_too_many_pixels_are_refused(tmp_path: Path, hinted_model: Path) -> None:
    Image.fromarray(PHOTO).save(tmp_path / "photo.png")
    editor = Editor(lambda: loaded(hinted_model), max_pixels=1000)
    with pytest.raises(FileError, match="128 x 96 are"):
        editor.add(tmp_path / "photo.png")


def test_a_saved_photo_begins_with_its_settings_and_hints(
    opened: Callable[..., OpenPhoto], hinted_model: Path, tmp_path: Path
) -> None:
    Image.fromarray(PHOTO).save(tmp_path / "gray.png")
    out = tmp_path / "saved.png"
    words = f"-m {hinted_model} -t 0.3 --rebalance -0.4 --saturation 1.5 --caution 0.25"
    hints = [word for hint in HINTS for word in ("--hint", to_text([hint]))]
    with pytest.raises(SystemExit, match="0"):
        cli.main([str(tmp_path / "gray.png"), "-o", str(out), *words.split(), *hints])
    editor = Editor(lambda: loaded(hinted_model))
    photo = editor.add(out)
    assert photo.state == (HINTS, SETTINGS)
    assert photo.notes == (
        "it was saved by this program; its settings and hints are back",
    )
    assert not photo.history.can_undo


def test_settings_that_no_program_has_saved_are_left_out(
    opened: Callable[..., OpenPhoto], hinted_model: Path, tmp_path: Path
) -> None:
    test_a_saved_photo_begins_with_its_settings_and_hints(
        opened, hinted_model, tmp_path
    )
    saved = tmp_path / "saved.png"
    forged = saved.read_bytes().replace(b"temperature 0.3", b"temperature nan")
    assert forged != saved.read_bytes()
    # The check sums of the file are those of the forger.
    at, chunks = 8, [forged[:8]]
    while at < len(forged):
        (size,) = struct.unpack(">I", forged[at : at + 4])
        body = forged[at + 4 : at + 8 + size]
        chunks += [forged[at : at + 4], body, struct.pack(">I", zlib.crc32(body))]
        at += 12 + size
    saved.write_bytes(b"".join(chunks))
    photo = Editor(lambda: loaded(hinted_model)).add(saved)
    assert photo.state == ((), None)
    photo.view(64)


def test_a_view_is_a_level_and_a_box(opened: Callable[..., OpenPhoto]) -> None:
    photo = opened(np.tile(PHOTO, (12, 12)))
    height, width = photo.shape
    whole = photo.view(400)
    assert whole.box == (0, 0, 1, 1)
    assert 400 <= whole.pixels.shape[1] < 800
    full = photo.view(10**6).pixels
    assert full.shape == (height, width, 3)
    part = photo.view(10**6, (0.25, 0.5, 0.75, 1))
    left, top, right, bottom = part.box
    assert left <= 0.25 and top <= 0.5 and right >= 0.75 and bottom == 1
    rows = slice(round(top * height), round(bottom * height))
    columns = slice(round(left * width), round(right * width))
    np.testing.assert_array_equal(part.pixels, full[rows, columns])
    # A part of a small size is asked of a small level.
    assert photo.view(100, (0.25, 0.25, 0.75, 0.75)).pixels.shape[1] < 200


@pytest.mark.parametrize(
    "box", [(0, 0, 1e-9, 1e-9), (5, 5, 6, 6), (-3, -3, -2, -2), (1, 1, 1, 1)]
)
def test_a_view_has_one_pixel_at_least(
    opened: Callable[..., OpenPhoto], box: tuple[float, float, float, float]
) -> None:
    assert opened(PHOTO).view(1, box).pixels.size >= 3


def test_the_view_follows_hints_settings_and_undo(
    opened: Callable[..., OpenPhoto],
) -> None:
    photo = opened(PHOTO)
    views = [photo.view(128).pixels]
    own = photo.settings
    photo.set_hints(HINTS)
    views.append(photo.view(128).pixels)
    photo.set_settings(SETTINGS)
    views.append(photo.view(128).pixels)
    for one, other in ((0, 1), (1, 2)):
        assert (views[one] != views[other]).any()
    photo.undo()
    np.testing.assert_array_equal(photo.view(128).pixels, views[1])
    assert photo.state == (HINTS, own)
    photo.undo()
    np.testing.assert_array_equal(photo.view(128).pixels, views[0])
    photo.redo()
    photo.redo()
    np.testing.assert_array_equal(photo.view(128).pixels, views[2])
    assert photo.edits == 6
    # The gray picture knows nothing of all that.
    np.testing.assert_array_equal(photo.view(128, gray=True).pixels[..., 0], PHOTO)


def test_the_view_is_the_picture_that_the_engine_makes(
    opened: Callable[..., OpenPhoto], hinted_model: Path
) -> None:
    photo = opened(PHOTO)
    photo.set_hints(HINTS)
    photo.set_settings(SETTINGS)
    prediction = loaded(hinted_model).predict(PHOTO, hints=HINTS)
    expected = prediction.colorize(*SETTINGS.arguments)
    np.testing.assert_array_equal(photo.view(128).pixels, expected)


def test_a_draft_is_interpolated_until_the_picture_is_there(
    opened: Callable[..., OpenPhoto], hinted_model: Path
) -> None:
    photo = opened(PHOTO)
    photo.set_settings(SETTINGS)
    draft = photo.view(PHOTO.shape[1], draft=True).pixels
    prediction = loaded(hinted_model).predict(PHOTO)
    plain = prediction.colorize(*SETTINGS.arguments, method="bilinear")
    np.testing.assert_array_equal(draft, plain)
    whole = photo.view(PHOTO.shape[1]).pixels
    assert (whole != draft).any()
    again = photo.view(PHOTO.shape[1], draft=True).pixels
    np.testing.assert_array_equal(again, whole)


def test_settings_that_change_while_the_nets_run(
    opened: Callable[..., OpenPhoto], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = opened(PHOTO, "other.png").view(128).pixels
    photo, was = opened(PHOTO), Colorizer.predict

    def predict(self: Colorizer, *more: Any) -> Any:
        # A slider is dragged just now.
        photo.set_settings(SETTINGS)
        return was(self, *more)

    monkeypatch.setattr(Colorizer, "predict", predict)
    photo.view(128)
    assert photo.settings == SETTINGS
    photo.undo()
    np.testing.assert_array_equal(photo.view(128).pixels, expected)


def test_thumbnails_are_gray_until_the_nets_ran(
    opened: Callable[..., OpenPhoto],
) -> None:
    photo = opened(np.tile(PHOTO, (6, 6)))
    gray = photo.thumbnail()
    assert max(gray.shape) <= 256
    np.testing.assert_array_equal(gray[..., 0], gray[..., 2])
    photo.color()
    color = photo.thumbnail()
    assert color.shape == gray.shape
    assert (color[..., 0] != color[..., 2]).any()
    photo.release()
    np.testing.assert_array_equal(photo.thumbnail(), color)
    assert not photo.is_held


def test_it_is_known_whether_a_thumbnail_has_the_present_colors(
    opened: Callable[..., OpenPhoto],
) -> None:
    photo = opened(PHOTO)
    assert not photo.is_colored
    photo.color()
    photo.release()
    assert photo.is_colored
    photo.set_hints(HINTS)
    assert not photo.is_colored
    photo.color()
    assert photo.is_colored


def test_what_was_released_comes_back_the_same(
    opened: Callable[..., OpenPhoto],
) -> None:
    photo = opened(PHOTO)
    photo.set_hints(HINTS)
    photo.set_settings(SETTINGS)
    before = photo.view(128).pixels
    photo.release()
    assert not photo.is_held
    np.testing.assert_array_equal(photo.view(128).pixels, before)
    assert photo.is_held


def test_the_numbers_of_a_pixel(opened: Callable[..., OpenPhoto]) -> None:
    photo = opened(PHOTO)
    photo.set_settings(SETTINGS)
    numbers = photo.numbers(40, 50)
    assert (numbers.pixel.row, numbers.pixel.column) == (40, 50)
    assert numbers.settings == SETTINGS
    assert numbers.a.probabilities.sum() == pytest.approx(1)
    _, light = photo.suggestions(40, 50)
    assert numbers.pixel.lightness == pytest.approx(light)
    with pytest.raises(ValueError, match="96 rows"):
        photo.numbers(96, 0)


def test_likely_colors_of_a_pixel(opened: Callable[..., OpenPhoto]) -> None:
    photo = opened(PHOTO)
    found, light = photo.suggestions(40, 50)
    assert 1 <= len(found) <= 5
    shares = [each.probability for each in found]
    assert shares == sorted(shares, reverse=True)
    assert light == photo.numbers(40, 50).pixel.lightness


def test_variants_keep_the_hints(opened: Callable[..., OpenPhoto]) -> None:
    photo = opened(PHOTO)
    photo.set_hints(HINTS)
    variants = photo.variants(3, 4)
    assert len(variants) == 4
    assert all(each[: len(HINTS)] == HINTS for each in variants)
    assert len(set(variants)) > 1
    assert photo.state.hints == HINTS
    assert photo.variants(3, 4) == variants
    pictures = [photo.variant_thumbnail(3, n, 4) for n in range(4)]
    assert any((one != pictures[0]).any() for one in pictures)
    photo.set_hints(variants[1])
    np.testing.assert_array_equal(photo.thumbnail(), pictures[1])
    with pytest.raises(IndexError):
        photo.variant_thumbnail(3, 4, 4)


def test_a_file_that_is_gone_is_told(
    opened: Callable[..., OpenPhoto],
) -> None:
    photo = opened(PHOTO)
    photo.release()
    photo.path.unlink()
    with pytest.raises(FileNotFoundError):
        photo.view(64)


def test_the_shipped_model_takes_the_color_of_a_hint(tmp_path: Path) -> None:
    Image.fromarray(data.coffee()).convert("L").save(tmp_path / "coffee.png")
    photo = Editor(lambda: loaded("default")).add(tmp_path / "coffee.png")
    place = (50, 500)
    for a, b in ((-40, 40), (10, -50), (50, 40)):
        photo.set_hints((Hint(*place, a, b),))
        found = srgb_to_lab(photo.view(600).pixels)[place]
        assert np.hypot(found[1] - a, found[2] - b) < 20
