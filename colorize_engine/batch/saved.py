"""A saved picture taken up again: its settings, its colors, and what was colored."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from colorize_engine import files
from colorize_engine.batch.marks import digest
from colorize_engine.color import lightness, lightness_to_gray
from colorize_engine.edit import Edit

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_DIGEST = re.compile("(?:^|; )source ([0-9a-f]+)")


@dataclass(frozen=True, eq=False)
class Recalled:
    """A picture that was saved by this program.

    Attributes
    ----------
    path : Path
        Its file.
    edit : Edit
        What it was made with.
    pictures : tuple of Picture
        Its pages, in color.
    sources : tuple of array
        What was colored, page by page, each (H, W), or (H, W, 3) where a photo in
        color was: the pixels of the photo, or else the gray that has the saved
        picture's lightness.
    photo : Path or None
        The photo that was colored, if it lies beside the saved picture.
    """

    path: Path
    edit: Edit
    pictures: tuple[files.Picture, ...]
    sources: tuple[NDArray[Any], ...]
    photo: Path | None


def recall(path: Path) -> Recalled | None:
    """Read a saved picture with all that is needed to go on from it.

    Returns
    -------
    Recalled or None
        None if this program did not save the file.

    Raises
    ------
    OSError, ValueError
        If the file is missing, is not a picture, or its settings cannot be read.
    """
    parameters = files.stored_parameters(path)
    if parameters is None:
        return None
    edit = Edit.from_parameters(parameters)
    pictures = tuple(files.read(path))
    found = _DIGEST.search(parameters)
    photo = None if found is None else _beside(path, found[1])
    if photo is not None:
        sources = tuple(
            page.image
            for page in files.read(photo, edit.value_range, not_finite="blank")
        )
    else:
        sources = tuple(_gray(page.image) for page in pictures)
    return Recalled(path, edit, pictures, sources, photo)


def _beside(path: Path, source: str) -> Path | None:
    """Return the photo with a digest beside a picture that is named after it."""
    for other in sorted(path.parent.iterdir()):
        named = path.stem.startswith(other.stem) and other != path
        if named and other.is_file() and digest(other) == source:
            return other
    return None


def _gray(image: NDArray[Any]) -> NDArray[Any]:
    return lightness_to_gray(lightness(image), image.dtype)
