"""Options of the topic "output": names, formats and quality of what is written."""

from __future__ import annotations

import click

from colorize_engine.cli.options.topic import Topic

OUTPUT = Topic(
    name="output",
    title="names, formats, quality",
    text="""Outputs keep bit depth, resolution, EXIF data, XMP, captions (IPTC) and
    comments. They are sRGB, and their metadata say that the color is computed.""",
    options=(
        click.Option(
            ["-o", "--output", "output"],
            metavar="OUT",
            required=True,
            help="A file, if there is one PHOTO and OUT ends in .png, .jpg, .jpeg, "
            ".tif, .tiff, .webp or .jxl; for a film in .mp4, .mov, .mkv or .webm. "
            "Otherwise a folder, which is created if missing. File names are kept in "
            "it; photos of other formats become .png, films .mkv. A PHOTO or OUT of - "
            "is standard input or output.",
        ),
        click.Option(
            ["--format", "file_format"],
            type=click.Choice(("png", "jpeg", "tiff", "webp", "jxl")),
            help="The format of standard output, if OUT is -.",
            show_default="png",
        ),
        click.Option(
            ["--quality"],
            type=click.IntRange(1, 100),
            metavar="1..100",
            help="Quality of JPEG, WebP and JPEG XL. JPEG always has full color "
            "resolution (4:4:4). Quality of a film: 100 is nearly lossless, 50 shows "
            "losses.",
            show_default="95 for JPEG, lossless for WebP and JPEG XL, 65 for films",
        ),
        click.Option(
            ["--probabilities"],
            is_flag=True,
            help="Also write the probabilities that the networks give: "
            "NAME.a-probability.tif and NAME.b-probability.tif beside the output. "
            "These are TIFF files of float32 (0..1) at the networks' own resolution, "
            "one page per bin. The description of each page, in JSON, names the bin's "
            "value of a* or b*.",
        ),
    ),
    examples=(
        "colorize grandma.jpg -o colored/",
        "colorize grandma.jpg -o grandma-color.jpg --quality 90",
        "scanner | colorize - -o - --format jpeg > photo.jpg",
    ),
)
