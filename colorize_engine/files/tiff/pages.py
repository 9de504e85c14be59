"""The pictures of a TIFF file: directories that are neither previews nor masks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from colorize_engine.files.errors import FileError, reading
from colorize_engine.files.stills.by_pillow import Clipped
from colorize_engine.files.tiff.guard import page_offsets

if TYPE_CHECKING:
    from collections.abc import Iterable

    import tifffile

# NewSubfileType bits: a smaller copy, a mask, a depth map (DNG 1.5).
_NOT_A_PAGE = 1 | 4 | 8
# The tag before NewSubfileType, and its value for a smaller copy.
_SUBFILE_TYPE, _SMALLER = 255, 2
# Photometric interpretations of sensors: mosaics of filters, and linear data.
_SENSOR = frozenset((32803, 34892))
# More subdirectories than any file has; a damaged one may claim millions.
_MAX_SUBDIRECTORIES = 64


@dataclass(frozen=True)
class Pages:
    """An open TIFF file.

    Attributes
    ----------
    stream : binary file
    file : tifffile.TiffFile
    pages : list of tifffile.TiffPage
        Without previews and masks, wherever there is a full picture.
    stacked : int
        Number of pictures that follow each other behind a single page, as in ImageJ
        files beyond 4 GB; otherwise 0.
    has_preview : bool
        Whether the file begins with a preview, and a full picture was found.
    raw : list of tifffile.TiffPage
        Pages, and subdirectories of the first, that are what a sensor gave.
    """

    stream: BinaryIO
    file: tifffile.TiffFile
    pages: list[tifffile.TiffPage]
    stacked: int
    has_preview: bool
    raw: list[tifffile.TiffPage]

    def __len__(self) -> int:
        return self.stacked or len(self.pages)

    def previews(self, page: tifffile.TiffPage) -> list[tifffile.TiffPage]:
        """Return the previews that have the place of a page in the list of pages."""
        if page.treeindex[1:]:
            return [self.file.pages[page.treeindex[0]].aspage()]
        return [self.file.pages[0].aspage()] if self.has_preview else []


def is_tiff(head: bytes) -> bool:
    """Return whether a file with this beginning is a TIFF or BigTIFF file."""
    return head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def open_pages(stream: BinaryIO) -> Pages:
    """Read the headers of all pages.

    Raises
    ------
    FileError
        If the file is damaged, or its list of pages breaks off.
    """
    import tifffile

    stream.seek(0)
    with reading():
        file = tifffile.TiffFile(stream)
        # tifffile's own count could follow a circle of pages forever.
        offsets, following = page_offsets(stream)
        pages = [file.pages[index].aspage() for index in range(len(offsets))]
        full = full_pages(pages)
        inner = subdirectories(full[0]) if full else []
        raw = [p for p in (*full, *inner) if p.photometric in _SENSOR]
        raw = [page for page in raw if not is_copy(page)]
        stacked = 0
        if len(pages) == 1 and file.series[0].ndim > pages[0].ndim:
            stacked = file.series[0].size // max(1, pages[0].size)
    # tifffile accepts tags of any type and count.
    sides = (side for page in full for side in (page.imagewidth, page.imagelength))
    if not all(isinstance(side, int) for side in sides):
        raise FileError("the file is damaged: the size of a page is not a whole number")
    # tifffile drops pages that it cannot find and only logs it.
    if not pages:
        raise FileError("the file is damaged: it has no page")
    check_list(offsets, following, is_ndpi=file.is_ndpi)
    if len(pages) == 1 and not stacked:
        _check_alone(file, pages[0])
    return Pages(stream, file, full, stacked, full[0] is not pages[0], raw)


def check_list(offsets: list[int], following: int, *, is_ndpi: bool = False) -> None:
    """Raise FileError if the list of pages breaks off; see `page_offsets`.

    Lists of NDPI files, which have places of 64 bits in 32, always do.
    """
    if not is_ndpi and following not in (0, *offsets):
        raise FileError(
            f"the file is damaged: its list of pages breaks off after {len(offsets)}"
        )


def claimed_pictures(file: tifffile.TiffFile) -> int:
    """Return how many pictures ImageJ or tifffile say that they wrote, 0 if neither."""
    page = file.pages.first
    if file.is_imagej:
        count = (file.imagej_metadata or {}).get("images", 1)
        return count if isinstance(count, int) else 1
    if file.is_shaped and (found := file.shaped_metadata):
        size = math.prod(int(side) for side in found[0].get("shape", ()))
        return size // max(1, page.size)
    return 0


def _check_alone(file: tifffile.TiffFile, page: tifffile.TiffPage) -> None:
    """Raise FileError if pictures behind the only page of a file are cut off.

    A page that was taken out of such a file still claims others; it is the last thing
    in its own file.
    """
    claimed = claimed_pictures(file) if len(page.dataoffsets) == 1 else 0
    if claimed < 2 or not page.offset < page.dataoffsets[0]:
        return
    size = file.filehandle.size
    if size > page.dataoffsets[0] + page.nbytes:
        raise FileError(
            f"the file is damaged: it is too short for its {claimed:,} pictures"
        )


def full_pages(pages: Iterable[tifffile.TiffPage]) -> list[tifffile.TiffPage]:
    """Return the pages that are full pictures.

    The place of a preview, which scanners and cameras put first, is taken by the full
    pictures in its subdirectories. If there is no full picture anywhere, the first page
    stands for one.
    """
    pages = list(pages)
    full: list[tifffile.TiffPage] = []
    for page in pages:
        candidates = subdirectories(page) if is_copy(page) else [page]
        full += [candidate for candidate in candidates if not is_copy(candidate)]
    return full or pages[:1]


def is_copy(page: tifffile.TiffPage) -> bool:
    """Return whether a page is a preview, a smaller copy or a mask of another one."""
    older = page.tags.valueof(_SUBFILE_TYPE)
    return bool(page.subfiletype & _NOT_A_PAGE) or older == _SMALLER


def subdirectories(page: tifffile.TiffPage) -> list[tifffile.TiffPage]:
    """Return the pages in the subdirectories of a page."""
    offsets = (page.subifds or ())[:_MAX_SUBDIRECTORIES]
    inner: Any = page.pages if offsets else ()
    return [inner[index].aspage() for index in range(min(len(offsets), len(inner)))]


class FirstPage(Clipped):
    """A TIFF file in which another page comes first, as Pillow reads it.

    Parameters
    ----------
    stream : binary file
    page : tifffile.TiffPage
        One of the file, which may lie in a subdirectory.
    """

    def __init__(self, stream: BinaryIO, page: tifffile.TiffPage) -> None:
        super().__init__(stream)
        self.seek(0)
        head = super().read(16)
        order: Any = "little" if head.startswith(b"II") else "big"
        at, size = (8, 8) if 43 in head[2:4] else (4, 4)
        place = page.offset.to_bytes(size, order)
        self._head = head[:at] + place + head[at + size :]

    def read(self, size: int | None = -1, /) -> bytes:
        """Read bytes, those of the header with the place of the page."""
        start = self.tell()
        data = super().read(size)
        head = self._head[start : start + len(data)]
        return head + data[len(head) :]
