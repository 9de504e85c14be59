"""Films as arrays: any frame, at any time, in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("av")
pytest.importorskip("imageio_ffmpeg")

import films

from colorize_engine.files import FileError
from colorize_engine.film import FilmStack

if TYPE_CHECKING:
    from pathlib import Path

SHOTS = films.two_shots()
LONG = films.pan("coffee", 40, step=1)
X264 = ("-c:v", "libx264", *films.GRAY)


def test_a_gray_film_is_what_was_filmed(tmp_path: Path) -> None:
    path = films.make(tmp_path / "film.mkv", SHOTS, "-c:v", "ffv1", "-pix_fmt", "gray")
    stack = FilmStack(path)
    assert (stack.shape, stack.dtype, stack.ndim) == ((12, 48, 64), np.uint8, 3)
    assert len(stack) == 12
    np.testing.assert_array_equal(np.stack([stack[n] for n in range(12)]), SHOTS)
    np.testing.assert_allclose(stack.times, np.arange(12) / 25)


def test_color_and_more_bits(tmp_path: Path) -> None:
    color = np.stack([SHOTS, SHOTS[:, ::-1], 255 - SHOTS], axis=-1)
    words = ("-c:v", "ffv1", "-pix_fmt", "gbrp")
    stack = FilmStack(films.make(tmp_path / "color.mkv", color, *words))
    assert stack.shape == (12, 48, 64, 3)
    np.testing.assert_array_equal(stack[3], color[3])
    deep = SHOTS.astype(np.uint16) * 257
    words = ("-c:v", "ffv1", "-pix_fmt", "gray16le")
    stack = FilmStack(films.make(tmp_path / "deep.mkv", deep, *words))
    assert stack.dtype == np.uint16
    np.testing.assert_array_equal(stack[3], deep[3])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("film.mp4", (*X264, "-g", "12", "-bf", "3")),
        ("film.ts", (*X264, "-g", "12", "-bf", "2")),
        ("film.mpg", ("-c:v", "mpeg2video", "-q:v", "2", "-g", "9", "-bf", "2")),
        ("film.avi", ("-c:v", "mpeg4", "-q:v", "2", "-g", "10", "-bf", "1")),
        ("film.webm", ("-c:v", "libvpx-vp9", "-g", "10", *films.GRAY)),
    ],
)
def test_frames_in_any_order_are_those_of_a_player(
    name: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    path = films.make(tmp_path / name, LONG, *words)
    expected = films.played(path)[..., 0].astype(int)
    stack = FilmStack(path)
    # Or else most frames would be those that were kept.
    stack._room = 2
    assert len(stack) == 40
    order = np.random.default_rng(3).permutation(np.repeat(np.arange(40), 2))
    for number in order:
        assert np.abs(stack[number] - expected[number]).mean() < 1, number


def test_slices_and_parts(tmp_path: Path) -> None:
    path = films.make(tmp_path / "film.mkv", SHOTS, "-c:v", "ffv1", "-pix_fmt", "gray")
    stack = FilmStack(path)
    for key in (
        np.s_[2:5],
        np.s_[::-4],
        np.s_[7:7],
        np.s_[3, 4:9, 5],
        np.s_[1:3, :, 2:4],
        np.s_[-1],
        np.int64(4),
    ):
        np.testing.assert_array_equal(stack[key], SHOTS[key])
    with pytest.raises(IndexError, match="no frame 12"):
        stack[12]


def test_a_turned_film_is_upright(tmp_path: Path) -> None:
    straight = films.make(tmp_path / "straight.mp4", SHOTS, *X264)
    path = tmp_path / "film.mp4"
    films.ffmpeg("-display_rotation", 90, "-i", straight, "-c", "copy", path)
    stack = FilmStack(path)
    assert stack.shape == (12, 64, 48)
    expected = films.played(path, (48, 64))[..., 0]
    assert np.abs(stack[2].astype(int) - expected[2]).mean() < 1
    np.testing.assert_array_equal(stack[2], np.rot90(FilmStack(straight)[2]))


def test_no_film(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(bytes(1000))
    with pytest.raises(FileError, match="cannot be read as a film"):
        FilmStack(tmp_path / "film.mp4")
    with pytest.raises(FileNotFoundError):
        FilmStack(tmp_path / "none.mp4")
