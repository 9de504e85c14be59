"""Coloring of films: file to file, frame by frame."""

from __future__ import annotations

import errno
import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from colorize_engine.batch.marks import with_hints
from colorize_engine.decode import DecodeOptions
from colorize_engine.files import (
    COLOR_NOTE,
    MAX_PIXELS,
    FileError,
    mark_of,
    remove_leftovers,
    replacing,
)
from colorize_engine.film.film_stack import FilmStack
from colorize_engine.film.kinds import FORMATS, check_extra
from colorize_engine.film.pictures import picture_of
from colorize_engine.film.reader import FilmReader
from colorize_engine.film.writer import FilmWriter
from colorize_engine.parallel import ahead
from colorize_engine.pretrained import Backend
from colorize_engine.stacks import FrameModel
from colorize_engine.stacks.paths import Paths, check_frames, light_of
from colorize_engine.stacks.shots import Shots

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from av import Packet, VideoFrame
    from numpy.typing import NDArray

    from colorize_engine.files import Mark
    from colorize_engine.hints import Hint
    from colorize_engine.stacks import ModelLike

    Progress = Callable[[int, int], None]
    Floats = NDArray[np.float32]

SMOOTHING = 0.6
"""Smoothing of a film by default."""
# Frames that the nets may be ahead of the smoothing, and this of the encoder.
_AHEAD = 2


@dataclass(frozen=True)
class FilmSettings(DecodeOptions):
    """Settings for reading, coloring and writing a film; None means the default.

    Attributes
    ----------
    temperature, rebalance, saturation, caution
        As in ``Prediction.colorize``.
    working_size, hints
        As in ``stacks.predict``. Hints are in pixels of the upright picture.
    smoothing : float
        As in ``stacks.predict``, but never across a cut.
    codec : str or None
        ``h264``, ``hevc``, ``av1``, ``vp9`` or ``ffv1``, which is lossless.
    quality : int or None
        1..100.
    max_pixels : int
        Largest number of pixels of a frame.
    """

    working_size: int | None = None
    smoothing: float = SMOOTHING
    hints: tuple[Hint, ...] = ()
    codec: str | None = None
    quality: int | None = None
    max_pixels: int = MAX_PIXELS


class _Predicted(NamedTuple):
    """A frame, its picture as stored, and what the nets say of it."""

    frame: VideoFrame
    picture: NDArray[np.uint16]
    planes: Floats


def color_film(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    model: ModelLike = "default",
    settings: FilmSettings | None = None,
    *,
    device: str = "auto",
    runtime: str = "auto",
    precision: str = "auto",
    overwrite: bool = False,
    progress: Progress | None = None,
) -> tuple[str, ...]:
    """Color a film; copy its sound, subtitles, chapters and metadata.

    Sizes, times, rotation, pixel aspect, color range and the lightness of each pixel
    stay as they are. The output appears when it is complete, or not at all. A few
    frames are in memory at a time.

    Parameters
    ----------
    source : path-like
        Any container and codec that PyAV reads.
    target : path-like
        ``.mp4``, ``.m4v``, ``.mov``, ``.mkv`` or ``.webm``.
    model : str, Path or function
        As in ``stacks.predict``.
    settings : FilmSettings, optional
    device, runtime, precision : str
        As in ``Colorizer.from_pretrained``.
    overwrite : bool
        Whether to replace a target that exists.
    progress : callable, optional
        Called with (done, total) frames; it may raise to cancel. The total is a guess
        where the file does not tell it, and 0 if nothing is known.

    Returns
    -------
    tuple of str
        Notes on the result for the user, one line each.

    Raises
    ------
    FileError, ValueError
        If the source is not a film, or a setting is wrong.
    ModelError
        If there is no such model, or if it is broken.
    FileExistsError
        If the target exists and `overwrite` is false.
    OSError
        If a file or folder is missing, or cannot be read or written.
    """
    source, target = Path(source), Path(target).absolute()
    settings = settings or FilmSettings()
    container = _check(source, target, overwrite=overwrite)
    backend = Backend(device, runtime, precision)
    used = FrameModel.of(model, backend, settings.working_size)
    # This checks the settings.
    used.sample().decode(*settings.arguments)
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(target.parent)
    with (
        FilmReader(source, settings.max_pixels) as film,
        replacing(target, overwrite=overwrite) as stream,
    ):
        job = _Job(film, used, settings, source)
        with FilmWriter(
            str(stream.name),
            container,
            film,
            settings.codec,
            settings.quality,
            job.mark(backend),
        ) as writer:
            job.run(writer, progress or (lambda done, total: None))
        return (*job.notes, *film.notes, *writer.notes)


class _Job:
    """The coloring of one film."""

    def __init__(
        self, film: FilmReader, model: FrameModel, settings: FilmSettings, path: Path
    ) -> None:
        self.film, self.model, self.settings = film, model, settings
        self.shots = Shots(settings.smoothing, model.head_stride)
        self.notes: tuple[str, ...] = ()
        self.paths: Paths | None = None
        if settings.hints:
            model.check_hints()
            frames = FilmStack(path)
            check_frames(settings.hints, film.shape, len(frames))
            self.paths = Paths(
                film.shape, lambda number: light_of(frames.frame(number)), cuts=True
            )

    def mark(self, backend: Backend) -> Mark:
        """Return the mark of the film."""
        used, settings = self.model, self.settings
        more = {} if backend.precision == "auto" else {"precision": backend.precision}
        mark = mark_of(
            used.card.label if used.card else "custom",
            settings.resolved(used),
            used.working_size,
            smoothing=settings.smoothing,
            **more,
        )
        return with_hints(mark, settings.hints)

    def run(self, writer: FilmWriter, progress: Progress) -> None:
        """Color all frames and write them, and what lies between them."""
        total = self.film.count
        done = 0
        progress(0, total)
        with closing(ahead(self.steady(), _AHEAD)) as items:
            for item in items:
                if not isinstance(item, _Predicted):
                    writer.copy(item)
                    continue
                writer.write(self.colored(item), item.picture, item.frame)
                done += 1
                progress(done, max(done, total))

    def steady(self) -> Generator[_Predicted | Packet[Any]]:
        """Yield the same as `predicted`, smoothed within each shot."""
        with closing(ahead(self.predicted(), _AHEAD)) as items:
            for item in items:
                if isinstance(item, _Predicted):
                    yield item._replace(planes=self.shots.steady(item.planes))
                else:
                    yield item

    def predicted(self) -> Generator[_Predicted | Packet[Any]]:
        """Yield what the nets say of each frame, and the packets between frames."""
        from av import VideoFrame

        number = 0
        for item in self.film.items():
            if not isinstance(item, VideoFrame):
                yield item
                continue
            picture = picture_of(item, self.film.coding)
            upright = np.ascontiguousarray(self.film.orientation.upright(picture))
            hints = self.settings.hints
            shown = self.paths.shown(hints, number) if self.paths else ()
            yield _Predicted(item, picture, self.model.predict(upright, shown))
            number += 1

    def colored(self, item: _Predicted) -> NDArray[np.uint16]:
        """Return the colors of a frame as stored: (H, W, 3)."""
        if item.picture.ndim == 3:
            self.notes = (COLOR_NOTE,)
        orientation = self.film.orientation
        upright = orientation.upright(item.picture)
        found = self.model.prediction(upright, item.planes)
        return orientation.stored(found.colorize(*self.settings.arguments))


def _check(source: Path, target: Path, *, overwrite: bool) -> str:
    """Return the name of the target's container in FFmpeg."""
    check_extra()
    container = FORMATS.get(target.suffix.lower())
    if container is None:
        raise FileError(
            f"films cannot be written to {target.name}; choose a name that ends in "
            f"{', '.join(FORMATS)}"
        )
    source.stat()
    if Path(os.path.realpath(source)) == Path(os.path.realpath(target)):
        raise FileError("the output would overwrite its own input")
    if os.path.lexists(target) and not overwrite:
        raise FileExistsError(errno.EEXIST, "the file exists", str(target))
    return container
