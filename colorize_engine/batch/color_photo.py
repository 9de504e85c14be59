"""Coloring of one photo file."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from concurrent.futures import CancelledError
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from colorize_engine import files
from colorize_engine.batch.messages import advice, explained, one_line
from colorize_engine.batch.probabilities import ProbabilityWriter
from colorize_engine.batch.report import ALREADY_DONE, IN_COLOR, Record
from colorize_engine.decode import DecodeOptions, Defaults
from colorize_engine.files import (
    COLOR_NOTE,
    Mark,
    format_of,
    is_current,
    mark_of,
    replacing,
)
from colorize_engine.files.stills import open_image
from colorize_engine.files.tiff import is_tiff, open_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from colorize_engine.batch.plan import Job
    from colorize_engine.batch.settings import Settings
    from colorize_engine.colorizer import Colorizer
    from colorize_engine.pretrained import Card

    Admit = Callable[[int], AbstractContextManager[None]]


_ATTEMPTS = 3
_DIGEST_BYTES = 16


class Described(Defaults, Protocol):
    """The properties of a model that its `Record` names; a `Colorizer` has them."""

    @property
    def card(self) -> Card | None:
        """Card of the model, or None."""

    @property
    def working_size(self) -> int:
        """Short side, in pixels, at which the nets see a photo."""


def check(job: Job, settings: Settings) -> None:
    """Check that a job can start; `color_photo` checks the outputs if it resumes.

    Raises
    ------
    OSError
        If the photo is missing, or an output exists that may not be replaced.
    """
    job.source.stat()
    if not job.resumes:
        _replaceable(job, settings, None)


def color_photo(
    job: Job,
    settings: Settings,
    colorizer: Colorizer,
    admit: Admit = lambda _: nullcontext(),
) -> Record:
    """Read, color and write the pictures of one file, unless they are already done.

    The result depends only on the arguments and files, so any process can run this.

    Parameters
    ----------
    job : Job
        Missing output folders are created.
    settings : Settings
    colorizer : Colorizer
    admit
        Called with the number of pixels of the first page. Returns a context manager;
        the photo is in memory only within it.

    Returns
    -------
    Record
        Also of a failure. Then no output is left half-written, and existing files
        are untouched.

    Raises
    ------
    concurrent.futures.CancelledError
        If the colorizer's predictor raises it; outputs are as after a failure.
    """
    began = time.perf_counter()
    record = failed_record(job, settings, colorizer)
    if colorizer.card is None:
        # Without a card, outputs do not tell which model made them.
        job = replace(job, resumes=False)
    try:
        width, height, pages = _measured(job.source)
        record = replace(record, width=width, height=height, pages=pages)
        label = colorizer.card.label if colorizer.card else "custom"
        size = settings.working_size or colorizer.working_size
        mark = mark_of(label, settings.resolved(colorizer), size)
        mark = with_source(mark, digest(job.source), settings, job.target)
        record = _color_or_skip(job, settings, colorizer, record, mark, admit)
    except CancelledError:
        raise
    except Exception as error:
        # An error in one photo must not stop the others.
        reason = one_line(explained(error, job.source))
        record = replace(record, status="failed", error=reason)
    return replace(record, seconds=round(time.perf_counter() - began, 4))


def failed_record(
    job: Job, settings: Settings, model: Described | None = None
) -> Record:
    """Return the record before processing, with status 'failed'."""
    card = model.card if model else None
    size, decoding = settings.working_size, DecodeOptions(*settings.arguments)
    if model is not None:
        size, decoding = size or model.working_size, settings.resolved(model)
    return Record(
        str(job.source),
        str(job.target),
        "failed",
        model=f"{card.name} {card.version}" if card else "",
        model_hash=card.model_hash if card else "",
        temperature=decoding.temperature,
        rebalance=decoding.rebalance,
        saturation=decoding.saturation,
        working_size=size,
    )


def _measured(source: Path) -> tuple[int, int, int]:
    """Return the width and height of the first page as stored, and the page count.

    Raises
    ------
    FileError, OSError
        If the file is not a picture or cannot be read.
    """
    if not stat.S_ISREG(source.stat().st_mode):
        # Opening a named pipe would wait forever.
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
    """Return the existing outputs, if all of them may be replaced.

    Raises
    ------
    FileExistsError
        If one may not. Without `overwrite` the job must resume, and the output must
        carry the same mark.
    """
    existing = [path for path in job.outputs if os.path.lexists(path)]
    for path in existing:
        if settings.overwrite:
            continue
        if mark is None or not job.resumes or not is_current(path, mark):
            raise FileExistsError(errno.EEXIST, "the file exists", str(path))
    return frozenset(existing)


def _is_done(job: Job, mark: Mark) -> bool:
    return job.resumes and all(is_current(path, mark) for path in job.outputs)


def _color_or_skip(
    job: Job,
    settings: Settings,
    colorizer: Colorizer,
    record: Record,
    mark: Mark,
    admit: Admit,
) -> Record:
    """Color a photo, or skip it; return its record."""
    for attempt in range(_ATTEMPTS):
        if _is_done(job, mark):
            return replace(record, status="skipped", notes=(ALREADY_DONE,))
        replaceable = _replaceable(job, settings, mark)
        try:
            with admit((record.width or 0) * (record.height or 0)):
                photo = files.read(
                    job.source, settings.value_range, settings.max_pixels
                )
                if settings.skip_color and photo.is_in_color():
                    return replace(record, status="skipped", notes=(IN_COLOR,))
                notes = _write(job, settings, colorizer, photo, mark, replaceable)
            return replace(record, status="done", notes=notes)
        except FileExistsError:
            # Another run wrote the output first; the next attempt looks at it.
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
        If the photo cannot be read, or its colors cannot be written.
    OSError
        If a file or folder is missing, or access to it is denied.
    """
    files.check_target(job.target, photo)
    notes: dict[str, None] = {}
    folder = job.target.parent
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(
            errno.ENOTDIR, "it is a file, not a folder", str(folder)
        )
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        writers = []
        for channel, path in zip("ab", job.probabilities, strict=False):
            stream = stack.enter_context(replacing(path, overwrite=path in replaceable))
            writers.append(ProbabilityWriter(stream, channel, mark, len(photo)))

        def colored() -> Iterator[files.Picture]:
            for picture in photo:
                notes.update(dict.fromkeys(map(advice, picture.notes)))
                if picture.has_color:
                    notes[COLOR_NOTE] = None
                prediction = colorizer.predict(picture.image, settings.working_size)
                for writer, part in zip(
                    writers, (prediction.a, prediction.b), strict=False
                ):
                    writer.write(part)
                rgb = prediction.colorize(*settings.arguments)
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


def digest(path: Path) -> str:
    """Return the BLAKE2b digest of a file's bytes: 32 hexadecimal digits.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as stream:
        found = hashlib.file_digest(
            stream, lambda: hashlib.blake2b(digest_size=_DIGEST_BYTES)
        )
    return found.hexdigest()


def with_source(mark: Mark, source: str, settings: Settings, target: Path) -> Mark:
    """Return a mark that also names the source, the value range and the quality.

    Parameters
    ----------
    mark : Mark
        Names the model and the settings of the colors.
    source : str
        `digest` of the photo.
    settings : Settings
        Their range is added unless it is full, their quality for JPEG and WebP.
    target : Path
        Output; its suffix names the format.
    """
    more: dict[str, object] = {}
    if settings.value_range != "full":
        given = settings.value_range
        more["range"] = given if isinstance(given, str) else f"{given[0]}..{given[1]}"
    if settings.quality is not None and format_of(target) in ("JPEG", "WebP"):
        more["quality"] = settings.quality
    return replace(mark, settings={**mark.settings, **more, "source": source})
