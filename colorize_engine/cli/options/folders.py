"""Options of the topic "folders": many photos in one run."""

from __future__ import annotations

from pathlib import Path

import click

from colorize_engine.cli.options.topic import Topic


def as_report(
    _: click.Context, param: click.Parameter, value: str | None
) -> Path | None:
    """Return the path of --report, if its suffix is right."""
    from colorize_engine.batch import check_suffix

    if value is None:
        return None
    try:
        check_suffix(Path(value))
    except ValueError as error:
        raise click.BadParameter(str(error), param=param) from error
    return Path(value)


FOLDERS = Topic(
    name="folders",
    title="what to skip or replace, reports, clusters",
    text="""A PHOTO may be a folder: all photos in it and below it are colored, and its
    tree is kept under OUT. A photo is skipped if it was already colored from the same
    bytes, with the same model and settings. So the same command resumes a run that was
    stopped.""",
    options=(
        click.Option(
            ["--overwrite"],
            is_flag=True,
            help="Replace existing outputs. In a folder, outputs that would not change "
            "are still skipped.",
        ),
        click.Option(
            ["--skip-color"],
            is_flag=True,
            help="Skip photos that are in color. Sepia, other tones and faded prints "
            "count as gray.",
        ),
        click.Option(
            ["--report"],
            callback=as_report,
            metavar="FILE",
            help="Write a table with a row for each photo: size, settings, model, "
            "seconds, error. FILE ends in .csv or .json.",
        ),
        click.Option(
            ["--scheduler"],
            metavar="ADDRESS",
            help="Color on the dask.distributed cluster at ADDRESS, such as "
            "tcp://HOST:8786. Its workers must see the photos, OUT and a model of your "
            "own under the same paths as you.",
        ),
    ),
    examples=("colorize archive/ -o colored/ --skip-color --report colored.csv",),
)
