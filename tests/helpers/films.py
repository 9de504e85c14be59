"""Films for tests, made and played back by a build of FFmpeg that is not PyAV's."""

from __future__ import annotations

import re
import subprocess
from fractions import Fraction
from typing import TYPE_CHECKING

import imageio_ffmpeg
import numpy as np
from PIL import Image
from skimage import data

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SOUND = ("-f", "lavfi", "-i", "sine=frequency=440:duration=0.48")
"""A second input: a tone as long as twelve frames."""
GRAY = ("-pix_fmt", "yuv420p")


def ffmpeg(*words: object, given: bytes | None = None) -> bytes:
    """Run FFmpeg and return what it writes to its output."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, words)]
    done = subprocess.run(command, input=given, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def pan(
    photo: str, count: int, size: tuple[int, int] = (64, 48), step: float = 2
) -> np.ndarray:
    """Make frames of a camera that moves over a gray photo: (count, h, w) uint8."""
    width, height = size
    gray = Image.fromarray(getattr(data, photo)()).convert("L")
    tall = 200 * height / max(height, width * 2 / 3)
    wide = tall * width / height
    frames = [
        gray.resize(
            size,
            Image.Resampling.BILINEAR,
            (step * n, step / 2 * n, step * n + wide, step / 2 * n + tall),
        )
        for n in range(count)
    ]
    return np.stack([np.asarray(frame) for frame in frames])


def two_shots(size: tuple[int, int] = (64, 48), each: int = 6) -> np.ndarray:
    """Make frames with a cut in the middle."""
    return np.concatenate([pan("coffee", each, size), pan("chelsea", each, size)])


def make(
    path: Path,
    frames: np.ndarray,
    *words: object,
    rate: object = 25,
    more: Sequence[object] = (),
) -> Path:
    """Write frames, (n, h, w) or (n, h, w, 3) uint8 or uint16, as a film.

    ``more`` are further inputs, ``words`` the options of the output.
    """
    height, width = frames.shape[1:3]
    kind = "gray" if frames.ndim == 3 else "rgb24"
    if frames.dtype == np.uint16:
        kind = "gray16le"
    raw = ("-f", "rawvideo", "-pix_fmt", kind, "-s", f"{width}x{height}", "-r", rate)
    ffmpeg(*raw, "-i", "-", *more, *words, path, given=frames.tobytes())
    return path


def played(path: Path, size: tuple[int, int] = (64, 48), *before: str) -> np.ndarray:
    """Show a film: (n, h, w, 3) uint8 sRGB, upright."""
    exact = "bilinear+accurate_rnd+full_chroma_int"
    every = ("-map", "0:v:0", "-fps_mode", "passthrough", "-sws_flags", exact)
    raw = ffmpeg(
        *before, "-i", path, *every, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"
    )
    return np.frombuffer(raw, np.uint8).reshape(-1, size[1], size[0], 3)


def times(path: Path) -> list[Fraction]:
    """Give the times of the frames in seconds, as they are in the file."""
    options = ("-map", "0:v:0", "-copyts", "-enc_time_base", "demux")
    every = ("-fps_mode", "passthrough", "-f", "framecrc", "-")
    lines = ffmpeg("-i", path, *options, *every).decode().splitlines()
    base = next(Fraction(line.split()[-1]) for line in lines if line.startswith("#tb"))
    return [int(line.split(",")[2]) * base for line in lines if line[0] != "#"]


def sound(path: Path) -> bytes:
    """Give the samples of the sound; none if there is no sound."""
    if "Audio:" not in told(path):
        return b""
    return ffmpeg("-i", path, "-map", "0:a?", "-f", "s16le", "-")


def metadata(path: Path) -> str:
    """Give the metadata of the film and its chapters, as FFmpeg writes them."""
    text = ffmpeg("-i", path, "-f", "ffmetadata", "-").decode()
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def told(path: Path) -> str:
    """Give all that FFmpeg tells of a file."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", str(path)]
    return subprocess.run(command, capture_output=True, text=True).stderr


def subtitles(path: Path) -> str:
    """Give the subtitles of a film as SubRip."""
    return ffmpeg("-i", path, "-map", "0:s:0", "-f", "srt", "-").decode()
