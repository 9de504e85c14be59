"""Comparison of an output's mark with the mark that a run would write.

The metadata of every output identify the source bytes, the model and the settings of
its colors. No side file is needed, which could be lost or go stale, and a copy of the
folder holds the same information.
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
    """Return whether a file is an output with the given mark.

    Only the header is read, and the version of the program makes no difference. A file
    is not current if it is missing, cannot be read, or is not an output of the engine.
    """
    try:
        with path.open("rb") as stream:
            if is_tiff(stream.read(4)):
                return _is_current_tiff(stream, mark)
            info = open_image(stream).info
    except (OSError, ValueError):
        return False
    packet = info.get("xmp") or info.get("XML:com.adobe.xmp") or b""
    packet = packet.encode() if isinstance(packet, str) else bytes(packet)
    return _has_parameters(packet, mark)


def _is_current_tiff(stream: BinaryIO, mark: Mark) -> bool:
    """Return whether the first page of a TIFF file has the mark.

    Colors have it in their XMP, probabilities in their description.
    """
    import tifffile

    stream.seek(0)
    try:
        with tifffile.TiffFile(stream) as file:
            page = file.pages.first
            packet = page.tags.valueof(exif_tags.XMP_PACKET, default=b"")
            if packet:
                return _has_parameters(bytes(packet), mark)
            sentence = str(json.loads(page.description).get("mark", ""))
    except Exception:  # tifffile raises any error on foreign and damaged files
        return False
    # Compare the sentence for people without the program version at its start.
    return sentence.endswith(mark.text[mark.text.index(" (") :])


def _has_parameters(packet: bytes, mark: Mark) -> bool:
    """Return whether the last parameters in an XMP packet are those of a mark."""
    return xmp.parameters(packet) == xmp.without_controls(mark.parameters)
