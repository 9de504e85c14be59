"""The mark of a file, read again: whether an output is already what a run would make.

Every output says in its metadata from which bytes and with which model and settings
its colors were computed. So there is no side file that could be lost or go stale, and
a copy of the folder knows as much as the folder.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from colorize_engine.files.metadata import exif_tags, xmp
from colorize_engine.files.stills import open_image
from colorize_engine.files.tiff import is_tiff

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from colorize_engine.files.mark import Mark


def is_current(path: Path, mark: Mark) -> bool:
    """Whether a file is an output that was made as a mark tells.

    Only its header is read, and the version of the program makes no difference. A
    file that is missing, cannot be read, or is none of ours is not current.
    """
    try:
        with path.open("rb") as stream:
            if is_tiff(stream.read(4)):
                return _is_current_tiff(stream, mark)
            info = open_image(stream).info
    except (OSError, ValueError):
        return False
    packet = info.get("xmp") or info.get("XML:com.adobe.xmp") or b""
    return _tells(packet.encode() if isinstance(packet, str) else bytes(packet), mark)


def _is_current_tiff(stream: BinaryIO, mark: Mark) -> bool:
    """Whether the first page of a TIFF file, of colors or probabilities, says so."""
    import tifffile

    stream.seek(0)
    try:
        with tifffile.TiffFile(stream) as file:
            page = file.pages.first
            packet = page.tags.valueof(exif_tags.XMP_PACKET, default=b"")
            if packet:
                return _tells(bytes(packet), mark)
            told = str(json.loads(page.description).get("mark", ""))
    except Exception:  # tifffile fails on foreign and damaged files in any way
        return False
    # The sentence for people, without the version at its beginning.
    return told.endswith(mark.text[mark.text.index(" (") :])


def _tells(packet: bytes, mark: Mark) -> bool:
    """Whether the last event that tells parameters, in XMP, tells those of a mark."""
    return xmp.parameters(packet) == xmp.without_controls(mark.parameters)
