"""The command ``colorize``: what a run colors, and with what."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from colorize_engine.cli.app import WithApp
from colorize_engine.cli.console import complain
from colorize_engine.cli.help import ALL_TOPICS
from colorize_engine.cli.loading import load, name_or_path
from colorize_engine.cli.options import hints_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from colorize_engine.batch import Executor, Plan, Settings
    from colorize_engine.hints import Hint
    from colorize_engine.pretrained import Backend

# \b keeps click from rewrapping the paragraph after it.
_HELP = """Color grayscale photos, films and stacks.

A PHOTO is a file, a folder or - for standard input, OUT a file, a folder or - for
standard output. Resolution, bit depth and metadata are kept.

\b
Examples:
  colorize grandma.jpg -o grandma-color.jpg
  colorize scans/*.tif -o colored/ --saturation 1.2
  colorize archive/ -o colored/ --skip-color --report colored.csv
  colorize film.mp4 -o film-color.mp4
  colorize cells.zarr -o cells-color.zarr --smoothing 0.6
  scanner | colorize - -o - --format jpeg > photo.jpg
  colorize app               a page in your browser; see colorize app --help
"""


@click.command(
    cls=WithApp,
    name="colorize",
    help=_HELP,
    context_settings={"max_content_width": 88},
    options_metavar="-o OUT [OPTIONS]",
    params=[
        click.Argument(["photos"], metavar="PHOTO...", nargs=-1, required=True),
        *(option for topic in ALL_TOPICS for option in topic.options),
    ],
    epilog="Exit codes: 0 all done, 1 some file failed, 2 wrong usage, 130 stopped.",
)
def main(
    photos: tuple[str, ...],
    output: str,
    model: str,
    device: str,
    runtime: str,
    precision: str,
    probabilities: bool,
    report: Path | None,
    smoothing: float | None,
    axes: str | None,
    channel: int | None,
    series: int | None,
    scheduler: str | None,
    hints: Path | None,
    more_hints: tuple[Hint, ...],
    variants: int | None,
    file_format: str | None,
    codec: str | None,
    **settings: Any,
) -> int:
    """Color the photos, the films or the stack; return the exit code."""
    import logging

    from colorize_engine.batch import Settings
    from colorize_engine.cli.film import are_films, run_films
    from colorize_engine.cli.pipes import PIPE, as_files, is_piped
    from colorize_engine.cli.stacks import is_stack, run_stack
    from colorize_engine.cluster import quieten
    from colorize_engine.pretrained import Backend

    if file_format and output != PIPE:
        raise click.UsageError("--format is for an OUT of -; else the name says it")
    backend = Backend(device, runtime, precision)
    stack = {
        "smoothing": smoothing,
        "axes": axes,
        "channel": channel,
        "series": series,
    }
    stack = {key: value for key, value in stack.items() if value is not None}
    if scheduler is not None:
        quieten()
    # Errors and notes of the engine already tell what these libraries log.
    for library in ("tifffile", "PIL"):
        logging.getLogger(library).addHandler(logging.NullHandler())
    films = are_films(photos, output)
    if codec and not films:
        raise click.UsageError("--codec is for films")
    if films or is_stack(photos, output, bool(stack)):
        of_photos = {
            "probabilities": probabilities,
            "report": report,
            "variants": variants,
        }
        chosen = {
            **settings,
            **stack,
            **of_photos,
            "hints": (*hints_in(hints), *more_hints),
        }
        where = photos, output, name_or_path(model), backend
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if films:
                more = {"codec": codec, "scheduler": scheduler}
                return run_films(*where, {**chosen, **more})
            return run_stack(*where, scheduler, chosen)
    of_jobs: dict[str, Any] = {
        "probabilities": probabilities,
        "variants": variants or 0,
        "hints": (*hints_in(hints), *more_hints) if more_hints else hints,
    }
    work = partial(
        run,
        model=model,
        backend=backend,
        scheduler=scheduler,
        settings=Settings(**settings, precision=precision),
        report=report,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not is_piped(photos, output):
            return work(plan_of(photos, output, of_jobs), names={})
        with as_files(photos, output, file_format) as (photo, target):
            return work(
                plan_of([photo], target, of_jobs),
                names=dict(zip((photo, target), (photos[0], output), strict=True)),
            )


def plan_of(photos: Sequence[str], output: str, options: Mapping[str, Any]) -> Plan:
    """Return the plan of a run, see `batch.plan_jobs`.

    Raises
    ------
    click.UsageError
        If inputs and output do not fit together.
    """
    from colorize_engine.batch import TargetError, plan_jobs

    try:
        return plan_jobs([Path(photo) for photo in photos], output, **options)
    except TargetError as error:
        raise click.UsageError(str(error)) from error


def run(
    work: Plan,
    model: str,
    backend: Backend,
    scheduler: str | None,
    settings: Settings,
    report: Path | None,
    names: Mapping[str, str],
) -> int:
    """Color photos, here or on a cluster; return the exit code."""
    from colorize_engine.batch import Pipeline
    from colorize_engine.cli.photos import color_photos, prepare_report
    from colorize_engine.cluster import ClusterError, ClusterJobs
    from colorize_engine.pretrained import ModelError

    if work.films:
        complain(
            f"note: films in folders are left out, {len(work.films):,} here, such as "
            f"{work.films[0]}; name films to color them"
        )
    if report is not None:
        prepare_report(report, overwrite=settings.overwrite)

    def executor() -> Executor:
        if scheduler is None:
            return Pipeline(load(model, backend), settings)
        cluster = ClusterJobs(scheduler, name_or_path(model), backend, settings)
        if not cluster.worker_count:
            complain("the cluster has no workers yet; waiting for them")
        return cluster

    try:
        return color_photos(work, executor, settings, report, names)
    except (ClusterError, ModelError) as error:
        raise click.UsageError(str(error)) from error
