"""Options of the topic "films": codecs, and colors that are steady over time."""

from __future__ import annotations

import click

from colorize_engine.cli.options.finite import Finite
from colorize_engine.cli.options.topic import Topic

FILMS = Topic(
    name="films",
    title="codec, steady colors",
    text="""A film is any that FFmpeg reads; it needs the extra napari-colorize[video].
    Sound, subtitles, chapters and times are copied. Colors are steady along the motion,
    and none crosses a cut. For the quality see the topic output.""",
    options=(
        click.Option(
            ["--codec"],
            type=click.Choice(("h264", "hevc", "av1", "vp9", "ffv1")),
            help="Codec of a film. h264 plays nearly everywhere; ffv1 loses nothing.",
            show_default="h264, vp9 for .webm",
        ),
        click.Option(
            ["--smoothing"],
            type=Finite(0, 0.99),
            metavar="S",
            help="For a film or a stack: smooth the colors over time, along the "
            "motion. The past counts as up to S / (1 - S) frames. 0 colors each frame "
            "by itself.",
            show_default="0.6 for a film, 0 for a stack",
        ),
    ),
    examples=("colorize film.mp4 -o film-color.mp4",),
)
