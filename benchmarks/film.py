"""Frames a second of films at 640 x 480, beside the nets alone.

``python benchmarks/film.py`` makes a gray film of three shots that pan over photos of
scikit-image, in H.264 with PyAV, and colors it with `default`, with smoothing and
without. The ways take turns, and the table has the best of several rounds. "Nets alone"
are calls of the nets for the same frames, one after the other. "Film" is
all from the file to the file: decoding, nets, smoothing, color, encoding.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from PIL import Image
from skimage import data

from colorize_engine.film import FilmSettings, FilmStack, color_film
from colorize_engine.stacks import FrameModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WIDTH, HEIGHT = 640, 480
PHOTOS = ("coffee", "astronaut", "chelsea")
# Pixels of a photo that the camera sees, and its step from frame to frame.
SEEN, STEP = (320, 240), (1.5, 0.5)


def pans(count: int) -> Iterator[np.ndarray]:
    """Yield the frames of the film: (HEIGHT, WIDTH) uint8."""
    for name in PHOTOS:
        photo = Image.fromarray(getattr(data, name)()).convert("L")
        for number in range(count // len(PHOTOS)):
            left, top = (number * step for step in STEP)
            box = (left, top, left + SEEN[0], top + SEEN[1])
            size = (WIDTH, HEIGHT)
            yield np.asarray(photo.resize(size, Image.Resampling.BICUBIC, box))


def write(path: Path, count: int) -> None:
    """Write the film."""
    with av.open(str(path), "w") as film:
        stream: Any = film.add_stream("libx264", 25, {"crf": "16"})
        stream.width, stream.height = WIDTH, HEIGHT
        for gray in pans(count):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(gray, "gray")))
        film.mux(stream.encode(None))


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds that work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "film.mp4"), Path(folder, "color.mp4")
        write(source, args.frames)
        frames = FilmStack(source)
        pictures = [frames.frame(number) for number in range(len(frames))]
        model = FrameModel.of("default")

        def nets() -> None:
            for picture in pictures:
                model.predict(picture)

        def film(smoothing: float) -> Callable[[], object]:
            settings = FilmSettings(smoothing=smoothing)
            return lambda: color_film(source, target, settings=settings, overwrite=True)

        ways = {
            "nets alone": nets,
            "film, each frame for itself": film(0),
            "film, smoothed along the motion": film(0.6),
        }
        nets()
        times = dict.fromkeys(ways, np.inf)
        for _ in range(args.rounds):
            for way, work in ways.items():
                times[way] = min(times[way], seconds(work))
    print("| what | frames a second | of the nets alone |\n|---|---|---|")
    for way, best in times.items():
        rate = len(pictures) / best
        print(f"| {way} | {rate:.1f} | {100 * times['nets alone'] / best:.0f} % |")


if __name__ == "__main__":
    main()
