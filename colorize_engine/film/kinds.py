"""Files that are films, and the containers that films are written to."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from colorize_engine.batch.find_photos import FILMS
from colorize_engine.files import FORMATS as PICTURES
from colorize_engine.files import FileError

if TYPE_CHECKING:
    from pathlib import Path

FORMATS = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".webm": "webm",
}
"""Containers that are written, by the suffix of the name."""

_HEAD = 16
# Brands of ISO files that hold still pictures.
_STILLS = (b"avif", b"avis", b"heic", b"heix", b"heif", b"mif1", b"msf1", b"jxl ")
_STARTS = (
    b"\x1aE\xdf\xa3",  # Matroska
    b"FLV\x01",
    b"OggS",
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",  # MPEG video
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF
    b"YUV4MPEG2",
)


def is_film(path: Path) -> bool:
    """Return whether a file is a film by its suffix, or else by its first bytes.

    A missing file is one if its suffix is that of a film. A folder is none.
    """
    suffix = path.suffix.lower()
    if suffix in FILMS:
        return not path.is_dir()
    # Opening a named pipe would wait for ever.
    if suffix in PICTURES or not path.is_file():
        return False
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return False
    if head[4:8] == b"ftyp":
        return head[8:12] not in _STILLS
    return head.startswith(_STARTS) or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")


def check_extra() -> None:
    """Raise FileError if the packages of the extra ``video`` are missing."""
    if any(find_spec(name) is None for name in ("av", "dask", "skimage")):
        raise FileError(
            "films need more packages; run: pip install 'napari-colorize[video]'"
        )
