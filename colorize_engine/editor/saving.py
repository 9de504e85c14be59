"""Open photos as files: exactly those that the command writes."""

from __future__ import annotations

import zipfile
from contextlib import closing
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from colorize_engine.batch import Job, Pipeline, Settings
from colorize_engine.batch.color_photo import color_photo
from colorize_engine.batch.plan import output_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from colorize_engine.batch import Record
    from colorize_engine.colorizer import Colorizer
    from colorize_engine.editor.open_photo import OpenPhoto


class NotSaved(RuntimeError):
    """A photo cannot be saved; the message says why."""


def file_name(photo: OpenPhoto, suffix: str | None = None) -> str:
    """Return the name of the file that a photo is saved as.

    Parameters
    ----------
    photo
        The photo.
    suffix
        Such as ``".png"``; by default the one that the command chooses.
    """
    path = Path(photo.name)
    own = PurePath(output_name(path)).suffix.lower()
    return f"{path.stem.removesuffix('-color')}-color{suffix or own}"


def save(photo: OpenPhoto, target: Path, colorizer: Colorizer) -> Record:
    """Write a photo in color, at its full size, with all its pages and metadata.

    Returns
    -------
    Record
        With notes on what the file cannot hold.

    Raises
    ------
    NotSaved
        If it cannot be read or written.
    """
    record = color_photo(_job(photo, target), _settings(photo), colorizer)
    if record.status == "failed":
        raise NotSaved(record.error)
    return record


def _job(photo: OpenPhoto, target: Path) -> Job:
    return Job(photo.path, target, hints=photo.state.hints)


def _settings(photo: OpenPhoto) -> Settings:
    return Settings(
        *photo.settings.arguments,
        value_range=photo.value_range,
        not_finite="blank",
    )


class Archive:
    """A ZIP file of many photos in color.

    Parameters
    ----------
    photos
        The photos.
    path
        The ZIP file; other files are written beside it for a while.
    suffix
        As in `file_name`.
    colorizer
        The model.

    Attributes
    ----------
    failed : list of (OpenPhoto, str)
        Photos that could not be saved, and why.
    """

    def __init__(
        self,
        photos: Sequence[OpenPhoto],
        path: Path,
        suffix: str | None,
        colorizer: Colorizer,
    ) -> None:
        self.failed: list[tuple[OpenPhoto, str]] = []
        self._path = path
        names = _unlike([file_name(photo, suffix) for photo in photos])
        self._jobs = {
            path.with_name(f"{path.stem}-{number}{PurePath(name).suffix}"): (
                name,
                photo,
            )
            for number, (name, photo) in enumerate(zip(names, photos, strict=True))
        }
        self._settings = {
            target: _settings(photo) for target, (_, photo) in self._jobs.items()
        }
        self._pipeline = Pipeline(colorizer, Settings(), work=self._color)

    def _color(self, job: Job, _: Settings, colorizer: Colorizer, *more: Any) -> Record:
        # Each photo has settings of its own.
        return color_photo(job, self._settings[job.target], colorizer, *more)

    def stop(self) -> None:
        """End the writing soon; any thread may call this."""
        self._pipeline.stop()

    def write(self) -> Iterator[OpenPhoto]:
        """Color photos and put them into the file; yield each when it is done.

        After `stop` it ends early, and there is no file; neither is there after an
        error.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        whole = False
        try:
            yield from self._written()
            whole = not self._pipeline.stopped
        finally:
            for path in self._jobs if whole else (self._path, *self._jobs):
                path.unlink(missing_ok=True)

    def _written(self) -> Iterator[OpenPhoto]:
        jobs = [_job(photo, target) for target, (_, photo) in self._jobs.items()]
        # The pictures are compressed already.
        with (
            zipfile.ZipFile(self._path, "w", strict_timestamps=False) as archive,
            closing(self._pipeline.run(jobs)) as records,
        ):
            for job, record in _matched(jobs, records):
                name, photo = self._jobs[job.target]
                if record.status == "failed":
                    self.failed.append((photo, record.error))
                else:
                    archive.write(job.target, name)
                    job.target.unlink()
                yield photo


def _matched(
    jobs: Sequence[Job], records: Iterator[Record]
) -> Iterator[tuple[Job, Record]]:
    by_target = {str(job.target): job for job in jobs}
    for record in records:
        yield by_target[record.output], record


def _unlike(names: list[str]) -> list[str]:
    """Return names with a number where the same was there before."""
    found: dict[str, str] = {}
    for name in names:
        path, number, other = PurePath(name), 1, name
        # Two names that differ in case alone are one on many disks.
        while other.casefold() in found:
            number += 1
            other = f"{path.stem}-{number}{path.suffix}"
        found[other.casefold()] = other
    return list(found.values())
