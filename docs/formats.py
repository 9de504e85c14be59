"""Write the page of files from the tables of formats that the engine itself uses.

``python docs/formats.py`` writes ``docs/files.md``. Run it again when a format, or what
is kept of it, has changed; a test fails until then.
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

The command, the engine (`colorize_engine.files`), the page in the browser and *Save
picture* of the plugin use the same readers and writers. `docs/formats.py` makes these
tables from the ones in the code.

## What is read

Bit depth is kept: pictures of more than 8 bits are colored in 16 bits, floats stay
floats. In a folder, the files with these suffixes are the photos to color.
"""
AFTER_READ = """
- All pages of a TIFF file are read. Of any other file with several pictures only the
  first is read, with a note. Previews, masks and smaller copies do not count as
  pages: the full picture is read, even if it is in a subdirectory, as in NEF-like
  files.
- Raw files are developed by LibRaw, with the camera's white balance and the
  brightness of the exposure. `--range auto` stretches dark ones.
- Color profiles other than sRGB are converted, so that the lightness is right. The
  profile of a lossless JPEG XL file cannot be read; a note says so. Primaries and
  curves in its header are used.
- JPEG includes 12 and 16 bits, lossless JPEG and JPEG-LS. If a JPEG XL file holds a
  recompressed JPEG, it is read as the original JPEG.
- NaN and infinity in floats are an error. `--nan blank` makes these pixels black, with
  alpha 0 if there is alpha, and a note says how many there are. The plugin does this
  by default. `--range auto` takes the range of the other pixels.
- `comment` is the comment of a JPEG or GIF file, or the keyword Comment of a PNG;
  `text` is all other text of a PNG; `map` is the place on a map (GeoTIFF).

## What is written

The suffix of the output chooses the format. Colors are sRGB, and the file says so. Its
EXIF data, its XMP, and the text of a PNG name the program, the model and the settings.
Metadata for which a format has no place of its own go into XMP or EXIF, as the table
says. The rest is left out, and a line names it.
"""
AFTER_WRITTEN = """
- `float` is 32 bits. If a format has no floats, they become 16 bits; if it has no 16
  bits, 8. A note says so.
- Not kept are thumbnails, the orientation and other tags that describe the old pixels,
  and the settings with which another program developed a raw file.
- JPEG holds at most 64 kB of each kind of metadata. Larger EXIF data lose their largest
  tags; larger XMP, captions and comments are left out. A note says so. A TIFF file of
  more than 4 GB has no EXIF data.
- `--quality` is a number from 1 to 100.

## What is recognized, but not read

The error names the format and says what to do.
"""
END = """
## Stacks and films

Stacks are OME-TIFF, ImageJ hyperstacks, TIFF files of several pages, and OME-Zarr
(folders, or ZIP files that end in .zarr.zip or .ozx); see [Stacks from a
microscope](tutorials/microscopy.md) and [the options](reference/command.md). A
truncated file is an error; it is not read as a smaller stack. [Color a
film](tutorials/film.md) is about films.
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
    quality = {None: "-", 0: "lossless"}.get(kind.lossy, str(kind.lossy))
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
