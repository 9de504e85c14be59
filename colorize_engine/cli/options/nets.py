"""Options of the topic "nets": the model, and what runs it."""

from __future__ import annotations

import click

from colorize_engine.cli.export import ExportOption
from colorize_engine.cli.options.topic import Topic


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


_CHOICE = (
    click.Option(
        ["-m", "--model"],
        default="default",
        show_default=True,
        metavar="NAME|FOLDER",
        help="A model from --list-models, or the folder of your own model.",
    ),
    click.Option(
        ["--list-models"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=print_models,
        help="Print the models that come with this program, and exit.",
    ),
    click.Option(
        ["--working-size"],
        type=click.IntRange(1, 8192),
        metavar="PIXELS",
        help="Short side at which the networks see a photo. A larger one finds smaller "
        "things, takes longer and colors less evenly.",
        show_default="the model's",
    ),
)
_BACKEND = (
    click.Option(
        ["--device"],
        default="auto",
        show_default=True,
        metavar="DEVICE",
        help="auto is the best here. Others are cpu; with torch cuda, cuda:N or mps; "
        "an execution provider of ONNX Runtime.",
    ),
    click.Option(
        ["--runtime"],
        type=click.Choice(("auto", "onnx", "torch")),
        default="auto",
        show_default=True,
        help="What runs the networks: ONNX Runtime, or torch if it is installed. auto "
        "is ONNX Runtime but on the devices of torch.",
    ),
    click.Option(
        ["--precision"],
        type=click.Choice(("auto", "float32")),
        default="auto",
        show_default=True,
        help="auto is the fastest: 8 bits where the model has them. float32 is exact.",
    ),
)
_EXPORT = ExportOption(
    ["--export-onnx"],
    is_eager=True,
    expose_value=False,
    metavar="DIR",
    help="Write the networks of --model for other programs, and exit: each an ONNX "
    "file in float32 whose metadata say how to decode, with a description for tools of "
    "bioimage.io (Fiji and others). Needs no PHOTO and no OUT.",
)
NETS = Topic(
    name="nets",
    title="model, device, precision, export",
    text="""A model is two networks, one for a* and one for b*. Two come with this
    program; training makes others.""",
    options=(*_CHOICE, *_BACKEND, _EXPORT),
    examples=(
        "colorize photo.jpg -o color.jpg --model reference-10 --device cpu",
        "colorize --export-onnx nets/ --model default",
    ),
)
