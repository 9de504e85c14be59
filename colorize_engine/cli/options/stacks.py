"""Options of the topic "stacks": the axes of pictures from microscopes."""

from __future__ import annotations

import click

from colorize_engine.cli.options.topic import Topic

STACKS = Topic(
    name="stacks",
    title="axes, channel, series",
    text="""A stack is a Zarr folder or .zarr.zip file, a TIFF file whose OUT ends in
    .zarr, .ome.tif or .ome.tiff, or any TIFF file with --smoothing (of the topic
    films), --axes, --channel or --series. Stacks need the extra
    napari-colorize[stacks].""",
    options=(
        click.Option(
            ["--axes"],
            metavar="LETTERS",
            help="For a stack whose file does not say what its axes are: a letter for "
            "each, out of T, Z, C (channels), Y, X and S (color), such as TYXC.",
        ),
        click.Option(
            ["--channel"],
            type=click.IntRange(0),
            metavar="N",
            help="For a stack with several channels: number of the channel, from 0.",
        ),
        click.Option(
            ["--series"],
            type=click.IntRange(0),
            metavar="N",
            help="For a TIFF file with several stacks: number of the stack, from 0.",
        ),
    ),
    examples=(
        "colorize cells.zarr -o cells-color.zarr --smoothing 0.6",
        "colorize cells.ome.tif -o cells-color.ome.tif --channel 1",
    ),
)
