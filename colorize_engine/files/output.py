"""Output of picture files, with bit depth, profile, EXIF and resolution preserved.

`files.read` returns the pictures of a file as the engine needs them: upright,
sRGB-encoded, in the full range of their type. `files.write` puts pictures into a file
that appears only when it is complete. The file is tagged sRGB and marked as computed
color.

Examples
--------
Color each page of a scan::

    pages = files.read("scan.tif")
    colored = (replace(page, image=colorize(page.image)) for page in pages)
    files.write("color.tif", colored, page_count=len(pages))
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.files.atomic import replacing
from colorize_engine.files.errors import FileError
from colorize_engine.files.formats import FORMATS, format_of, named
from colorize_engine.files.value_range import retyped

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    import numpy.typing as npt

    from colorize_engine.files.formats import Format
    from colorize_engine.files.mark import Mark
    from colorize_engine.files.photo import Photo
    from colorize_engine.files.picture import Picture


def check_target(path: str | os.PathLike[str], photo: Photo) -> None:
    """Raise FileError if `write` cannot store a photo under a name.

    Raises
    ------
    FileError
        If the format cannot be written, or cannot hold that many pages or pixels.
    """
    kind = _format(Path(path))
    if not kind.pages and len(photo) > 1:
        raise FileError(
            f"it has {len(photo)} pages, which {kind.name} cannot hold; "
            "give the output a name that ends in .tif"
        )
    side, largest = max(photo.shape), kind.largest_side
    if largest is not None and side > largest:
        raise FileError(
            f"a side of {side} pixels is more than the {largest} that {kind.name} can "
            "hold; give the output a name that ends in .tif"
        )


def storable(
    path: str | os.PathLike[str], dtype: npt.DTypeLike
) -> tuple[np.dtype[Any], str]:
    """Return the type in which a file stores values, and a note on lost precision.

    Parameters
    ----------
    path : path-like
        The name of the file; its suffix decides.
    dtype : dtype-like
        uint8, uint16 or float32.

    Returns
    -------
    (dtype, str)
        The same type and an empty note if the format can hold the type.
    """
    kind, dtype = _format(Path(path)), np.dtype(dtype)
    if dtype.name in kind.types:
        return dtype, ""
    best = np.dtype(kind.types[-1])
    was = "floats" if dtype.kind == "f" else "16 bit"
    bits = 8 * best.itemsize
    return best, f"{was} became {bits} bit, as {kind.name} can hold no more"


def write(
    path: str | os.PathLike[str],
    pictures: Iterable[Picture],
    mark: Mark | None = None,
    quality: int | None = None,
    *,
    overwrite: bool = False,
    page_count: int = 1,
) -> tuple[str, ...]:
    """Write pictures to a file in the format of its suffix.

    The file appears when all is written, or not at all; nothing that had the name
    before is lost to an error. The pictures are taken one by one, after it is certain
    that the folder can be written to, so they may be computed on the way.

    Parameters
    ----------
    path : path-like
        PNG, JPEG, TIFF, WebP or JPEG XL by its suffix.
    pictures : iterable of Picture
        RGB (gray becomes RGB); more than one for TIFF only.
    mark : Mark or None
        What made the colors; written to EXIF, XMP and the text chunks of a PNG.
    quality : int or None
        1..100 for JPEG (default 95), WebP and JPEG XL (default: lossless).
    overwrite : bool
        Whether to replace an existing file of that name.
    page_count : int
        Approximate number of pictures; it decides whether a TIFF is a BigTIFF.

    Returns
    -------
    tuple of str
        Notes for the user on how the pictures were written, one line each.

    Raises
    ------
    FileError
        If the format cannot be written, or cannot hold the pictures.
    FileExistsError
        If the name is taken and `overwrite` is false.
    OSError
        If the folder or the disk does not allow it.
    """
    path = Path(path)
    kind = _format(path)
    notes: list[str] = []
    with replacing(path, overwrite=overwrite) as stream:
        stored = (_stored(path, picture, notes) for picture in pictures)
        first = next(stored, None)
        if first is None:
            raise FileError("there is no picture to write")
        if kind.pages:
            from colorize_engine.files.tiff import write_pages

            notes += write_pages(stream, chain([first], stored), mark, page_count)
        else:
            from colorize_engine.files.stills import encode

            if next(stored, None) is not None:
                raise FileError(f"{kind.name} cannot hold more than one picture")
            file, more = encode(first, kind, mark, quality)
            notes += more
            stream.write(file)
    return tuple(dict.fromkeys(notes))


def _format(path: Path) -> Format:
    name = format_of(path)
    if name is None:
        raise FileError(
            f"{path.suffix or 'a name without suffix'} cannot be written; "
            f"choose one of {', '.join(FORMATS)}"
        )
    return named(name)


def _stored(path: Path, picture: Picture, notes: list[str]) -> Picture:
    """Return a picture as its file stores it: RGB, of a type the format can hold."""
    dtype, note = storable(path, picture.image.dtype)
    if note:
        notes.append(note)
    image = retyped(picture.image, dtype)
    if image.ndim == 2:
        image = np.repeat(image[..., np.newaxis], 3, axis=2)
    alpha = None if picture.alpha is None else retyped(picture.alpha, dtype)
    return replace(picture, image=image, alpha=alpha)
