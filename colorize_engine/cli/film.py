"""Films on the command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from colorize_engine.batch import explained, one_line
from colorize_engine.cli.console import DONE, SOME_FAILED, STOPPED, complain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from colorize_engine.film import FilmSettings
    from colorize_engine.pretrained import Backend

# Options that films do not have.
_NO_OPTIONS = (
    *("probabilities", "report", "skip_color", "variants"),
    *("channel", "series", "scheduler"),
)
# Pictures that move; they are films if OUT is one.
_MOVING = (".gif",)
# Container of films whose own cannot be written.
_OTHERS = ".mkv"


def are_films(photos: Sequence[str], output: str) -> bool:
    """Return whether the arguments of the command mean films.

    Parameters
    ----------
    photos, output
        As typed.

    Raises
    ------
    click.UsageError
        If there are photos among films, or photos shall become a film.
    """
    from colorize_engine.batch.find_photos import FILMS
    from colorize_engine.film import is_film

    to_film = Path(output).suffix.lower() in FILMS and not os.path.isdir(output)
    films: list[str] = []
    others: list[str] = []
    for photo in photos:
        moves = to_film and Path(photo).suffix.lower() in _MOVING
        (films if moves or is_film(Path(photo)) else others).append(photo)
    if films and others:
        raise click.UsageError(
            f"{films[0]} is a film and {others[0]} is none; color them in separate runs"
        )
    if to_film and others:
        raise click.UsageError(
            f"{others[0]} is no film, so it cannot become {output}; choose another name"
        )
    return bool(films)


def run_films(
    films: Sequence[str],
    output: str,
    model: str | Path,
    backend: Backend,
    settings: Mapping[str, Any],
) -> int:
    """Color films one after the other and return the exit code.

    Parameters
    ----------
    films, output
        As typed.
    model
        A folder, or text that may be the name of a model.
    backend
        What runs the nets.
    settings
        Values of all other options, by name.

    Raises
    ------
    click.UsageError
        If an option does not work with films, the output does not fit them, or there is
        no such model or device.
    """
    from dataclasses import fields

    from colorize_engine.cli.photos import stopped_by_signals
    from colorize_engine.film import CODECS, FilmSettings

    for name in _NO_OPTIONS:
        value = settings.get(name)
        if value is not None and value is not False:
            option = name.replace("_", "-")
            raise click.UsageError(f"--{option} does not work with a film{_why(name)}")
    if settings["value_range"] != "full":
        raise click.UsageError("--range does not work with a film, which tells its own")
    if settings["not_finite"] != "error":
        raise click.UsageError("--nan does not work with a film, which has none")
    codec = settings["codec"]
    if codec and CODECS[codec].crf is None and settings["quality"] is not None:
        raise click.UsageError(f"--quality does not work with {codec}: nothing is lost")
    names = {field.name for field in fields(FilmSettings)}
    given = {key: value for key, value in settings.items() if value is not None}
    chosen = FilmSettings(**{key: given[key] for key in names & given.keys()})
    pairs = _targets([Path(film) for film in films], output)
    stop = _Stop()
    code = DONE
    with stopped_by_signals(stop.set):
        for source, target in pairs:
            done = _color(
                source, target, model, backend, chosen, stop, settings["overwrite"]
            )
            if stop.wanted:
                complain("stopped")
                return STOPPED
            code = max(code, done)
    return code


class _Stop:
    """Whether a signal has asked to stop."""

    def __init__(self) -> None:
        self.wanted = False

    def set(self) -> None:
        self.wanted = True


class _Stopped(Exception):
    """Raised in a film that is being colored, to end it."""


def _color(
    source: Path,
    target: Path,
    model: str | Path,
    backend: Backend,
    settings: FilmSettings,
    stop: _Stop,
    overwrite: bool,
) -> int:
    """Color a film; return its exit code."""
    from dataclasses import asdict

    from tqdm import tqdm

    from colorize_engine.film import color_film
    from colorize_engine.pretrained import ModelError

    with tqdm(unit=" frames", disable=None, file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            if stop.wanted:
                raise _Stopped
            bar.total = total or None
            bar.update(done - bar.n)

        try:
            notes = color_film(
                source,
                target,
                model,
                settings,
                **asdict(backend),
                overwrite=overwrite,
                progress=progress,
            )
        except _Stopped:
            return STOPPED
        except ModelError as error:
            raise click.UsageError(str(error)) from error
        except Exception as error:
            complain(f"{source}: {explained(error, source)}")
            return SOME_FAILED
    for note in notes:
        complain(f"{source}: note: {note}")
    click.echo(one_line(target))
    return DONE


def _targets(films: Sequence[Path], output: str) -> list[tuple[Path, Path]]:
    """Return each film with its output."""
    from colorize_engine.batch.find_photos import FILMS, photo_suffixes
    from colorize_engine.film import FORMATS

    out = Path(output)
    suffix = out.suffix.lower()
    as_folder = output.endswith(("/", os.sep)) or out.is_dir()
    if not as_folder and suffix in {*FILMS, *photo_suffixes(), ".zarr"}:
        if len(films) > 1:
            raise click.UsageError(
                f"{len(films)} films need a folder as output, but {output!r} is a file "
                "name; add a slash at its end if you mean a folder"
            )
        return [(films[0], out)]
    pairs: dict[Path, Path] = {}
    for film in films:
        kept = film.suffix.lower() in FORMATS
        target = out / (film.name if kept else film.stem + _OTHERS)
        if target in pairs:
            raise click.UsageError(
                f"{str(pairs[target])!r} and {str(film)!r} would both become "
                f"{str(target)!r}; color them into different folders"
            )
        pairs[target] = film
    return [(film, target) for target, film in pairs.items()]


def _why(option: str) -> str:
    if option == "scheduler":
        return ", whose frames follow one another in one process"
    return ""
