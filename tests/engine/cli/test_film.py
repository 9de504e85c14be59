"""Films from the command line."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("av")
pytest.importorskip("imageio_ffmpeg")

import films
from PIL import Image

from colorize_engine import cli
from colorize_engine.film import kinds
from colorize_engine.pretrained import read_card

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("one_thread")

COLORIZE = "from colorize_engine.cli import main; main()"


def call(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        cli.main([str(word) for word in words])
    said = capsys.readouterr()
    return int(left.value.code or 0), said.out, said.err


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Write a film of two shots with sound."""
    words = ("-c:v", "libx264", *films.GRAY, "-c:a", "aac")
    return films.make(
        tmp_path / "film.mp4", films.two_shots(), *words, more=films.SOUND
    )


def test_a_film_becomes_a_film(
    film: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "film-color.mp4"
    words = (film, "-o", out, "-m", f"{tiny_model}/")
    code, said, errors = call(capsys, *words)
    assert (code, said.strip(), errors) == (0, str(out), "")
    assert films.times(out) == films.times(film)
    assert films.sound(out) == films.sound(film)
    about = films.metadata(out)
    assert f"model tiny 0 {read_card(tiny_model).model_hash}" in about
    assert "smoothing 0.6" in about
    code, _, errors = call(capsys, *words)
    assert code == 1
    assert "exists; give --overwrite" in errors
    more = ("--overwrite", "--smoothing", 0, "--codec", "hevc", "--quality", 80)
    assert call(capsys, *words, *more)[0] == 0
    assert "Video: hevc" in films.told(out)
    assert "smoothing 0;" not in films.metadata(out).replace("smoothing 0)", "")


def test_several_films_go_into_a_folder_under_their_names(
    film: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = films.make(tmp_path / "old.avi", films.two_shots(), "-c:v", "mpeg4")
    # Without a known suffix the contents tell.
    tape = (tmp_path / "tape.001").resolve()
    tape.write_bytes(old.read_bytes())
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(bytes(99))
    out = tmp_path / "out"
    model = ("-m", f"{tiny_model}/")
    code, said, errors = call(capsys, film, broken, old, tape, "-o", out, *model)
    made = [out / name for name in ("film.mp4", "old.mkv", "tape.mkv")]
    assert (code, said.split()) == (1, [str(path) for path in made])
    assert [f"colorize: {broken}: "] == [
        line[: len(f"colorize: {broken}: ")] for line in errors.splitlines()
    ]
    assert [len(films.times(path)) for path in made] == [12, 12, 12]


def test_films_in_a_folder_of_photos_are_left_out_and_a_line_says_so(
    film: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "in" / "photo.png"
    photo.parent.mkdir()
    moved = film.rename(photo.with_name(film.name))
    words = (photo.parent, "-o", tmp_path / "out", "-m", f"{tiny_model}/")
    code, _, errors = call(capsys, *words)
    assert code == 2
    assert "no photos" in errors
    assert "left out: 1 films" in errors
    Image.fromarray(np.full((32, 32), 99, np.uint8)).save(photo)
    code, said, errors = call(capsys, *words)
    assert (code, said.strip()) == (0, str(tmp_path / "out" / "photo.png"))
    assert errors == (
        "colorize: note: films in folders are left out, 1 here, such as "
        f"{moved}; name films to color them\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--probabilities",), "--probabilities does not work with a film"),
        (("--skip-color",), "--skip-color does not work with a film"),
        (("--variants", 2), "--variants does not work with a film"),
        (("--report", "x.csv"), "--report does not work with a film"),
        (("--channel", 0), "--channel does not work with a film"),
        (("--series", 0), "--series does not work with a film"),
        (("--range", "auto"), "--range does not work with a film"),
        (("--scheduler", "tcp://127.0.0.1:1"), "follow one another in one process"),
        (("--codec", "ffv1", "--quality", 50), "nothing is lost"),
        (("--codec", "divx"), "'divx' is not one of"),
        (("photo.png",), "is a film and photo.png is none"),
        (("other.mp4",), "2 films need a folder as output"),
    ],
)
def test_wrong_usage_is_one_line_and_leaves_nothing(
    words: tuple[object, ...],
    message: str,
    film: Path,
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "color.mkv"
    found = call(capsys, film, *words, "-o", out, "-m", f"{tiny_model}/")
    assert found[:2] == (2, "")
    assert message in found[2]
    assert len(found[2].strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_photos_are_no_films(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "photo.png"
    Image.fromarray(np.full((32, 32), 99, np.uint8)).save(photo)
    code, _, errors = call(capsys, photo, "-o", tmp_path / "film-color.mp4")
    assert (code, "is no film" in errors) == (2, True)
    code, _, errors = call(capsys, photo, "-o", tmp_path / "out/", "--codec", "h264")
    assert (code, "--codec is for films" in errors) == (2, True)
    code, _, errors = call(capsys, film, "-o", tmp_path / "film.png")
    assert (code, "choose a name that ends in .mp4" in errors) == (1, True)
    same = (film, tmp_path / "a" / "film.mp4")
    code, _, errors = call(capsys, *same, "-o", tmp_path / "out/")
    assert (code, "would both become" in errors) == (2, True)
    assert not (tmp_path / "out").exists()


def test_an_animation_is_a_film_if_its_output_is_one(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moving = films.make(tmp_path / "moving.gif", films.two_shots())
    model = ("-m", f"{tiny_model}/")
    out = tmp_path / "moving.mp4"
    assert call(capsys, moving, "-o", out, *model) == (0, f"{out}\n", "")
    assert films.times(out) == films.times(moving)
    code, said, _ = call(capsys, moving, "-o", tmp_path / "out/", *model)
    assert (code, said) == (0, f"{tmp_path / 'out' / 'moving.png'}\n")


def test_hints_by_frame(
    film: Path, hinted_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "hints.csv"
    table.write_text("x,y,color,frame\n30,20,#d02020,1\n")
    out = tmp_path / "hinted.mkv"
    words = (film, "-o", out, "-m", f"{hinted_model}/", "--codec", "ffv1")
    assert call(capsys, *words, "--smoothing", 0)[0] == 0
    plain = films.played(out)
    more = ("--hints", table, "--overwrite", "--smoothing", 0)
    assert call(capsys, *words, *more) == (0, f"{out}\n", "")
    changed = (films.played(out) != plain).any((1, 2, 3))
    assert changed[:6].any()
    assert not changed[6:].any()
    assert "hints 30,20,64.8" in films.metadata(out)
    table.write_text("x,y,color,frame\n30,20,#d02020,12\n")
    code, _, errors = call(capsys, *words, *more)
    assert (code, "12 frames" in errors) == (1, True)


def test_without_the_extra_one_line_names_it(
    film: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kinds, "find_spec", lambda name: None)
    code, _, errors = call(capsys, film, "-o", tmp_path / "color.mp4")
    assert code == 1
    assert errors == (
        f"colorize: {film}: films need more packages; run: pip install "
        "'napari-colorize[video]'\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_by_a_signal_no_half_file_is_left(
    number: int, tiny_model: Path, tmp_path: Path
) -> None:
    frames = np.resize(films.two_shots(), (5000, 48, 64))
    words = ("-c:v", "libx264", "-preset", "ultrafast", *films.GRAY)
    source = films.make(tmp_path / "in.mp4", frames, *words)
    out = tmp_path / "out" / "color.mp4"
    command = [sys.executable, "-c", COLORIZE, source, "-o", out]
    with subprocess.Popen(
        [*map(str, command), "-m", f"{tiny_model}/"],
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        # The temporary file is there as soon as frames are colored.
        while not (out.parent.exists() and list(out.parent.iterdir())):
            assert running.poll() is None
            time.sleep(0.02)
        running.send_signal(number)
        _, errors = running.communicate(timeout=120)
    assert (running.returncode, errors) == (130, "colorize: stopped\n")
    assert list(out.parent.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
def test_a_terminal_shows_frames_a_second_and_the_time_left(
    film: Path, tiny_model: Path, tmp_path: Path
) -> None:
    import fcntl
    import termios

    out = tmp_path / "color.mp4"
    command = [sys.executable, "-c", COLORIZE, str(film), "-o", str(out)]
    terminal, other = os.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
    done = subprocess.run([*command, "-m", f"{tiny_model}/"], stderr=other)
    os.close(other)
    shown = b""
    try:
        while part := os.read(terminal, 65536):
            shown += part
    except OSError:
        pass
    os.close(terminal)
    assert done.returncode == 0
    assert b"12/12" in shown
    assert b" frames/s" in shown
    # Minutes and seconds gone, and left.
    assert b"<" in shown
