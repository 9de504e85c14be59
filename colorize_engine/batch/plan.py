"""Which output each photo gets, settled before any work starts."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from colorize_engine.batch.find_photos import (
    OTHER_PICTURES,
    TIFF_LIKE,
    Found,
    find_photos,
    identity,
)
from colorize_engine.files import FORMATS, format_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class TargetError(ValueError):
    """Inputs and output that do not go together; the message says what to change."""


@dataclass(frozen=True)
class Job:
    """A photo and the files that are to come of it.

    Attributes
    ----------
    source, target : Path
    probabilities : tuple of Path
        Files for the distributions of a and of b; empty if none are wanted.
    resumes : bool
        Whether outputs that are there already, made from the same bytes with the same
        settings, are left as they are; else any output that is there is an error.
    """

    source: Path
    target: Path
    probabilities: tuple[Path, ...] = ()
    resumes: bool = False

    @property
    def outputs(self) -> tuple[Path, ...]:
        """All files that are to come of the photo."""
        return (self.target, *self.probabilities)


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    Attributes
    ----------
    jobs : list of Job
    errors : list of OSError
        One for each folder among the photos that could not be read.
    """

    jobs: list[Job]
    errors: list[OSError]


def plan(sources: Sequence[Path], output: str, *, probabilities: bool = False) -> Plan:
    """Give each photo, also those in folders, its output.

    One photo and an output with the suffix of a picture is a file; anything else is
    a folder, in which names are kept, and the trees of folders. There, a suffix that
    cannot be written becomes ``.png``, or ``.tif`` for files of microscopes.

    Parameters
    ----------
    sources : sequence of Path
        Photos and folders, in any order.
    output : str
        As typed; a slash at the end says that it is a folder.
    probabilities : bool
        Whether the distributions are wanted, too.

    Raises
    ------
    TargetError
        If two photos have one output (on file systems that ignore case, too), an
        output is one of the photos, or the folders hold no photo.
    """
    out = Path(output)
    as_folder = output.endswith(("/", os.sep)) or out.is_dir()
    folders = [source for source in sources if os.path.isdir(source)]
    errors: list[OSError] = []
    if not as_folder and format_of(out) is not None:
        if len(sources) > 1 or folders:
            many = "a folder needs" if folders else f"{len(sources)} photos need"
            raise TargetError(
                f"{many} a folder as output, and {output!r} is a "
                "file name; put a slash behind it if it is to be a folder"
            )
        pairs = [(sources[0], out)]
    else:
        _check_folder(out, output, as_folder=as_folder)
        pairs, errors = _into_folder(sources, out)
        as_folder = True
    jobs = [
        Job(source, target, _beside(target) if probabilities else (), as_folder)
        for source, target in pairs
    ]
    _refuse_shared(jobs)
    _refuse_inputs(jobs)
    return Plan(jobs, errors)


def _check_folder(out: Path, typed: str, *, as_folder: bool) -> None:
    """Refuse an output that is to be a folder and cannot be one."""
    if not as_folder and _is_other_picture(out.suffix.lower()):
        raise TargetError(
            f"{out.suffix} cannot be written; choose one of {', '.join(FORMATS)}"
        )
    if os.path.lexists(out) and not out.is_dir():
        raise TargetError(f"{typed!r} is to be a folder, but a file has that name")


def _into_folder(
    sources: Sequence[Path], out: Path
) -> tuple[list[tuple[Path, Path]], list[OSError]]:
    """Return photos with their outputs, and what could not be read."""
    pairs: list[tuple[Path, Path]] = []
    every = Found()
    for source in sources:
        if not os.path.isdir(source):
            pairs.append((source, out / _kept_name(source)))
            continue
        if identity(source) == identity(out):
            raise TargetError(
                f"the folder {str(source)!r} is the output folder itself; choose "
                "another one"
            )
        found = find_photos(source, leave_out=out)
        every.errors += found.errors
        every.others += found.others
        every.hidden += found.hidden
        for photo in found.photos:
            below = photo.relative_to(source)
            pairs.append((photo, out / below.with_name(_kept_name(photo))))
    if not pairs and not every.errors:
        raise TargetError(_nothing_in(sources, every))
    return pairs, every.errors


def _nothing_in(folders: Sequence[Path], found: Found) -> str:
    seen = [
        f"{count} {kind}"
        for count, kind in ((found.others, "of other kinds"), (found.hidden, "hidden"))
        if count
    ]
    left = f" (left out: {', '.join(seen)})" if seen else ""
    names = ", ".join(repr(str(folder)) for folder in folders)
    return f"there are no photos in {names}{left}"


def _is_other_picture(suffix: str) -> bool:
    """Whether a suffix is that of a picture format that is not written here."""
    from PIL import Image

    known = Image.registered_extensions()
    return suffix == ".svg" or suffix in OTHER_PICTURES or suffix in known


def _kept_name(source: Path) -> str:
    if format_of(source) is not None:
        return source.name
    suffix = source.suffix.lower()
    return source.stem + (".tif" if suffix in TIFF_LIKE else ".png")


def _beside(target: Path) -> tuple[Path, ...]:
    return tuple(
        target.with_name(f"{target.stem}.{channel}-probability.tif") for channel in "ab"
    )


def _refuse_shared(jobs: Iterable[Job]) -> None:
    taken: dict[str, Job] = {}
    for job in jobs:
        for path in job.outputs:
            # One name where case or the form of accents makes no difference.
            key = unicodedata.normalize("NFC", os.path.abspath(path)).casefold()
            other = taken.setdefault(key, job)
            if other is not job:
                raise TargetError(
                    f"{str(other.source)!r} and {str(job.source)!r} would both become "
                    f"{str(path)!r}; color them into different folders"
                )


def _refuse_inputs(jobs: Sequence[Job]) -> None:
    sources = {identity(job.source): job.source for job in jobs}
    for job in jobs:
        for path in job.outputs:
            source = sources.get(identity(path))
            if source is not None:
                raise TargetError(
                    f"the output {str(path)!r} is the input {str(source)!r} itself; "
                    "choose another name or folder"
                )
