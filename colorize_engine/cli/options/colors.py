"""Options of the topic "colors": how colors are chosen from their probabilities."""

from __future__ import annotations

import click

from colorize_engine.cli.options.finite import Finite
from colorize_engine.cli.options.topic import Topic

COLORS = Topic(
    name="colors",
    title="lively or cautious, variants",
    text="""The networks say how probable each color of a pixel is. These options choose
    the color from that. The lightness of the photo never changes.""",
    options=(
        click.Option(
            ["-t", "--temperature"],
            type=Finite(0, 1),
            metavar="T",
            help="0 takes the most likely color. 1 takes the mean of all, which is "
            "grayer.",
            show_default="the model's",
        ),
        click.Option(
            ["-r", "--rebalance"],
            type=Finite(-5, 5),
            metavar="GAMMA",
            help="0 colors as trained. Below 0 favors common, grayish colors; at -1 "
            "colors are as common as in photos. Above 0 favors rare colors.",
            show_default="the model's",
        ),
        click.Option(
            ["-s", "--saturation"],
            type=Finite(0, 100),
            default=1.0,
            show_default=True,
            metavar="FACTOR",
            help="Factor of the chroma: 0 is gray, 1.3 is 30 % stronger.",
        ),
        click.Option(
            ["--caution"],
            type=Finite(0, 1),
            default=0.0,
            show_default=True,
            metavar="C",
            help="Take chroma from where the networks are unsure: 0 nothing, 1 all "
            "that they know nothing about.",
        ),
        click.Option(
            ["--variants"],
            type=click.IntRange(2, 100),
            metavar="N",
            help="Write N plausible pictures of each photo: NAME-1, NAME-2 and so on.",
        ),
    ),
    examples=(
        "colorize scans/*.tif -o colored/ --saturation 1.2",
        "colorize photo.jpg -o variant.png --variants 3 --caution 0.5",
    ),
)
