"""Search for photos in a folder tree."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from colorize_engine.files.formats import FORMATS, READ, UNREAD

if TYPE_CHECKING:
    from pathlib import Path

# Also of formats that are only known, and of those whose extra is missing, so that each
# unreadable file gets an error, not silence.
OTHER_PICTURES = frozenset(
    suffix
    for suffixes in (
        *((*kind.suffixes, *kind.more) for kind in READ),
        *(kind.suffixes for kind in UNREAD),
    )
    for suffix in suffixes
    if suffix not in FORMATS
)
FILMS = frozenset(
    ".3g2 .3gp .asf .avi .divx .dv .f4v .flv .m2t .m2ts .m2v .m4v .mj2 .mkv .mov .mp4 "
    ".mpeg .mpg .mts .mxf .nut .ogv .qt .rm .rmvb .ts .vob .webm .wmv .y4m".split()
)
"""Suffixes of films, which are no photos."""
# Formats that Pillow opens but that are not photos: icons, videos, documents, data.
_NO_PHOTOS = frozenset(
    ("BUFR", "CUR", "EPS", "FLI", "GBR", "GRIB", "HDF5", "ICNS", "ICO", "MPEG", "WMF")
)


@dataclass
class Found:
    """The files of a folder tree.

    Attributes
    ----------
    photos : list of Path
        Sorted; each path begins with the path of the folder.
    films : list of Path
        Files with the suffix of a film, which are left out.
    others, hidden : int
        Number of other files without a picture's suffix; of hidden files and folders.
    errors : list of OSError
        One for each folder or link that could not be read.
    """

    photos: list[Path] = field(default_factory=list)
    films: list[Path] = field(default_factory=list)
    others: int = 0
    hidden: int = 0
    errors: list[OSError] = field(default_factory=list)


def find_photos(folder: Path, leave_out: Path | None = None) -> Found:
    """Find the files in a folder tree that have the suffix of a picture.

    Each folder on the disk is entered once, even if several symbolic links lead to it.
    A folder inside the tree keeps its own path. Hidden files and folders are left out.

    Parameters
    ----------
    folder : Path
    leave_out : Path or None
        A folder that is not entered, such as the output folder.

    Returns
    -------
    Found
    """
    found = Found()
    seen = {identity(leave_out)} if leave_out is not None else set()
    linked: list[Path] = []
    waiting = [folder]
    while waiting or linked:
        # Follow links last, so that a folder in the tree keeps its own path.
        place = waiting.pop() if waiting else linked.pop(0)
        try:
            if (known := identity(place)) in seen:
                continue
            seen.add(known)
            with os.scandir(place) as entries:
                for entry in entries:
                    try:
                        _classify(entry, place, found, waiting, linked)
                    except OSError as error:  # such as a link to itself
                        found.errors.append(error)
        except OSError as error:
            found.errors.append(error)
        linked.sort()
    found.photos.sort(key=lambda path: path.parts)
    found.films.sort()
    return found


def _classify(
    entry: os.DirEntry[str],
    place: Path,
    found: Found,
    waiting: list[Path],
    linked: list[Path],
) -> None:
    """Add an entry of a folder to the photos, the counts or the folders to enter."""
    path = place / entry.name
    if entry.name.startswith("."):
        found.hidden += 1
    elif entry.is_dir():
        (linked if entry.is_symlink() else waiting).append(path)
    elif path.suffix.lower() in photo_suffixes():
        found.photos.append(path)
    elif path.suffix.lower() in FILMS:
        found.films.append(path)
    else:
        found.others += 1


@cache
def photo_suffixes() -> frozenset[str]:
    """Return the suffixes of possible photos, in lower case, with the dot."""
    from PIL import Image

    known = Image.registered_extensions()
    return OTHER_PICTURES.union(FORMATS).union(
        suffix
        for suffix, name in known.items()
        if name in Image.OPEN and name not in _NO_PHOTOS
    )


def identity(path: Path) -> object:
    """Return a key that is the same for all paths of a file or folder.

    It is the absolute path if there is no such file.
    """
    try:
        status = path.stat()
    except OSError:
        return os.path.abspath(path)
    return status.st_dev, status.st_ino
