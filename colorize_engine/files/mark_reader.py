"""Comparison of an output's mark with the mark that a run would write.

The metadata of every output identify the source bytes, the model and the settings of
its colors. No side file is needed, which could be lost or go stale, and a copy of the
folder holds the same information.
"""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING

from colorize_engine.files.metadata import exif_tags, xmp
from colorize_engine.files.stills import is_jxl, open_image, stored_xmp
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
        found = stored_parameters(path)
    except (OSError, ValueError):
        return False
    # Colors have them as they are, probabilities in a sentence for people.
    sentence = mark.text[mark.text.index(" (") + 2 : -1]
    return found in (xmp.without_controls(mark.parameters), sentence)


def stored_parameters(path: Path) -> str | None:
    """Return the parameters of the mark in a file, see `Mark.parameters`.

    Parameters
    ----------
    path
        A picture, a stack as TIFF file, or one as OME-Zarr folder.

    Returns
    -------
    str or None
        None if the file is not an output of the engine.

    Raises
    ------
    OSError, ValueError
        If the file is missing, or is not a picture.
    """
    if path.is_dir():
        return _of_zarr(path)
    with path.open("rb") as stream:
        head = stream.read(16)
        if is_tiff(head):
            return _of_tiff(stream)
        if is_jxl(head):
            return xmp.parameters(stored_xmp(stream))
        info = open_image(stream).info
    packet = info.get("xmp") or info.get("XML:com.adobe.xmp") or b""
    packet = packet.encode() if isinstance(packet, str) else bytes(packet)
    return xmp.parameters(packet)


def _of_tiff(stream: BinaryIO) -> str | None:
    """Return the parameters of the mark in the first page of a TIFF file.

    Colors have them in their XMP, stacks and probabilities in their description.
    """
    import tifffile

    stream.seek(0)
    try:
        with tifffile.TiffFile(stream) as file:
            page = file.pages.first
            packet = page.tags.valueof(exif_tags.XMP_PACKET, default=b"")
            if packet:
                return xmp.parameters(bytes(packet))
            if file.is_ome:
                found = re.search("<Description>(.*?)</Description>", page.description)
                sentence = html.unescape(found[1]) if found else ""
            else:
                sentence = str(json.loads(page.description).get("mark", ""))
    except Exception:  # tifffile raises any error on foreign and damaged files
        return None
    # The version of the program stands before them.
    _, _, rest = sentence.partition(" (")
    return rest.removesuffix(")") if rest.endswith(")") else None


def _of_zarr(folder: Path) -> str | None:
    """Return the parameters of the mark in the attributes of an OME-Zarr folder."""
    file = folder / "zarr.json"
    if not file.is_file():
        raise ValueError("it is a folder, and no Zarr array")
    about = json.loads(file.read_text(encoding="utf-8"))
    mark = about.get("attributes", {}).get("napari-colorize")
    if mark is None:
        return None
    items = {"model": mark["model"], **mark["settings"]}
    return "; ".join(f"{name} {value}" for name, value in items.items())
