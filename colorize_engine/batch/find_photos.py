"""Finding the photos in a folder tree."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Microscopes' and scanners' TIFF under other names, and pictures that Pillow does not
# know, or not under these names: they get their line of what is wrong with them.
TIFF_LIKE = frozenset((".lsm", ".stk", ".svs", ".ndpi", ".qptiff", ".btf", ".tf8"))
OTHER_PICTURES = TIFF_LIKE | frozenset(
    (".heic", ".heif", ".jxl", ".dng", ".nef", ".cr2", ".arw", ".raw")
)
# What Pillow opens and nobody means by a photo: icons, fonts of figures, documents.
_NO_PHOTOS = frozenset(
    ("BUFR", "CUR", "EPS", "FLI", "GBR", "GRIB", "HDF5", "ICNS", "ICO", "MPEG", "WMF")
)


@dataclass
class Found:
    """What lies in a folder tree.

    Attributes
    ----------
    photos : list of Path
        Sorted, the folder's own name in front.
    others, hidden : int
        How many files are no pictures by their suffix, or hidden.
    errors : list of OSError
        One for each folder that could not be read.
    """

    photos: list[Path] = field(default_factory=list)
    others: int = 0
    hidden: int = 0
    errors: list[OSError] = field(default_factory=list)


def find_photos(folder: Path, leave_out: Path | None = None) -> Found:
    """Find the files in a folder and below it that are pictures by their suffix.

    Each folder on the disk is entered once, however many symbolic links lead to it
    and wherever they stand: under its own name if it lies in the tree. Hidden files
    and folders are left out.

    Parameters
    ----------
    folder : Path
    leave_out : Path or None
        A folder that is not entered, such as that of the outputs.

    Returns
    -------
    Found
    """
    found = Found()
    seen = {identity(leave_out)} if leave_out is not None else set()
    linked: list[Path] = []
    waiting = [folder]
    while waiting or linked:
        # Links last, so that a folder in the tree keeps its own name.
        place = waiting.pop() if waiting else linked.pop(0)
        try:
            if (known := identity(place)) in seen:
                continue
            seen.add(known)
            with os.scandir(place) as entries:
                for entry in entries:
                    try:
                        _sort(entry, place, found, waiting, linked)
                    except OSError as error:  # a link that leads nowhere it may
                        found.errors.append(error)
        except OSError as error:
            found.errors.append(error)
        linked.sort()
    found.photos.sort(key=lambda path: path.parts)
    return found


def _sort(
    entry: os.DirEntry[str],
    place: Path,
    found: Found,
    waiting: list[Path],
    linked: list[Path],
) -> None:
    """Put an entry of a folder where it belongs."""
    path = place / entry.name
    if entry.name.startswith("."):
        found.hidden += 1
    elif entry.is_dir():
        (linked if entry.is_symlink() else waiting).append(path)
    elif path.suffix.lower() in photo_suffixes():
        found.photos.append(path)
    else:
        found.others += 1


@cache
def photo_suffixes() -> frozenset[str]:
    """Return the suffixes of what may be photos, in lower case with their dots."""
    from PIL import Image

    known = Image.registered_extensions()
    return OTHER_PICTURES.union(
        suffix
        for suffix, name in known.items()
        if name in Image.OPEN and name not in _NO_PHOTOS
    )


def identity(path: Path) -> object:
    """Return what all names of a file or folder have in common."""
    try:
        status = path.stat()
    except OSError:
        return os.path.abspath(path)
    return status.st_dev, status.st_ino
