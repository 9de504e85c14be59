"""Options of the topic "input": what is read, and the values of black and white."""

from __future__ import annotations

import math
from typing import Any

import click

from colorize_engine.cli.options.topic import Topic

_MEGA = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}


def as_count(_: click.Context, param: click.Parameter, value: str) -> int:
    """Return a number of pixels, typed as 400000000, 4e8 or 400M."""
    text = value.strip().lower()
    digits = text.rstrip("kmg")
    try:
        number = float(digits) * _MEGA[text[len(digits) :]]
    except (KeyError, ValueError):
        number = math.nan
    if not 1 <= number < math.inf:
        raise click.BadParameter(
            f"expected a number of pixels, such as 400M, got {value!r}", param=param
        )
    return round(number)


def as_range(_: click.Context, param: click.Parameter, value: str) -> Any:
    """Return the range that the text of --range means."""
    from colorize_engine.files import parse_range

    try:
        return parse_range(value)
    except ValueError as error:
        raise click.BadParameter(str(error), param=param) from error


MAX_PIXELS = click.Option(
    ["--max-pixels"],
    callback=as_count,
    metavar="NUMBER",
    default="250M",
    show_default=True,
    help="Refuse larger pictures; their files may be damaged or malicious.",
)
INPUT = Topic(
    name="input",
    title="black and white, NaN, limits",
    text="""Reads what Pillow and tifffile read, and JPEG XL: 8 bit, 16 bit and float;
    with the extra napari-colorize[raw] raw files of cameras and scanners, with
    napari-colorize[heic] HEIC. Uses only the lightness of a photo in color. Colors all
    pages of a TIFF file, but only the first frame of an animation.""",
    options=(
        click.Option(
            ["--range", "value_range"],
            default="full",
            show_default=True,
            callback=as_range,
            metavar="full|auto|MIN,MAX",
            help="The values of black and white. full: the limits of the data type, 0 "
            "and 1 for floats. auto: the smallest and the largest value of each page; "
            "in a stack, of all frames together. MIN,MAX: these values, such as 0,4095 "
            "for 12 bits in 16; values beyond them are clipped.",
        ),
        click.Option(
            ["--nan", "not_finite"],
            type=click.Choice(("error", "blank")),
            default="error",
            show_default=True,
            help="What becomes of pixels with NaN or infinity: an error, or blank, "
            "which is black without color, with alpha 0 where there is alpha.",
        ),
        MAX_PIXELS,
    ),
    examples=("colorize cells.tif -o cells-color.tif --range 0,4095",),
)
