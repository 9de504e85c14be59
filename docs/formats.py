"""Write the page of files from the tables of formats that the engine itself uses.

``python docs/formats.py`` writes ``docs/files.md``. Run it again when a format, or what
is kept of it, has changed; a test tells.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from colorize_engine.files.formats import (
    ALPHA,
    COMMENT,
    EXIF,
    IPTC,
    MAP,
    PROFILE,
    READ,
    RESOLUTION,
    TEXT,
    UNREAD,
    WRITTEN,
    XMP,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from colorize_engine.files.formats import Format, Unread

PAGE = Path(__file__).parent / "files.md"
BESIDE = (EXIF, XMP, IPTC, COMMENT, TEXT, MAP, PROFILE, RESOLUTION, ALPHA)
BITS = {"uint8": "8", "uint16": "16", "float32": "float"}
INTRODUCTION = """# Files

The command, the engine (`colorize_engine.files`) and *Save picture* of the plugin
read and write the same files. These tables are made from those that the code uses, by
`docs/formats.py`.

## What is read

Depth is kept: what has more than 8 bits is colored in 16, floats stay floats. In a
folder, files with these suffixes are photos.
"""
AFTER_READ = """
- Of a TIFF file all pages are read, of other files of several pictures only the
  first, with a note. Previews, masks and smaller copies are no pages: the full
  picture is read, also from a subdirectory, as NEF-like files have it.
- Raw files are developed by LibRaw, with the camera's white balance and the
  brightness of the exposure. `--range auto` stretches dark ones.
- A color profile other than sRGB leads to the right lightness. That of a JPEG XL file
  without loss cannot be read; a note says so. Primaries and curves in its header
  count.
- JPEG has 12 and 16 bits, is without loss, or is JPEG-LS, too. A JPEG in a JPEG XL
  file is read as the JPEG that it was.
- Pixels of floats with NaN or infinity are an error. `--nan blank` makes them black,
  with alpha 0 where there is alpha, and a note says how many; the plugin does so by
  itself. `--range auto` takes the range of the others.
- `comment` is the comment of a JPEG or GIF file and the keyword Comment of a PNG,
  `text` all other text of a PNG, `map` the place on a map (GeoTIFF).

## What is written

The suffix of the output decides. Colors are sRGB, and the file says so. Its EXIF
data, XMP, and in a PNG its text, name the program, the model and the settings. What a
format has no place for is translated to XMP or EXIF, as the table says; the rest is
left out, with a line that names it.
"""
AFTER_WRITTEN = """
- `float` is 32 bits. Floats become 16 bits where the format has no floats, and 16
  bits become 8, with a note.
- Thumbnails, the orientation and other tags of the old pixels are not kept, nor are
  settings with which another program developed a raw file.
- JPEG holds 64 kB of each: larger EXIF data lose their largest tags, larger XMP,
  captions and comments are left out, with a note. A TIFF file of more than 4 GB has
  no EXIF data.
- `--quality` is of 1 to 100.

## What is known, but not read

A line names the format and what helps.
"""
END = """
## Stacks and films

OME-TIFF, ImageJ hyperstacks, TIFF files of several pages and OME-Zarr (folders, or
ZIP files that end in .zarr.zip or .ozx) are stacks; see [Files, stacks and
models](reference/files.md) and [The command](reference/command.md). A file that was
cut off is damaged, and not a smaller stack.
"""


def row(cells: Iterable[str]) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(cells)} |"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    return "\n".join([row(heads), row("---" for _ in heads), *map(row, rows)]) + "\n"


def read_row(kind: Format) -> list[str]:
    """Return what is read of a format."""
    beside = ("yes" if name in kind.reads else "" for name in BESIDE)
    suffixes = " ".join((*kind.suffixes, *kind.more))
    needs = f"`napari-colorize[{kind.extra}]`" if kind.extra else ""
    return [kind.name, suffixes, kind.bits, *beside, kind.pictures, needs]


def written_row(kind: Format) -> list[str]:
    """Return what is written of a format."""
    places = (kind.holds.get(name, "-") for name in (EXIF, XMP, IPTC, COMMENT, TEXT))
    bits = ", ".join(BITS[name] for name in kind.types)
    quality = {None: "-", 0: "without loss"}.get(kind.lossy, str(kind.lossy))
    side = f"{kind.largest_side:,}" if kind.largest_side else "any"
    return [
        *(kind.name, " ".join(kind.suffixes), bits, *places),
        *("yes" if there else "-" for there in (MAP in kind.holds, kind.alpha)),
        *("all" if kind.pages else "one", side, quality),
    ]


def unread_row(kind: Unread) -> list[str]:
    """Return what helps with a format."""
    return [kind.name, kind.help]


def page() -> str:
    """Return the text of the page."""
    heads = ["format", "suffixes", "bits"]
    read = [*heads, *BESIDE, "pictures", "needs"]
    written = [*heads, EXIF, XMP, IPTC, COMMENT, TEXT, MAP, ALPHA]
    written += ["pages", "largest side", "quality by default"]
    return "\n".join(
        [
            *(INTRODUCTION, table(read, map(read_row, READ)), AFTER_READ.strip("\n")),
            *("", table(written, map(written_row, WRITTEN)), AFTER_WRITTEN.strip("\n")),
            *(
                "",
                table(("format", "what to do"), map(unread_row, UNREAD)),
                END.strip(),
            ),
            "",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
