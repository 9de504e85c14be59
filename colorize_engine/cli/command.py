"""The command ``colorize``."""

from __future__ import annotations

import logging
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from colorize_engine import __version__
from colorize_engine.cli.console import (
    Finite,
    OneLineCommand,
    as_count,
    as_range,
    as_report,
    complain,
)

if TYPE_CHECKING:
    from colorize_engine.batch import Plan, Settings
    from colorize_engine.colorizer import Colorizer

# A backspace keeps click from filling the lines of a paragraph anew.
_HELP = """Color grayscale photos.

Reads what Pillow and tifffile read, 8 and 16 bit and float, and keeps bit depth, EXIF
data and resolution. Of a photo in color the lightness is used. A TIFF file of many
pages is colored page by page; of an animation the first frame. Outputs are sRGB and
say in their metadata that their color is computed.

A PHOTO may be a folder: all photos in it and below it are colored, and its tree is kept
under OUT. What was colored before from the same bytes, with the same model and
settings, is skipped, so the same command goes on where it was stopped.

\b
Examples:
  colorize grandma.jpg -o grandma-color.jpg
  colorize scans/*.tif -o colored/ --saturation 1.2
  colorize archive/ -o colored/ --skip-color --report colored.csv
  colorize film.zarr -o film-color.zarr --smoothing 0.6

A stack is a Zarr folder, a TIFF file that is to become .zarr or .ome.tif, or any TIFF
file with one of the options of stacks; it needs the extra napari-colorize[stacks].
"""


def print_models(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the table of models and leave."""
    if not wanted or ctx.resilient_parsing:
        return
    from colorize_engine.cli.model_table import model_table

    try:
        click.echo(model_table())
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    ctx.exit()


@click.command(
    cls=OneLineCommand,
    help=_HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 88},
    epilog="Exit codes: 0 all done, 1 some file failed, 2 wrong usage, 130 stopped.",
)
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    "output",
    metavar="OUT",
    required=True,
    help="For one PHOTO a file, if OUT ends in .png, .jpg, .jpeg, .tif, .tiff or "
    ".webp. Else a folder, made if missing, in which names are kept; files of other "
    "formats become .png there.",
)
@click.option(
    "-m",
    "--model",
    default="default",
    show_default=True,
    metavar="NAME|FOLDER",
    help="A model of --list-models, or the folder of your own.",
)
@click.option(
    "-t",
    "--temperature",
    type=Finite(0, 1),
    metavar="T",
    help="0 takes the most likely color, 1 the mean of all, which is grayer.",
    show_default="the model's",
)
@click.option(
    "-r",
    "--rebalance",
    type=Finite(-5, 5),
    metavar="GAMMA",
    help="0 colors as trained; below 0 favors common, grayish colors, -1 as they "
    "are in photos; above 0 favors rare ones.",
    show_default="the model's",
)
@click.option(
    "-s",
    "--saturation",
    type=Finite(0, 100),
    default=1.0,
    show_default=True,
    metavar="FACTOR",
    help="Factor of the chroma: 0 is gray, 1.3 is stronger by 30 %.",
)
@click.option(
    "--working-size",
    type=click.IntRange(1, 8192),
    metavar="PIXELS",
    help="Short side at which the networks see a photo. Larger finds smaller things, "
    "takes longer and colors less evenly.",
    show_default="the model's",
)
@click.option(
    "--device",
    default="auto",
    show_default=True,
    metavar="DEVICE",
    help="auto, cpu, cuda, cuda:N or mps.",
)
@click.option(
    "--probabilities",
    is_flag=True,
    help="Also write what the networks say: NAME.a-probability.tif and "
    "NAME.b-probability.tif beside the output. These are TIFF files of float32 at "
    "the working size, a page for each bin with its probability (0..1); the "
    "description of each page, in JSON, names the bin's value of a* or b*.",
)
@click.option(
    "--overwrite",
    is_flag=True,
    help="Replace outputs that exist. In a folder those that would come out the same "
    "are skipped all the same.",
)
@click.option(
    "--skip-color",
    is_flag=True,
    help="Leave out photos that are in color. Sepia, other tones and faded prints "
    "count as gray.",
)
@click.option(
    "--report",
    callback=as_report,
    metavar="FILE",
    help="Write a table of what became of each photo, .csv or .json: size, settings, "
    "model, seconds, error.",
)
@click.option(
    "--range",
    "value_range",
    default="full",
    show_default=True,
    callback=as_range,
    metavar="full|auto|MIN,MAX",
    help="Which values are black and white. full: the ends of the type's range, 0 "
    "and 1 for floats. auto: the smallest and the largest value of each page. "
    "MIN,MAX: these, such as 0,4095 for 12 bits in 16; what is beyond is cut off.",
)
@click.option(
    "--max-pixels",
    callback=as_count,
    metavar="NUMBER",
    default="250M",
    show_default=True,
    help="Refuse larger pictures, whose files may be damaged or malicious.",
)
@click.option(
    "--quality",
    type=click.IntRange(1, 100),
    metavar="1..100",
    help="Of JPEG, which always has full color resolution (4:4:4), and of WebP.",
    show_default="95 for JPEG, without loss for WebP",
)
@click.option(
    "--smoothing",
    type=Finite(0, 0.99),
    metavar="S",
    help="Of a stack: steady the colors over time, along the motion. The past counts "
    "as up to S / (1 - S) frames; 0.6 is a good start.",
    show_default="0, each frame by itself",
)
@click.option(
    "--channel",
    type=click.IntRange(0),
    metavar="N",
    help="Of a stack with several channels: which one, from 0.",
)
@click.option(
    "--series",
    type=click.IntRange(0),
    metavar="N",
    help="Of a TIFF file with several stacks: which one, from 0.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Color on a cluster of dask.distributed, as in tcp://HOST:8786. Its workers "
    "must see photos, OUT and a model of your own under the same paths as you.",
)
@click.option(
    "--list-models",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_models,
    help="Print the models that come with this program, and leave.",
)
@click.version_option(__version__, message="colorize %(version)s (napari-colorize)")
def main(
    photos: tuple[str, ...],
    output: str,
    model: str,
    device: str,
    probabilities: bool,
    report: Path | None,
    smoothing: float | None,
    channel: int | None,
    series: int | None,
    scheduler: str | None,
    **settings: Any,
) -> int:
    """Color the photos, as the help tells; return the exit code."""
    from colorize_engine.cli.stacks import is_stack, run_stack
    from colorize_engine.cluster import quieten

    stack = {"smoothing": smoothing, "channel": channel, "series": series}
    stack = {key: value for key, value in stack.items() if value is not None}
    if scheduler is not None:
        quieten()
    # What tifffile logs and libraries warn of is told in the errors and notes.
    for library in ("tifffile", "PIL"):
        logging.getLogger(library).addHandler(logging.NullHandler())
    if is_stack(photos, output, bool(stack)):
        chosen = {**settings, **stack, "probabilities": probabilities, "report": report}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return run_stack(photos, output, named(model), device, scheduler, chosen)
    from colorize_engine.batch import Settings, TargetError
    from colorize_engine.batch.plan import plan
    from colorize_engine.cli.photos import prepare_report

    try:
        work = plan(
            [Path(photo) for photo in photos], output, probabilities=probabilities
        )
    except TargetError as error:
        raise click.UsageError(str(error)) from error
    if report is not None:
        prepare_report(report, overwrite=settings["overwrite"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run(work, model, device, scheduler, Settings(**settings), report)


def run(
    work: Plan,
    model: str,
    device: str,
    scheduler: str | None,
    settings: Settings,
    report: Path | None,
) -> int:
    """Color photos, here or on a cluster; return the exit code."""
    from colorize_engine.batch import Pipeline
    from colorize_engine.cli.photos import Executor, color_photos
    from colorize_engine.cluster import ClusterError, ClusterJobs
    from colorize_engine.pretrained import ModelError

    def executor() -> Executor:
        if scheduler is None:
            return Pipeline(load(model, device), settings)
        cluster = ClusterJobs(scheduler, named(model), device, settings)
        if not cluster.worker_count:
            complain("the cluster has no workers yet; waiting for them")
        return cluster

    try:
        return color_photos(work, executor, settings, report)
    except (ClusterError, ModelError) as error:
        raise click.UsageError(str(error)) from error


def load(model: str, device: str) -> Colorizer:
    """Load a model by its name, or from a folder.

    Raises
    ------
    click.UsageError
        If there is none, if it is broken, or if there is no such device.
    """
    from colorize_engine.colorizer import loaded

    try:
        return loaded(named(model), device)
    except (OSError, ValueError, RuntimeError) as error:
        raise click.UsageError(str(error)) from error


def named(model: str) -> str | Path:
    """Return a model as typed: a path if it is one for certain, else maybe a name."""
    return Path(model) if os.sep in model or "/" in model else model
