"""Arguments and options of the command ``colorize``."""

from __future__ import annotations

import logging
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from colorize_engine import __version__
from colorize_engine.cli.app import WithApp
from colorize_engine.cli.console import (
    Finite,
    as_hints,
    as_range,
    as_report,
    complain,
    hints_in,
    max_pixels,
)
from colorize_engine.cli.export import ExportOption
from colorize_engine.cli.loading import load, name_or_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from colorize_engine.batch import Executor, Plan, Settings
    from colorize_engine.hints import Hint
    from colorize_engine.pretrained import Backend

# \b keeps click from rewrapping the paragraph after it.
_HELP = """Color grayscale photos and films.

Reads what Pillow and tifffile read, and JPEG XL: 8 bit, 16 bit and float; with the
extra napari-colorize[raw] raw files of cameras and scanners, with
napari-colorize[heic] HEIC. Keeps bit depth, resolution, EXIF data, XMP, captions
(IPTC) and comments. Uses only the lightness of a photo in color. Colors all pages of a
TIFF file, but only the first frame of an animation. Outputs are sRGB, and their
metadata say that the color is computed.

A PHOTO may be a folder: all photos in it and below it are colored, and its tree is kept
under OUT. A photo is skipped if it was already colored from the same bytes, with the
same model and settings. So the same command resumes a run that was stopped.

\b
Examples:
  colorize grandma.jpg -o grandma-color.jpg
  colorize scans/*.tif -o colored/ --saturation 1.2
  colorize archive/ -o colored/ --skip-color --report colored.csv
  colorize film.mp4 -o film-color.mp4
  colorize cells.zarr -o cells-color.zarr --smoothing 0.6
  colorize --model default --export-onnx nets/
  scanner | colorize - -o - --format jpeg > photo.jpg
  colorize app                       a page in your browser; see colorize app --help

A film is any that FFmpeg reads; it needs the extra napari-colorize[video]. Sound,
subtitles, chapters and times are copied. Colors are steady along the motion, and none
crosses a cut.

A stack is a Zarr folder or .zarr.zip file, a TIFF file whose OUT ends in .zarr,
.ome.tif or .ome.tiff, or any TIFF file with --smoothing, --axes, --channel or --series.
Stacks need the extra napari-colorize[stacks].
"""


def print_models(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the table of models and exit."""
    if not wanted or ctx.resilient_parsing:
        return
    from colorize_engine.cli.model_table import model_table

    try:
        click.echo(model_table())
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    ctx.exit()


@click.command(
    cls=WithApp,
    name="colorize",
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
    help="A file, if there is one PHOTO and OUT ends in .png, .jpg, .jpeg, .tif, "
    ".tiff, .webp or .jxl; for a film in .mp4, .mov, .mkv or .webm. Otherwise a "
    "folder, which is created if missing. File names are kept in it; photos of other "
    "formats become .png, films .mkv. A PHOTO or OUT of - is standard input or output.",
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(("png", "jpeg", "tiff", "webp", "jxl")),
    help="The format of standard output, if OUT is -.",
    show_default="png",
)
@click.option(
    "-m",
    "--model",
    default="default",
    show_default=True,
    metavar="NAME|FOLDER",
    help="A model from --list-models, or the folder of your own model.",
)
@click.option(
    "-t",
    "--temperature",
    type=Finite(0, 1),
    metavar="T",
    help="0 takes the most likely color. 1 takes the mean of all, which is grayer.",
    show_default="the model's",
)
@click.option(
    "-r",
    "--rebalance",
    type=Finite(-5, 5),
    metavar="GAMMA",
    help="0 colors as trained. Below 0 favors common, grayish colors; at -1 colors are "
    "as common as in photos. Above 0 favors rare colors.",
    show_default="the model's",
)
@click.option(
    "-s",
    "--saturation",
    type=Finite(0, 100),
    default=1.0,
    show_default=True,
    metavar="FACTOR",
    help="Factor of the chroma: 0 is gray, 1.3 is 30 % stronger.",
)
@click.option(
    "--caution",
    type=Finite(0, 1),
    default=0.0,
    show_default=True,
    metavar="C",
    help="Take chroma from where the networks are unsure: 0 nothing, 1 all that they "
    "know nothing about.",
)
@click.option(
    "--hints",
    type=click.Path(path_type=Path),
    metavar="FILE|FOLDER",
    help="Colors at points of a photo: a CSV file with the columns x, y, color (such "
    "as #c05030), or x, y, a, b; or a picture that was saved with hints. For several "
    "photos a folder with a CSV file of the same stem for some of them. The column "
    "frame, from 0, says for which of a film or stack; it is carried to the others.",
)
@click.option(
    "--hint",
    "more_hints",
    multiple=True,
    callback=as_hints,
    metavar="X,Y,COLOR",
    help="The color at a point of a single photo, such as 45,82,#a03020; or X,Y,A,B "
    "with a* and b*, - for one that is left open. May be given several times.",
)
@click.option(
    "--variants",
    type=click.IntRange(2, 100),
    metavar="N",
    help="Write N plausible pictures of each photo: NAME-1, NAME-2 and so on.",
)
@click.option(
    "--working-size",
    type=click.IntRange(1, 8192),
    metavar="PIXELS",
    help="Short side at which the networks see a photo. A larger one finds smaller "
    "things, takes longer and colors less evenly.",
    show_default="the model's",
)
@click.option(
    "--device",
    default="auto",
    show_default=True,
    metavar="DEVICE",
    help="auto is the best here. Others are cpu; with torch cuda, cuda:N or mps; an "
    "execution provider of ONNX Runtime.",
)
@click.option(
    "--runtime",
    type=click.Choice(("auto", "onnx", "torch")),
    default="auto",
    show_default=True,
    help="What runs the networks: ONNX Runtime, or torch if it is installed. auto is "
    "ONNX Runtime but on the devices of torch.",
)
@click.option(
    "--precision",
    type=click.Choice(("auto", "float32")),
    default="auto",
    show_default=True,
    help="auto is the fastest: 8 bits where the model has them. float32 is exact.",
)
@click.option(
    "--probabilities",
    is_flag=True,
    help="Also write the probabilities that the networks give: NAME.a-probability.tif "
    "and NAME.b-probability.tif beside the output. These are TIFF files of float32 "
    "(0..1) at the networks' own resolution, one page per bin. The description of each "
    "page, in JSON, names the bin's value of a* or b*.",
)
@click.option(
    "--overwrite",
    is_flag=True,
    help="Replace existing outputs. In a folder, outputs that would not change are "
    "still skipped.",
)
@click.option(
    "--skip-color",
    is_flag=True,
    help="Skip photos that are in color. Sepia, other tones and faded prints count as "
    "gray.",
)
@click.option(
    "--report",
    callback=as_report,
    metavar="FILE",
    help="Write a table with a row for each photo: size, settings, model, seconds, "
    "error. FILE ends in .csv or .json.",
)
@click.option(
    "--range",
    "value_range",
    default="full",
    show_default=True,
    callback=as_range,
    metavar="full|auto|MIN,MAX",
    help="The values of black and white. full: the limits of the data type, 0 and 1 "
    "for floats. auto: the smallest and the largest value of each page; in a stack, of "
    "all frames together. MIN,MAX: these values, such as 0,4095 for 12 bits in 16; "
    "values beyond them are clipped.",
)
@click.option(
    "--nan",
    "not_finite",
    type=click.Choice(("error", "blank")),
    default="error",
    show_default=True,
    help="What becomes of pixels with NaN or infinity: an error, or blank, which is "
    "black without color, with alpha 0 where there is alpha.",
)
@max_pixels
@click.option(
    "--quality",
    type=click.IntRange(1, 100),
    metavar="1..100",
    help="Quality of JPEG, WebP and JPEG XL. JPEG always has full color resolution "
    "(4:4:4). Quality of a film: 100 is nearly lossless, 50 shows losses.",
    show_default="95 for JPEG, lossless for WebP and JPEG XL, 65 for films",
)
@click.option(
    "--codec",
    type=click.Choice(("h264", "hevc", "av1", "vp9", "ffv1")),
    help="Codec of a film. h264 plays nearly everywhere; ffv1 loses nothing.",
    show_default="h264, vp9 for .webm",
)
@click.option(
    "--smoothing",
    type=Finite(0, 0.99),
    metavar="S",
    help="For a film or a stack: smooth the colors over time, along the motion. The "
    "past counts as up to S / (1 - S) frames. 0 colors each frame by itself.",
    show_default="0.6 for a film, 0 for a stack",
)
@click.option(
    "--axes",
    metavar="LETTERS",
    help="For a stack whose file does not say what its axes are: a letter for each, "
    "out of T, Z, C (channels), Y, X and S (color), such as TYXC.",
)
@click.option(
    "--channel",
    type=click.IntRange(0),
    metavar="N",
    help="For a stack with several channels: number of the channel, from 0.",
)
@click.option(
    "--series",
    type=click.IntRange(0),
    metavar="N",
    help="For a TIFF file with several stacks: number of the stack, from 0.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Color on the dask.distributed cluster at ADDRESS, such as tcp://HOST:8786. "
    "Its workers must see the photos, OUT and a model of your own under the same paths "
    "as you.",
)
@click.option(
    "--list-models",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_models,
    help="Print the models that come with this program, and exit.",
)
@click.option(
    "--export-onnx",
    cls=ExportOption,
    is_eager=True,
    expose_value=False,
    metavar="DIR",
    help="Write the networks of --model for other programs, and exit: each an ONNX "
    "file in float32 whose metadata say how to decode, with a description for tools of "
    "bioimage.io (Fiji and others). Needs no PHOTO and no OUT.",
)
@click.version_option(__version__, message="colorize %(version)s (napari-colorize)")
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
