"""The first page of a photo, and what there is to know about its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from colorize_engine import files
from colorize_engine.files import RangeError
from colorize_engine.image import checked_image

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from colorize_engine.files import ValueRange

_STRETCHED = "its values are stretched: the smallest is black, the largest white"


class Opened(NamedTuple):
    """The first page of a file.

    Attributes
    ----------
    image : (H, W) or (H, W, 3 or 4) ndarray of uint8, uint16 or float32
        Upright, with its alpha if it has one.
    notes : tuple of str
        What there is to know about the file, for a person.
    page_count : int
        Number of pages of the file.
    value_range : "full" or "auto"
        The values of black and white, see `files.read`.
    blank : int
        Number of pixels that were NaN or infinite; they are black.
    """

    image: NDArray[Any]
    notes: tuple[str, ...]
    page_count: int
    value_range: ValueRange
    blank: int


def open_page(path: Path, max_pixels: int) -> Opened:
    """Read the first page of a file; choose the values of black and white.

    Raises
    ------
    FileError, OSError
        If the file is not a picture or cannot be read.
    """
    try:
        found = read_page(path, "full", max_pixels)
    except RangeError:
        pass
    else:
        if not any(isinstance(note, files.RangeNote) for note in found.notes):
            return found
    found = read_page(path, "auto", max_pixels)
    return found._replace(notes=(_STRETCHED, *found.notes))


def read_page(path: Path, value_range: ValueRange, max_pixels: int) -> Opened:
    """Read the first page of a file, see `files.read`.

    Raises
    ------
    FileError, OSError
        If the file is not a picture or cannot be read.
    """
    photo = files.read(path, value_range, max_pixels, "blank")
    page = next(iter(photo))
    notes = [*page.notes, *files.blank_note(page.blank)]
    if page.has_color:
        notes.append(files.TONE_NOTE if page.is_toned else files.COLOR_NOTE)
    image: NDArray[Any] = page.image
    if page.alpha is not None:
        image = checked_image(np.dstack((image, page.alpha)))
    told = tuple(dict.fromkeys(notes))
    return Opened(image, told, len(photo), value_range, page.blank)
