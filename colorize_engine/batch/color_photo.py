"""Coloring of one photo file."""

from __future__ import annotations

import errno
import os
import time
from concurrent.futures import CancelledError
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from colorize_engine import files
from colorize_engine.batch.marks import (
    digest,
    load_hints,
    with_hints,
    with_source,
    with_variant,
)
from colorize_engine.batch.messages import advice, explained, one_line
from colorize_engine.batch.painter import Painter
from colorize_engine.batch.probabilities import ProbabilityWriter
from colorize_engine.batch.report import ALREADY_DONE, IN_COLOR, Record
from colorize_engine.decode import DecodeOptions, Defaults
from colorize_engine.files import (
    COLOR_NOTE,
    TONE_NOTE,
    Mark,
    is_current,
    mark_of,
    replacing,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from colorize_engine.batch.job import Job
    from colorize_engine.batch.settings import Settings
    from colorize_engine.colorizer import Colorizer
    from colorize_engine.pretrained import Card

    Admit = Callable[[int], AbstractContextManager[None]]


_ATTEMPTS = 3


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
        width, height, pages = files.measure(job.source)
        record = replace(record, width=width, height=height, pages=pages)
        label = colorizer.card.label if colorizer.card else "custom"
        size = settings.working_size or colorizer.working_size
        hints = load_hints(job.hints) if isinstance(job.hints, Path) else job.hints
        mark = mark_of(label, settings.resolved(colorizer), size)
        mark = with_source(mark, digest(job.source), settings, job.target)
        mark = with_hints(mark, hints or ())
        painter = Painter(colorizer, settings, hints or (), len(job.variants))
        record = _color_or_skip(job, settings, painter, record, mark, admit)
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
        caution=decoding.caution,
        working_size=size,
    )


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
        if (
            mark is None
            or not job.resumes
            or not is_current(path, _own(job, path, mark))
        ):
            raise FileExistsError(errno.EEXIST, "the file exists", str(path))
    return frozenset(existing)


def _is_done(job: Job, mark: Mark) -> bool:
    return job.resumes and all(
        is_current(path, _own(job, path, mark)) for path in job.outputs
    )


def _own(job: Job, path: Path, mark: Mark) -> Mark:
    """Return the mark of one output of a job."""
    if path not in job.variants:
        return mark
    return with_variant(mark, job.variants.index(path), len(job.variants))


def _color_or_skip(
    job: Job,
    settings: Settings,
    painter: Painter,
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
                    job.source,
                    settings.value_range,
                    settings.max_pixels,
                    settings.not_finite,
                )
                if settings.skip_color and photo.is_in_color():
                    # No output belongs to it.
                    skipped = replace(record, status="skipped", output="")
                    return replace(skipped, notes=(IN_COLOR,))
                notes = _write(job, settings, painter, photo, mark, replaceable)
            return replace(record, status="done", notes=notes)
        except FileExistsError:
            # Another run wrote the output first; the next attempt looks at it.
            if not job.resumes or attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _write(
    job: Job,
    settings: Settings,
    painter: Painter,
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
    targets = job.variants or (job.target,)
    for target in targets:
        files.check_target(target, photo)
    notes: dict[str, None] = {}
    blank = 0
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

        def colored(variant: int) -> Iterator[files.Picture]:
            nonlocal blank
            for page, picture in enumerate(photo):
                blank += picture.blank if variant == 0 else 0
                notes.update(dict.fromkeys(map(advice, picture.notes)))
                if picture.has_color:
                    notes[TONE_NOTE if picture.is_toned else COLOR_NOTE] = None
                prediction = painter.predict(picture.image, page, variant)
                # Those of the first variant stand for all.
                for writer, part in zip(
                    writers if variant == 0 else (),
                    (prediction.a, prediction.b),
                    strict=False,
                ):
                    writer.write(part)
                rgb = prediction.colorize(*settings.arguments)
                yield replace(picture, image=rgb)

        for number, target in enumerate(targets):
            more = files.write(
                target,
                colored(number),
                with_variant(mark, number, len(job.variants)),
                settings.quality,
                overwrite=target in replaceable,
                page_count=len(photo),
            )
            notes.update(dict.fromkeys(more))
        for writer in writers:
            writer.close()
    return (*notes, *files.blank_note(blank))
