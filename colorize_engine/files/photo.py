"""Input of picture files: the pictures of a file, decoded one by one."""

from __future__ import annotations

import stat
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from colorize_engine.color import is_in_color
from colorize_engine.files.develop import develop
from colorize_engine.files.errors import FileError
from colorize_engine.files.icc import has_color
from colorize_engine.files.not_finite import check_not_finite
from colorize_engine.files.raw import is_raw, raw_size, read_raw
from colorize_engine.files.stills import read_still, still_size
from colorize_engine.files.tiff import is_tiff, open_pages, read_pages

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from colorize_engine.files.not_finite import NotFinite
    from colorize_engine.files.picture import Picture, Samples
    from colorize_engine.files.value_range import ValueRange

MAX_PIXELS = 250_000_000

COLOR_NOTE = "it is in color; only its lightness was used"
TONE_NOTE = "it has a tone, such as sepia; only its lightness was used"


def color_note(image: NDArray[Any]) -> str:
    """Return the note on the colors of an sRGB picture, empty if it has none."""
    if image.ndim == 2 or not has_color(image[..., :3]):
        return ""
    return COLOR_NOTE if is_in_color(image[..., :3]) else TONE_NOTE


@dataclass(frozen=True, eq=False)
class Photo:
    """The pictures of a file, decoded one by one during iteration.

    Attributes
    ----------
    path : Path
    page_count : int
    shape : (int, int)
        Height and width of the first picture as stored, before it is turned upright.
    value_range, max_pixels, not_finite
        As given to `read`.
    """

    path: Path
    page_count: int
    shape: tuple[int, int]
    value_range: ValueRange
    max_pixels: int
    not_finite: NotFinite = "error"
    _only: Picture | None = None

    def __len__(self) -> int:
        return self.page_count

    def __iter__(self) -> Iterator[Picture]:
        """Yield each picture; a TIFF file is read again each time.

        Raises
        ------
        FileError, OSError
            If a page cannot be read.
        """
        if self._only is not None:
            yield self._only
            return
        with self.path.open("rb") as stream:
            pages = open_pages(stream)
            samples = read_pages(pages, self.max_pixels)
            while (page := self._next(samples)) is not None:
                yield develop(page, self.value_range, self.not_finite)

    def is_in_color(self) -> bool:
        """Return whether all pages are in color, neither gray nor toned.

        Reading stops at the first page that is not.

        Raises
        ------
        FileError, OSError
            If a page cannot be read.
        """
        return all(picture.has_color and not picture.is_toned for picture in self)

    def _next(self, pages: Iterator[Samples]) -> Samples | None:
        """Return the next page or None; add the path to an OSError."""
        try:
            return next(pages, None)
        except OSError as error:
            reason = error.strerror or str(error)
            raise OSError(error.errno, reason, str(self.path)) from error


def read(
    path: str | os.PathLike[str],
    value_range: ValueRange = "full",
    max_pixels: int = MAX_PIXELS,
    not_finite: NotFinite = "error",
) -> Photo:
    """Read a picture file that Pillow, tifffile or LibRaw can read.

    Parameters
    ----------
    path : path-like
    value_range : "full", "auto" or (float, float)
        The values of black and white. ``"full"``: the ends of the type's range
        (floats: 0 and 1). ``"auto"``: the smallest and the largest value of each page.
        Two numbers: these values; values beyond are clipped.
    max_pixels : int
        Largest number of pixels per picture; a file that claims more is not decoded.
    not_finite : {"error", "blank"}
        What becomes of pixels with NaN or infinity: an error, or black without color,
        with alpha 0 where there is alpha. ``Picture.blank`` says how many they are;
        ``"auto"`` takes the range of the others.

    Returns
    -------
    Photo
        All pages of a TIFF file, without previews; the first picture of an animation or
        layered file.

    Raises
    ------
    FileError
        If the file is damaged, too large, or not a picture.
    ValueError
        If `not_finite` is another choice.
    OSError
        If the file is missing or access to it fails.
    """
    check_not_finite(not_finite)
    path = Path(path)
    with _opened(path) as stream:
        if is_raw(stream, path.suffix.lower()):
            samples = read_raw(stream, max_pixels)
        elif _is_tiff(stream):
            pages = open_pages(stream)
            shape = pages.pages[0].imagelength, pages.pages[0].imagewidth
            return Photo(path, len(pages), shape, value_range, max_pixels, not_finite)
        else:
            samples = read_still(stream, max_pixels)
    height, width = samples.values.shape[:2]
    only = develop(samples, value_range, not_finite)
    return Photo(path, 1, (height, width), value_range, max_pixels, not_finite, only)


def measure(path: str | os.PathLike[str]) -> tuple[int, int, int]:
    """Return the width and height of the first picture as stored, and the page count.

    Only headers are read.

    Raises
    ------
    FileError, OSError
        If the file is not a picture or cannot be read.
    """
    path = Path(path)
    with _opened(path) as stream:
        if is_raw(stream, path.suffix.lower()):
            return *raw_size(stream), 1
        if _is_tiff(stream):
            pages = open_pages(stream)
            first = pages.pages[0]
            return first.imagewidth, first.imagelength, len(pages)
        return *still_size(stream), 1


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file, if it is one that may hold a picture."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise FileError("it is a folder; name the pictures in it, such as FOLDER/*.jpg")
    if not stat.S_ISREG(mode):
        # Opening a named pipe would wait forever.
        raise FileError("it is not a regular file")
    with path.open("rb") as stream:
        if not stream.read(1):
            raise FileError("the file is empty")
        yield stream


def _is_tiff(stream: BinaryIO) -> bool:
    stream.seek(0)
    return is_tiff(stream.read(4))
