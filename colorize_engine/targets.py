"""Which output each photo gets, settled before any work starts."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from colorize_engine.files import FORMATS, format_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Files of microscopes and slide scanners are TIFF under other names.
_TIFF_LIKE = frozenset((".lsm", ".stk", ".svs", ".ndpi", ".qptiff", ".btf", ".tf8"))
# Pictures that Pillow does not know, or does not know under these names.
_OTHER_PICTURES = frozenset(
    (".heic", ".heif", ".jxl", ".svg", ".dng", ".nef", ".cr2", ".arw", ".raw")
) | (_TIFF_LIKE)


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
    """

    source: Path
    target: Path
    probabilities: tuple[Path, ...] = ()

    @property
    def outputs(self) -> tuple[Path, ...]:
        """All files that are to come of the photo."""
        return (self.target, *self.probabilities)


def plan(
    sources: Sequence[Path], output: str, *, probabilities: bool = False
) -> list[Job]:
    """Give each photo its output.

    One photo and an output with the suffix of a picture is a file; anything else is
    a folder, in which names are kept. There, a suffix that cannot be written becomes
    ``.png``, or ``.tif`` for files of microscopes.

    Parameters
    ----------
    sources : sequence of Path
    output : str
        As typed; a slash at the end says that it is a folder.
    probabilities : bool
        Whether the distributions are wanted, too.

    Raises
    ------
    TargetError
        If two photos have one output (on file systems that ignore case, too), or an
        output is one of the photos.
    """
    out = Path(output)
    as_folder = output.endswith(("/", os.sep)) or out.is_dir()
    if not as_folder and format_of(out) is not None:
        if len(sources) > 1:
            raise TargetError(
                f"{len(sources)} photos need a folder as output, and {output!r} is a "
                "file name; put a slash behind it if it is to be a folder"
            )
        targets = [out]
    else:
        if not as_folder and _is_other_picture(out.suffix.lower()):
            raise TargetError(
                f"{out.suffix} cannot be written; choose one of {', '.join(FORMATS)}"
            )
        if os.path.lexists(out) and not out.is_dir():
            raise TargetError(f"{output!r} is to be a folder, but a file has that name")
        targets = [out / _kept_name(source) for source in sources]
    jobs = [
        Job(source, target, _beside(target) if probabilities else ())
        for source, target in zip(sources, targets, strict=True)
    ]
    _refuse_shared(jobs)
    _refuse_inputs(jobs)
    return jobs


def _is_other_picture(suffix: str) -> bool:
    """Whether a suffix is that of a picture format that is not written here."""
    from PIL import Image

    return suffix in _OTHER_PICTURES or suffix in Image.registered_extensions()


def _kept_name(source: Path) -> str:
    if format_of(source) is not None:
        return source.name
    suffix = source.suffix.lower()
    return source.stem + (".tif" if suffix in _TIFF_LIKE else ".png")


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
    sources = {_identity(job.source): job.source for job in jobs}
    for job in jobs:
        for path in job.outputs:
            source = sources.get(_identity(path))
            if source is not None:
                raise TargetError(
                    f"the output {str(path)!r} is the input {str(source)!r} itself; "
                    "choose another name or folder"
                )


def _identity(path: Path) -> object:
    """Return what two names of one file have in common."""
    try:
        status = path.stat()
    except OSError:
        return os.path.abspath(path)
    return status.st_dev, status.st_ino
