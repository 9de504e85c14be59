"""From a photo's file to its colored file."""

from __future__ import annotations

import errno
import os
import stat
import time
from concurrent.futures import CancelledError
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from colorize_engine import files
from colorize_engine.batch.probabilities import ProbabilityWriter
from colorize_engine.batch.report import ALREADY_DONE, IN_COLOR, Record
from colorize_engine.cli.console import explained, one_line
from colorize_engine.color.tones import COLOR_NOTE, photo_is_in_color
from colorize_engine.files import is_current, mark_of, replacing
from colorize_engine.files.mark_reader import digest, signed
from colorize_engine.files.stills import open_image
from colorize_engine.files.tiff import is_tiff, open_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from colorize_engine.batch.plan import Job
    from colorize_engine.colorizer import Colorizer
    from colorize_engine.files import Mark
    from colorize_engine.stacks import FrameModel

    Admit = Callable[[int], AbstractContextManager[None]]

_ATTEMPTS = 3


@dataclass(frozen=True)
class Settings:
    """How photos are read, colored and written; None leaves a choice to the model."""

    temperature: float | None = None
    rebalance: float | None = None
    saturation: float = 1.0
    working_size: int | None = None
    value_range: files.ValueRange = "full"
    max_pixels: int = files.MAX_PIXELS
    quality: int | None = None
    overwrite: bool = False
    skip_color: bool = False


def check(job: Job, settings: Settings) -> None:
    """Find early what would stop a job: a missing photo, an output that is there.

    Outputs of jobs that resume may be there; `color_job` looks into them.

    Raises
    ------
    OSError
    """
    job.source.stat()
    if not job.resumes:
        _replaceable(job, settings, None)


def color_job(
    job: Job,
    settings: Settings,
    colorizer: Colorizer,
    admit: Admit = lambda _: nullcontext(),
) -> Record:
    """Read, color and write the pictures of one file, unless that is done already.

    It depends on nothing but its arguments and the files, so it can run anywhere.

    Parameters
    ----------
    job : Job
        Its folders are made if they are missing.
    settings : Settings
    colorizer : Colorizer
    admit
        Called with the pixels of the largest picture for a context in which it may be
        in memory.

    Returns
    -------
    Record
        Also where it failed. Then no output is left half-written, and what had its
        name before is untouched.

    Raises
    ------
    concurrent.futures.CancelledError
        From the colorizer's predictor; the same holds for the outputs.
    """
    began = time.perf_counter()
    record = blank_record(job, settings, colorizer)
    if colorizer.card is None:
        # What has no name cannot be known again by its outputs.
        job = replace(job, resumes=False)
    try:
        width, height, pages = _measured(job.source)
        record = replace(record, width=width, height=height, pages=pages)
        mark = signed(
            mark_of(colorizer, settings), digest(job.source), settings, job.target
        )
        record = _worked(job, settings, colorizer, record, mark, admit)
    except CancelledError:
        raise
    except Exception as error:
        # Whatever happens to one photo, the others get their turn.
        reason = one_line(explained(error, job.source))
        record = replace(record, status="failed", error=reason)
    return replace(record, seconds=round(time.perf_counter() - began, 4))


def blank_record(
    job: Job, settings: Settings, model: Colorizer | FrameModel | None = None
) -> Record:
    """Return a record that knows what is known before the work: failed so far."""
    card = model.card if model else None
    chosen: dict[str, Any] = {
        name: getattr(model, name, None)
        if getattr(settings, name) is None
        else getattr(settings, name)
        for name in ("temperature", "rebalance", "working_size")
    }
    return Record(
        str(job.source),
        str(job.target),
        "failed",
        model=f"{card.name} {card.version}" if card else "",
        model_hash=card.model_hash if card else "",
        saturation=settings.saturation,
        **chosen,
    )


def _measured(source: Path) -> tuple[int, int, int]:
    """Return width and height of the first page as stored, and the count of pages.

    Raises
    ------
    FileError, OSError
        If it is not a picture, or cannot be read.
    """
    if not stat.S_ISREG(source.stat().st_mode):
        # Opening a named pipe would wait for ever.
        raise files.FileError("it is not a regular file")
    with source.open("rb") as stream:
        head = stream.read(4)
        if not head:
            raise files.FileError("the file is empty")
        if is_tiff(head):
            pages = open_pages(stream)
            first = pages.pages[0]
            return first.imagewidth, first.imagelength, len(pages)
        image = open_image(stream)
        return image.width, image.height, 1


def _replaceable(job: Job, settings: Settings, mark: Mark | None) -> frozenset[Path]:
    """Return the outputs that are there and may be replaced.

    These are all if so told, else those that a run with the same mark made.

    Raises
    ------
    FileExistsError
        If an output is there that may not.
    """
    there = [path for path in job.outputs if os.path.lexists(path)]
    for path in there:
        if settings.overwrite:
            continue
        if mark is None or not job.resumes or not is_current(path, mark):
            raise FileExistsError(errno.EEXIST, "the file exists", str(path))
    return frozenset(there)


def _is_done(job: Job, mark: Mark) -> bool:
    return job.resumes and all(is_current(path, mark) for path in job.outputs)


def _worked(
    job: Job,
    settings: Settings,
    colorizer: Colorizer,
    record: Record,
    mark: Mark,
    admit: Admit,
) -> Record:
    """Return the record of a photo that was skipped or colored."""
    for attempt in range(_ATTEMPTS):
        if _is_done(job, mark):
            return replace(record, status="skipped", notes=(ALREADY_DONE,))
        replaceable = _replaceable(job, settings, mark)
        try:
            with admit((record.width or 0) * (record.height or 0)):
                photo = files.read(
                    job.source, settings.value_range, settings.max_pixels
                )
                if settings.skip_color and photo_is_in_color(photo):
                    return replace(record, status="skipped", notes=(IN_COLOR,))
                notes = _write(job, settings, colorizer, photo, mark, replaceable)
            return replace(record, status="done", notes=notes)
        except FileExistsError:
            # Another run on the same folder was faster; look at what it made.
            if not job.resumes or attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _write(
    job: Job,
    settings: Settings,
    colorizer: Colorizer,
    photo: files.Photo,
    mark: Mark,
    replaceable: frozenset[Path],
) -> tuple[str, ...]:
    """Color the pictures of a file, write them, and return notes.

    Raises
    ------
    FileError, ValueError
        If the photo cannot be read or its colors not be written.
    OSError
        If files or folders are missing or do not allow it.
    """
    files.check_target(job.target, photo)
    notes: dict[str, None] = {}
    folder = job.target.parent
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(
            errno.ENOTDIR, "a file has the name of the folder", str(folder)
        )
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        writers = []
        for channel, path in zip("ab", job.probabilities, strict=False):
            stream = stack.enter_context(replacing(path, overwrite=path in replaceable))
            writers.append(ProbabilityWriter(stream, channel, mark))

        def colored() -> Iterator[files.Picture]:
            for picture in photo:
                notes.update(dict.fromkeys(picture.notes))
                if picture.has_color:
                    notes[COLOR_NOTE] = None
                prediction = colorizer.predict(picture.image, settings.working_size)
                for writer, part in zip(
                    writers, (prediction.a, prediction.b), strict=False
                ):
                    writer.write(part)
                rgb = prediction.colorize(
                    settings.temperature, settings.rebalance, settings.saturation
                )
                yield replace(picture, image=rgb)

        more = files.write(
            job.target,
            colored(),
            mark,
            settings.quality,
            overwrite=job.target in replaceable,
            page_count=len(photo),
        )
        for writer in writers:
            writer.close()
    return tuple(dict.fromkeys((*notes, *more)))
