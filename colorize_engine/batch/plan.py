"""Output paths of all photos, settled before any work starts."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from colorize_engine.batch.clashes import apart
from colorize_engine.batch.find_photos import (
    OTHER_PICTURES,
    Found,
    find_photos,
    identity,
)
from colorize_engine.batch.job import Job
from colorize_engine.files import FORMATS, format_of
from colorize_engine.files.formats import TIFF_LIKE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from colorize_engine.hints import Hint


class TargetError(ValueError):
    """Inputs and output that do not fit together; the message says what to change."""


@dataclass(frozen=True)
class Plan:
    """The jobs of a run.

    Attributes
    ----------
    jobs : list of Job
    errors : list of OSError
        One for each folder or link that could not be read, and one for each photo whose
        output would be that of another one.
    films : list of Path
        Films in the folders, which are left out.
    """

    jobs: list[Job]
    errors: list[OSError]
    films: list[Path] = field(default_factory=list)


def plan_jobs(
    sources: Sequence[Path],
    output: str,
    *,
    probabilities: bool = False,
    variants: int = 0,
    hints: Path | tuple[Hint, ...] | None = None,
) -> Plan:
    """Return a job for each photo, including those in folders.

    The output of a single photo is a file if it has the suffix of a picture. Any other
    output is a folder, in which file names and folder trees are kept. There, a suffix
    that cannot be written becomes ``.png``, or ``.tif`` for files of microscopes.

    Parameters
    ----------
    sources : sequence of Path
        Photos and folders, in any order.
    output : str
        As typed; a slash at its end makes it a folder, as does an existing folder.
    probabilities : bool
        Whether the distributions are written, too.
    variants : int
        Number of plausible pictures to write for each photo, ``NAME-1.jpg`` and so on;
        0 for the most likely one.
    hints : Path, tuple of Hint, or None
        Hints or a CSV file for a single photo; or a folder that has a file, with the
        photo's stem, for some of the photos: at the same place as in the output, or at
        its top.

    Raises
    ------
    TargetError
        If the output cannot be a file or folder for these photos, an output is one of
        the photos, the folders hold no photo, or the hints are missing or a file for
        several photos.
    """
    _check_hints(hints, sources)
    out = Path(output)
    as_folder = output.endswith(("/", os.sep)) or out.is_dir()
    folders = [source for source in sources if os.path.isdir(source)]
    total = Found()
    if not as_folder and format_of(out) is not None:
        if len(sources) > 1 or folders:
            many = "a folder needs" if folders else f"{len(sources)} photos need"
            raise TargetError(
                f"{many} a folder as output, but {output!r} is a file name; add a "
                "slash at its end if you mean a folder"
            )
        pairs = [(sources[0], out)]
    else:
        _check_folder(out, output, as_folder=as_folder)
        pairs, total = _into_folder(sources, out)
        as_folder = True
    jobs = [
        Job(
            source,
            target,
            _probability_paths(target) if probabilities else (),
            as_folder,
            _variant_paths(target, variants),
            _hints_of(target, out if as_folder else out.parent, hints),
        )
        for source, target in pairs
    ]
    _refuse_inputs(jobs)
    jobs, clashes = apart(jobs)
    return Plan(jobs, [*total.errors, *clashes], total.films)


def _check_folder(out: Path, typed: str, *, as_folder: bool) -> None:
    """Raise TargetError if the output cannot be a folder."""
    if not as_folder and _is_other_picture(out.suffix.lower()):
        raise TargetError(
            f"{out.suffix} cannot be written; choose one of {', '.join(FORMATS)}"
        )
    if os.path.lexists(out) and not out.is_dir():
        raise TargetError(f"{typed!r} must be a folder, but a file has that name")


def _into_folder(
    sources: Sequence[Path], out: Path
) -> tuple[list[tuple[Path, Path]], Found]:
    """Return pairs of photo and output, and what else is in the folders."""
    pairs: list[tuple[Path, Path]] = []
    total = Found()
    for source in sources:
        if not os.path.isdir(source):
            pairs.append((source, out / output_name(source)))
            continue
        if identity(source) == identity(out):
            raise TargetError(
                f"the folder {str(source)!r} is the output folder itself; choose "
                "another one"
            )
        found = find_photos(source, leave_out=out)
        total.errors += found.errors
        total.films += found.films
        total.others += found.others
        total.hidden += found.hidden
        for photo in found.photos:
            below = photo.relative_to(source)
            pairs.append((photo, out / below.with_name(output_name(photo))))
    if not pairs and not total.errors:
        raise TargetError(_nothing_in(sources, total))
    return pairs, total


def _nothing_in(folders: Sequence[Path], found: Found) -> str:
    counts = {
        "films": len(found.films),
        "of other kinds": found.others,
        "hidden": found.hidden,
    }
    seen = [f"{count} {kind}" for kind, count in counts.items() if count]
    left = f" (left out: {', '.join(seen)})" if seen else ""
    names = ", ".join(repr(str(folder)) for folder in folders)
    return f"there are no photos in {names}{left}"


def _is_other_picture(suffix: str) -> bool:
    """Return whether a suffix names a picture format that cannot be written here."""
    from PIL import Image

    known = Image.registered_extensions()
    return suffix == ".svg" or suffix in OTHER_PICTURES or suffix in known


def output_name(source: Path) -> str:
    """Return the name of the picture in color of a photo, in a folder of outputs."""
    if format_of(source) is not None:
        return source.name
    suffix = source.suffix.lower()
    return source.stem + (".tif" if suffix in TIFF_LIKE else ".png")


def _probability_paths(target: Path) -> tuple[Path, ...]:
    return tuple(
        target.with_name(f"{target.stem}.{channel}-probability.tif") for channel in "ab"
    )


def _variant_paths(target: Path, count: int) -> tuple[Path, ...]:
    return tuple(
        target.with_name(f"{target.stem}-{number}{target.suffix}")
        for number in range(1, count + 1)
    )


def _check_hints(
    hints: Path | tuple[Hint, ...] | None, sources: Sequence[Path]
) -> None:
    """Raise TargetError if hints cannot be those of the photos."""
    if not hints or (isinstance(hints, Path) and hints.is_dir()):
        return
    if isinstance(hints, Path) and not hints.exists():
        raise TargetError(f"there are no hints at {str(hints)!r}")
    if len(sources) > 1 or any(map(os.path.isdir, sources)):
        one = repr(str(hints)) if isinstance(hints, Path) else "--hint"
        raise TargetError(
            f"{one} holds the hints of one photo; for several photos, give a folder "
            "with a CSV file for each"
        )


def _hints_of(
    target: Path, out: Path, hints: Path | tuple[Hint, ...] | None
) -> Path | tuple[Hint, ...] | None:
    """Return the hints of a photo, or the file that has them, if there are any."""
    if not isinstance(hints, Path) or not hints.is_dir():
        return hints
    places = (target.relative_to(out).parent / target.stem, Path(target.stem))
    files = (hints / f"{place}.csv" for place in places)
    return next((file for file in files if file.is_file()), None)


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
