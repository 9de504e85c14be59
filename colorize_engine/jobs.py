"""From a photo's file to its colored file."""

from __future__ import annotations

import errno
import os
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from colorize_engine import files
from colorize_engine.formats.atomic import replacing
from colorize_engine.formats.probabilities import ProbabilityWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colorize_engine.colorizer import Colorizer
    from colorize_engine.targets import Job

COLOR_NOTE = "it is in color; only its lightness was used"


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


def check(job: Job, settings: Settings) -> None:
    """Find early what would stop a job: a missing photo, an output that is there.

    Raises
    ------
    OSError
    """
    job.source.stat()
    for path in job.outputs:
        if os.path.lexists(path) and not settings.overwrite:
            raise FileExistsError(errno.EEXIST, "the file exists", str(path))


def mark_of(colorizer: Colorizer, settings: Settings) -> files.Mark:
    """Return the record of what colors were computed with."""
    from colorize_engine import __version__

    def chosen(value: float | None, default: float) -> str:
        return f"{default if value is None else value:g}"

    card = colorizer.card
    model = f"{card.name} {card.version} {card.model_hash}" if card else "custom"
    values = {
        "temperature": chosen(settings.temperature, colorizer.temperature),
        "rebalance": chosen(settings.rebalance, colorizer.rebalance),
        "saturation": f"{settings.saturation:g}",
        "working size": chosen(settings.working_size, colorizer.working_size),
    }
    return files.Mark(f"napari-colorize {__version__}", model, values)


def color_file(job: Job, colorizer: Colorizer, settings: Settings) -> tuple[str, ...]:
    """Read, color and write the pictures of one file.

    Parameters
    ----------
    job : Job
        Its folders are made if they are missing.
    colorizer : Colorizer
    settings : Settings

    Returns
    -------
    tuple of str
        What a person should know about the result, a line each.

    Raises
    ------
    FileError, ValueError
        If the photo cannot be read or its colors not be written.
    OSError
        If files or folders are missing or do not allow it. In any case no output is
        left half-written, and what had its name before is untouched.
    """
    photo = files.read(job.source, settings.value_range, settings.max_pixels)
    files.check_target(job.target, photo)
    mark = mark_of(colorizer, settings)
    notes: dict[str, None] = {}
    job.target.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        writers = []
        for channel, path in zip("ab", job.probabilities, strict=False):
            stream = stack.enter_context(replacing(path, overwrite=settings.overwrite))
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
            overwrite=settings.overwrite,
            page_count=len(photo),
        )
        for writer in writers:
            writer.close()
    return tuple(dict.fromkeys((*notes, *more)))
