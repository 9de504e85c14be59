"""Photos whose outputs would be one file: they fail, and the others are colored."""

from __future__ import annotations

import errno
import os
import tempfile
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from colorize_engine.batch.find_photos import identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from colorize_engine.batch.job import Job


def apart(jobs: Iterable[Job]) -> tuple[list[Job], list[OSError]]:
    """Return the jobs whose outputs are theirs alone, and an error for each other one.

    Names that differ in case or in the Unicode form of accents are one file only where
    the disk of the output cannot tell them apart. A photo that was named twice is one
    job.
    """
    named: dict[object, Job] = {}
    for job in jobs:
        named.setdefault((identity(job.source), job.target), job)
    once = list(named.values())
    folded: dict[str, list[Job]] = {}
    for job in once:
        for path in job.outputs:
            folded.setdefault(_folded(path), []).append(job)
    errors: dict[int, OSError] = {}
    for key, same in folded.items():
        if len(same) == 1:
            continue
        for owners in _by_file(key, same):
            for job in owners if len(owners) > 1 else ():
                other = owners[0] if job is not owners[0] else owners[1]
                errors.setdefault(id(job), _error(job, other))
    left = [job for job in once if id(job) not in errors]
    return left, [errors[id(job)] for job in once if id(job) in errors]


def _folded(path: Path) -> str:
    return unicodedata.normalize("NFC", os.path.abspath(path)).casefold()


def _by_file(key: str, jobs: Sequence[Job]) -> list[list[Job]]:
    """Return the jobs by the file that each has for a folded path."""
    paths = [next(p for p in job.outputs if _folded(p) == key) for job in jobs]
    exact = [os.path.abspath(path) for path in paths]
    if len(set(exact)) == 1 or not _tells_apart(paths[0].parent):
        return [list(jobs)]
    found: dict[str, list[Job]] = {}
    for path, job in zip(exact, jobs, strict=True):
        found.setdefault(path, []).append(job)
    return list(found.values())


def _tells_apart(folder: Path) -> bool:
    """Return whether the disk of a folder tells cases and forms of accents apart."""
    there = next(p for p in (folder, *folder.absolute().parents) if p.is_dir())
    try:
        with tempfile.TemporaryDirectory(dir=there, prefix=".colorize-") as probe:
            composed = Path(probe, "\N{LATIN SMALL LETTER E WITH ACUTE}")
            composed.touch()
            others = (
                str(composed).upper(),
                unicodedata.normalize("NFD", str(composed)),
            )
            return not any(
                Path(probe, os.path.basename(other)).exists() for other in others
            )
    except OSError:
        return False


def _error(job: Job, other: Job) -> OSError:
    text = (
        f"{str(other.source)!r} would become {str(job.target)!r}, too; rename one, or "
        "color them into different folders"
    )
    return FileExistsError(errno.EEXIST, text, str(job.source))
