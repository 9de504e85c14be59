"""Colored films, played back by a decoder that is not PyAV's."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("av")
pytest.importorskip("imageio_ffmpeg")

import films
import stand_ins
from PIL import Image

from colorize_engine import Hint
from colorize_engine.color import lightness
from colorize_engine.files import FileError, TooLarge
from colorize_engine.film import FilmSettings, color_film

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (64, 48)
SHOTS = films.two_shots()
X264 = ("-c:v", "libx264", *films.GRAY)
FFV1 = ("-c:v", "ffv1", *films.GRAY)
TONE: dict[str, Any] = {"more": films.SOUND}
VARIABLE = ("-vf", "setpts=(N*N*0.004+N*0.02)/TB", "-fps_mode", "vfr")


def colored(source: Path, target: Path, **settings: Any) -> tuple[str, ...]:
    """Color a film with the stand-in for the nets."""
    return color_film(source, target, stand_ins.make, FilmSettings(**settings))


def lights(path: Path, size: tuple[int, int] = SIZE) -> np.ndarray:
    return np.stack([lightness(frame) for frame in films.played(path, size)])


def chroma(path: Path, size: tuple[int, int] = SIZE) -> float:
    """Mean difference of the channels."""
    return float(np.ptp(films.played(path, size).astype(int), axis=3).mean())


# -- frames, times, sound and lightness

SOURCES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "h264.mp4": ((*X264, "-bf", "3", "-c:a", "aac"), TONE),
    "ntsc.mov": (X264, {"rate": "30000/1001"}),
    "variable.mp4": ((*X264, *VARIABLE, "-video_track_timescale", "90000"), {}),
    "variable.mkv": ((*X264, *VARIABLE, "-enc_time_base", "1/1000"), {}),
    "late.mp4": ((*X264, "-output_ts_offset", "0.3"), {}),
    "ten.mkv": (
        ("-c:v", "libx264", "-pix_fmt", "yuv420p10le", "-crf", "4", "-c:a", "flac"),
        TONE,
    ),
    "vp9.webm": (("-c:v", "libvpx-vp9", *films.GRAY, "-c:a", "libopus"), TONE),
    "mjpeg.mov": (("-c:v", "mjpeg", "-pix_fmt", "yuvj422p", "-c:a", "pcm_s16le"), TONE),
    "mpeg4.avi": (("-c:v", "mpeg4", "-q:v", "2", "-bf", "2", "-c:a", "mp3"), TONE),
    "full.mp4": ((*X264, "-vf", "scale=out_range=full", "-color_range", "pc"), {}),
    "bt709.mp4": (
        (*X264, "-vf", "scale=out_color_matrix=bt709", "-colorspace", "bt709"),
        {},
    ),
    "gray.mkv": (("-c:v", "ffv1", "-pix_fmt", "gray"), {}),
    "rgb.mkv": (("-c:v", "ffv1", "-pix_fmt", "gbrp"), {}),
}


@pytest.mark.parametrize("name", SOURCES)
def test_frames_times_sound_and_lightness_are_those_of_the_source(
    name: str, tmp_path: Path
) -> None:
    words, more = SOURCES[name]
    source = films.make(tmp_path / name, SHOTS, *words, **more)
    suffix = source.suffix if source.suffix != ".avi" else ".mkv"
    target = tmp_path / f"color{suffix}"
    assert colored(source, target, quality=90) == ()
    assert films.times(target) == films.times(source)
    assert films.sound(target) == films.sound(source)
    assert bool(films.sound(target)) == bool(more.get("more"))
    error = np.abs(lights(target) - lights(source))
    # What the codec loses of so small pictures; Y' of 8 bits alone loses 0.1.
    assert error.mean() < 0.6
    assert np.percentile(error, 99) < 2.5
    assert chroma(target) > 10 > 3 > chroma(source)


def test_a_decoder_of_another_house_shows_the_same(tmp_path: Path) -> None:
    source = films.make(tmp_path / "film.mp4", SHOTS, *X264)
    target = tmp_path / "color.mp4"
    colored(source, target)
    other = films.played(target, SIZE, "-c:v", "libopenh264")
    np.testing.assert_array_equal(other, films.played(target))


def test_lightness_is_that_of_the_source_where_nothing_is_lost(tmp_path: Path) -> None:
    source = films.make(tmp_path / "film.mkv", SHOTS, *FFV1)
    target = tmp_path / "color.mkv"
    colored(source, target, codec="ffv1", saturation=0.7)
    error = np.abs(lights(target) - lights(source))
    assert error.mean() < 0.2
    assert error.max() < 1


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1", "vp9", "ffv1"])
@pytest.mark.parametrize("bits", [8, 10])
def test_codecs_keep_the_bits_that_they_can_hold(
    codec: str, bits: int, tmp_path: Path
) -> None:
    pixels = "yuv420p" if bits == 8 else "yuv420p10le"
    made = ("-c:v", "ffv1", "-pix_fmt", pixels)
    source = films.make(tmp_path / "film.mkv", SHOTS, *made)
    target = tmp_path / "color.mkv"
    notes = colored(source, target, codec=codec)
    said = films.told(target)
    name = {"av1": "av1 ", "h264": "h264 ", "hevc": "hevc "}.get(codec, codec)
    assert f"Video: {name}" in said
    expected = pixels.replace("420", "444") if codec == "ffv1" else pixels
    if codec == "vp9" and bits == 10:
        # PyAV's build of its encoder has 8 bits alone.
        expected = "yuv420p"
        assert notes == ("10 bit became 8 bit, as the codec holds no more",)
    else:
        assert notes == ()
    assert f" {expected}(tv, smpte170m" in said
    assert films.times(target) == films.times(source)
    assert np.abs(lights(target) - lights(source)).mean() < 1.5


def test_a_better_quality_is_nearer_and_larger(tmp_path: Path) -> None:
    source = films.make(tmp_path / "film.mkv", SHOTS, *FFV1)
    sizes, errors = [], []
    for quality in (5, 50, None, 100):
        target = tmp_path / f"{quality}.mp4"
        colored(source, target, quality=quality)
        sizes.append(target.stat().st_size)
        errors.append(float(np.abs(lights(target) - lights(source)).mean()))
    assert sizes == sorted(sizes)
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 4 * errors[-1]


@pytest.mark.parametrize(
    ("codec", "chroma_size"), [(None, "444"), ("vp9", "420"), ("av1", "420")]
)
def test_an_odd_size_is_kept(
    codec: str | None, chroma_size: str, tmp_path: Path
) -> None:
    size = (65, 47)
    source = films.make(tmp_path / "film.mkv", films.two_shots(size), *FFV1)
    target = tmp_path / "color.mp4"
    notes = colored(source, target, codec=codec, quality=90)
    assert [("odd" in note) for note in notes] == [True] * (chroma_size == "444")
    assert f"yuv{chroma_size}p(" in films.told(target)
    error = np.abs(lights(target, size) - lights(source, size))
    assert error.mean() < 1


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_film_that_is_turned_is_seen_upright_and_stays_turned(
    turn: int, tmp_path: Path
) -> None:
    straight = films.make(tmp_path / "straight.mp4", SHOTS, *X264)
    source = tmp_path / "film.mp4"
    films.ffmpeg("-display_rotation", turn, "-i", straight, "-c", "copy", source)
    target = tmp_path / "color.mp4"
    colored(source, target, hints=())
    assert f"rotation of {turn - 360 if turn >= 180 else turn}.00" in films.told(target)
    size = SIZE if turn == 180 else SIZE[::-1]
    assert np.abs(lights(target, size) - lights(source, size)).mean() < 1.5


def test_pixel_aspect_range_and_matrix_are_kept(tmp_path: Path) -> None:
    words = ("-vf", "scale=out_color_matrix=bt709:out_range=full,setsar=16/11")
    tags = ("-colorspace", "bt709", "-color_range", "pc", "-color_primaries", "bt709")
    source = films.make(tmp_path / "film.mp4", SHOTS, *X264, *words, *tags)
    target = tmp_path / "color.mkv"
    colored(source, target)
    assert "SAR 16:11" in films.told(target)
    assert "(pc, bt709" in films.told(target)


@pytest.mark.parametrize("matrix", [0, 8, 14])
def test_a_matrix_that_is_no_luma_is_taken_for_one(matrix: int, tmp_path: Path) -> None:
    tags = f"h264_metadata=matrix_coefficients={matrix}:transfer_characteristics=16"
    source = films.make(tmp_path / "film.mp4", SHOTS, *X264, "-bsf:v", tags)
    target = tmp_path / "color.mkv"
    (note,) = colored(source, target, codec="ffv1")
    assert note == "its tones are HDR; they are colored as if they were not"
    assert "(tv, smpte170m/unknown/smpte2084)" in films.told(target)
    assert films.times(target) == films.times(source)


def test_the_clock_of_a_broadcast_starts_at_zero(tmp_path: Path) -> None:
    words = (*X264, "-c:a", "mp2")
    source = films.make(tmp_path / "film.ts", SHOTS, *words, more=films.SOUND)
    target = tmp_path / "color.mkv"
    colored(source, target)
    before, after = films.times(source), films.times(target)
    assert before[0] > 1 > 0.2 > after[0] >= 0
    assert films.sound(target) == films.sound(source)
    away = [float(one - other) for one, other in zip(before, after, strict=True)]
    # Matroska counts milliseconds.
    assert np.ptp(away) <= 0.001


def test_interlaced_frames_stay_so_and_a_note_says_it(tmp_path: Path) -> None:
    words = ("-c:v", "mpeg2video", "-q:v", "2", "-flags", "+ilme+ildct")
    field = ("-vf", "setfield=tff")
    source = films.make(tmp_path / "film.mpg", SHOTS, *words, *field)
    target = tmp_path / "color.mp4"
    notes = colored(source, target)
    assert notes == ("it is interlaced; its frames are colored as they are",)
    assert "top first" in films.told(target)


def test_a_film_in_color_gives_its_lightness_alone(tmp_path: Path) -> None:
    photo = np.stack([SHOTS, SHOTS[:, ::-1], SHOTS // 2], axis=-1)
    words = ("-c:v", "ffv1", "-pix_fmt", "gbrp")
    source = films.make(tmp_path / "film.mkv", photo, *words)
    target = tmp_path / "color.mkv"
    (note,) = colored(source, target, codec="ffv1", saturation=0)
    assert "lightness" in note
    error = np.abs(lights(target) - lights(source))
    assert np.percentile(error, 99) < 1
    assert chroma(target) < 1


# -- what lies beside the pictures


@pytest.fixture
def rich(tmp_path: Path) -> Path:
    """Write a film with sound, subtitles, chapters, a cover and metadata."""
    said = "1\n00:00:00,100 --> 00:00:00,200\nHello\n\n"
    (tmp_path / "said.srt").write_text(said + said.replace("1\n", "2\n", 1))
    chapter = "[CHAPTER]\nTIMEBASE=1/1000\nSTART={}\nEND={}\ntitle={}\n"
    about = ";FFMETADATA1\ntitle=A film\ncomment=Mine\n"
    about += chapter.format(0, 200, "One") + chapter.format(200, 480, "Two")
    (tmp_path / "about.txt").write_text(about)
    Image.fromarray(SHOTS[0]).save(tmp_path / "cover.jpg")
    more = (*films.SOUND, "-i", tmp_path / "said.srt", "-i", tmp_path / "about.txt")
    inputs = ("-map", "0", "-map", "1", "-map", "2", "-map_metadata", "3")
    words = ("-map_chapters", "3", *X264, "-c:a", "flac", "-c:s", "srt")
    cover = ("-attach", tmp_path / "cover.jpg", "-metadata:s:t", "mimetype=image/jpeg")
    language = ("-metadata:s:a", "language=deu")
    return films.make(
        tmp_path / "rich.mkv",
        SHOTS,
        *(*inputs, *words, *cover, *language),
        more=more,
    )


def test_sound_subtitles_chapters_cover_and_metadata_are_copied(
    rich: Path, tmp_path: Path
) -> None:
    target = tmp_path / "color.mkv"
    assert colored(rich, target) == ()
    assert films.sound(target) == films.sound(rich)
    assert films.subtitles(target) == films.subtitles(rich)
    said, about = films.told(target), films.metadata(target)
    assert "(deu): Audio: flac" in said
    assert "attached pic" in said
    assert "title=A film" in about
    for title, start, end in (("One", 0, 200), ("Two", 200, 480)):
        (found,) = (part for part in about.split("[CHAPTER]") if f"={title}" in part)
        scale = 1_000_000 if "1/1000000000" in found else 1
        assert f"START={start * scale}" in found
        assert f"END={end * scale}" in found


def test_what_the_container_cannot_hold_is_left_out_with_a_note(
    rich: Path, tmp_path: Path
) -> None:
    target = tmp_path / "color.webm"
    sound, subtitles, cover = colored(rich, target)
    keeps = "as webm cannot hold it; a name that ends in .mkv keeps it"
    assert sound == f"its stream 1 (sound, flac) was encoded as opus, {keeps}"
    assert subtitles == f"its stream 2 (subtitles, srt) was left out, {keeps}"
    assert cover == f"its stream 3 (pictures, mjpeg) was left out, {keeps}"
    assert "Video: vp9" in films.told(target)
    assert "(deu): Audio: opus" in films.told(target)
    assert films.times(target) == films.times(rich)


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".webm"])
def test_sound_that_cannot_be_copied_is_encoded(suffix: str, tmp_path: Path) -> None:
    words = ("-c:v", "wmv2", "-q:v", "2", "-c:a", "wmav2", "-ac", "2")
    source = films.make(tmp_path / "film.wmv", SHOTS, *words, more=films.SOUND)
    target = tmp_path / f"color{suffix}"
    (note,) = colored(source, target)
    assert note.startswith("its stream 1 (sound, wmav2) was encoded as")
    before, after = (
        np.frombuffer(films.sound(path), np.int16).reshape(-1, 2).astype(float)
        for path in (source, target)
    )
    if suffix == ".webm":
        # Opus has 48 kHz; every eighth of seconds they are as loud.
        assert len(after) / 48_000 == pytest.approx(len(before) / 44_100, abs=0.05)
        assert after[4800:19200].std() == pytest.approx(
            before[4410:17640].std(), rel=0.1
        )
        return
    count = min(len(before), len(after))
    assert abs(len(before) - len(after)) <= 2048
    if suffix == ".mkv":
        np.testing.assert_allclose(after[:count], before[:count], atol=1)
    else:
        # AAC begins with 1024 samples of its own, which the times leave out.
        one, other = before[4096:16384, 0], after[5120:17408, 0]
        assert np.corrcoef(one, other)[0, 1] > 0.99


def test_a_comment_says_that_the_color_is_computed_and_how(
    rich: Path, tmp_path: Path
) -> None:
    target = tmp_path / "color.mp4"
    hints = (Hint(3, 4, 20, 10, frame=2),)
    with pytest.raises(ValueError, match="takes no hints"):
        colored(rich, target, hints=hints)
    colored(rich, target, saturation=0.5)
    about = films.metadata(target)
    assert "Mine" in about
    assert "Color computed by napari-colorize" in about
    assert "model custom; temperature 0.5; rebalance -0.2; saturation 0.5" in about
    assert "smoothing 0.6" in about


# -- colors along the motion, cuts and hints


def test_colors_are_steady_in_a_shot_and_none_crosses_a_cut(tmp_path: Path) -> None:
    source = films.make(tmp_path / "film.mkv", films.two_shots(each=5), *FFV1)
    shown = {}
    for smoothing in (0.0, 0.9):
        target = tmp_path / f"{smoothing}.mkv"
        colored(source, target, codec="ffv1", smoothing=smoothing)
        shown[smoothing] = films.played(target).astype(int)
    same = [np.array_equal(*pair) for pair in zip(*shown.values(), strict=True)]
    assert same == [True, *[False] * 4, True, *[False] * 4]
    plain, steady = (
        np.abs(np.diff(frames[:5], axis=0)).mean() for frames in shown.values()
    )
    assert steady < 0.9 * plain


def test_a_hint_of_a_frame_is_carried_through_its_shot_alone(
    hinted_model: Path, tmp_path: Path
) -> None:
    frames = np.concatenate([np.stack([part[0]] * 5) for part in np.split(SHOTS, 2)])
    source = films.make(tmp_path / "film.mkv", frames, *FFV1)
    shown = []
    for hints in ((), (Hint(24, 32, 60, 40, frame=2),)):
        target = tmp_path / f"{len(hints)}.mkv"
        settings = FilmSettings(codec="ffv1", smoothing=0, hints=hints)
        color_film(source, target, hinted_model, settings)
        shown.append(films.played(target).astype(int))
    changed = [bool((one != other).any()) for one, other in zip(*shown, strict=True)]
    assert changed == [True] * 5 + [False] * 5


def test_a_hint_beyond_the_film_is_refused(hinted_model: Path, tmp_path: Path) -> None:
    source = films.make(tmp_path / "film.mkv", SHOTS, *FFV1)
    settings = FilmSettings(hints=(Hint(24, 32, 60, 40, frame=12),))
    with pytest.raises(ValueError, match="12 frames"):
        color_film(source, tmp_path / "color.mkv", hinted_model, settings)
    assert not list(tmp_path.glob("*color*"))


# -- what goes wrong


def test_nothing_is_half_written(tmp_path: Path) -> None:
    source = films.make(tmp_path / "film.mkv", SHOTS, *FFV1)
    target = tmp_path / "out" / "color.mkv"
    target.parent.mkdir()
    target.write_text("old")

    def stop(done: int, total: int) -> None:
        assert total == 12
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        color_film(source, target, stand_ins.make, overwrite=True, progress=stop)
    assert [path.name for path in target.parent.iterdir()] == ["color.mkv"]
    assert target.read_text() == "old"
    with pytest.raises(FileExistsError):
        color_film(source, target, stand_ins.make)
    counts = []
    color_film(
        source,
        target,
        stand_ins.make,
        overwrite=True,
        progress=lambda done, total: counts.append((done, total)),
    )
    assert counts == [(done, 12) for done in range(13)]
    assert len(films.times(target)) == 12


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("color.avi", {}, "choose a name that ends in .mp4"),
        ("color.webm", {"codec": "h264"}, "webm cannot hold h264"),
        ("color.mov", {"codec": "av1"}, "mov cannot hold av1"),
        ("color.mp4", {"codec": "ffv1"}, "mp4 cannot hold ffv1"),
        ("color.mp4", {"codec": "divx"}, "no codec 'divx'"),
        ("color.mp4", {"max_pixels": 64 * 48 - 1}, "more than"),
        ("color.mp4", {"smoothing": 1.0}, "smoothing"),
        ("color.mp4", {"temperature": 2.0}, "temperature"),
        ("film.mkv", {}, "its own input"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(
    name: str, settings: dict[str, Any], message: str, tmp_path: Path
) -> None:
    source = films.make(tmp_path / "film.mkv", SHOTS, *FFV1)
    before = source.read_bytes()
    with pytest.raises(ValueError, match=message) as raised:
        colored(source, tmp_path / name, **settings)
    assert isinstance(raised.value, TooLarge) == ("max_pixels" in settings)
    assert [path.name for path in tmp_path.iterdir()] == ["film.mkv"]
    assert source.read_bytes() == before


def test_no_film_is_no_film(tmp_path: Path) -> None:
    target = tmp_path / "color.mp4"
    with pytest.raises(FileNotFoundError):
        colored(tmp_path / "film.mp4", target)
    (tmp_path / "film.mp4").write_bytes(b"no film at all" * 100)
    with pytest.raises(FileError, match="cannot be read as a film"):
        colored(tmp_path / "film.mp4", target)
    films.ffmpeg(*films.SOUND, tmp_path / "sound.mp4")
    with pytest.raises(FileError, match="no moving pictures"):
        colored(tmp_path / "sound.mp4", target)
    assert not target.exists()


def test_damaged_pieces_are_left_out_and_counted(tmp_path: Path) -> None:
    words = ("-c:v", "png", "-pix_fmt", "gray")
    source = films.make(tmp_path / "film.avi", SHOTS, *words)
    whole = films.times(source)
    damaged = bytearray(source.read_bytes())
    place = damaged.index(b"00dc", len(damaged) // 3) + 8
    damaged[place : place + 40] = bytes(40)
    source.write_bytes(damaged)
    target = tmp_path / "color.mp4"
    (note,) = colored(source, target)
    assert note == "1 damaged pieces of it were left out"
    found = films.times(target)
    assert set(found) < set(whole)
    assert len(found) >= 10


@pytest.mark.parametrize("name", ["h264.mp4", "ten.mkv", "vp9.webm", "mpeg4.avi"])
def test_damaged_files_are_films_or_errors_and_leave_nothing(
    name: str, tmp_path: Path
) -> None:
    words, more = SOURCES[name]
    whole = films.make(tmp_path / name, SHOTS, *words, **more).read_bytes()
    rng = np.random.default_rng(len(whole))
    source, target = tmp_path / f"damaged-{name}", tmp_path / "out" / "color.mkv"
    for _ in range(12):
        damaged = bytearray(whole[: rng.integers(len(whole) // 2, len(whole))])
        place = rng.integers(len(damaged) - 100)
        damaged[place : place + 100] = rng.bytes(100)
        source.write_bytes(damaged)
        try:
            colored(source, target)
        except (ValueError, OSError) as error:
            assert str(error)
            assert not target.exists()
        else:
            assert films.times(target)
            target.unlink()
        assert not list(target.parent.glob(".*"))


def test_frames_that_change_their_size_are_refused(tmp_path: Path) -> None:
    words = ("-c:v", "mpeg2video", "-f", "mpegts")
    one = films.make(tmp_path / "one.ts", SHOTS, *words)
    other = films.make(tmp_path / "two.ts", films.two_shots((80, 64)), *words)
    one.write_bytes(one.read_bytes() + other.read_bytes())
    with pytest.raises(FileError, match="change from 64 x 48 to 80 x 64"):
        colored(one, tmp_path / "color.mp4")
    assert not (tmp_path / "color.mp4").exists()


PEAK = """
import sys
sys.path.insert(0, {helpers!r})
import stand_ins
from colorize_engine.film import FilmSettings, color_film
color_film({source!r}, {target!r}, stand_ins.make, FilmSettings(smoothing=0.6))
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    """120 frames more have 31 MB as they are decoded, and more as pictures."""
    peaks = []
    for count in (60, 180):
        frames = np.resize(films.pan("coffee", 8, (480, 360)), (count, 360, 480))
        source = films.make(tmp_path / f"{count}.mp4", frames, *X264)
        target = tmp_path / f"{count}-color.mp4"
        code = PEAK.format(
            helpers=films.__file__.rpartition("/")[0],
            source=str(source),
            target=str(target),
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        peaks.append(int(done.stdout))
        assert len(films.times(target)) == count
    assert peaks[1] - peaks[0] < 25_000
