"""Options of the topic "hints": colors that a person gives at points."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from colorize_engine.cli.options.topic import Topic

if TYPE_CHECKING:
    from colorize_engine.hints import Hint


def as_hints(
    _: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> tuple[Hint, ...]:
    """Return the hints that the texts of --hint mean."""
    from colorize_engine.hints import from_text

    try:
        return from_text(" ".join(text.replace(" ", "") for text in value))
    except ValueError as error:
        raise click.BadParameter(str(error), param=param) from error


def hints_in(path: Path | None) -> tuple[Hint, ...]:
    """Return the hints in a file.

    Raises
    ------
    click.UsageError
        If there are none, or the file cannot be read.
    """
    from colorize_engine.batch import explained
    from colorize_engine.batch.marks import load_hints

    if path is None:
        return ()
    try:
        return load_hints(path)
    except OSError as error:
        raise click.UsageError(f"{path}: {explained(error, path)}") from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error


HINTS = Topic(
    name="hints",
    title="colors that you give at points",
    text="""A hint is the color at a point. The networks take it for granted, and color
    what belongs to it alike. x counts pixels from the left, y from the top.""",
    options=(
        click.Option(
            ["--hint", "more_hints"],
            multiple=True,
            callback=as_hints,
            metavar="X,Y,COLOR",
            help="The color at a point of a single photo, such as 45,82,#a03020; or "
            "X,Y,A,B with a* and b*, - for one that is left open. May be given several "
            "times.",
        ),
        click.Option(
            ["--hints"],
            type=click.Path(path_type=Path),
            metavar="FILE|FOLDER",
            help="Colors at points of a photo: a CSV file with the columns x, y, color "
            "(such as #c05030), or x, y, a, b; or a picture that was saved with hints. "
            "For several photos a folder with a CSV file of the same stem for some of "
            "them. The column frame, from 0, says for which of a film or stack; it is "
            "carried to the others.",
        ),
    ),
    examples=("colorize photo.jpg -o hinted.png --hint 45,82,#a03020",),
)
