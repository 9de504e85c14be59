"""What was done already, told by the outputs themselves.

Every output says in its metadata from which bytes and with which model and settings
its colors were computed. So there is no side file that could be lost or go stale, and
a copy of the folder knows as much as the folder.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from colorize_engine.files.metadata.exif_tags import XMP_PACKET
from colorize_engine.files.output import format_of
from colorize_engine.files.picture import Mark
from colorize_engine.files.stills import open_image
from colorize_engine.files.tiff import is_tiff

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from colorize_engine.batch import Settings
    from colorize_engine.colorizer import Colorizer
    from colorize_engine.stackfiles import StackSettings
    from colorize_engine.stacks import FrameModel

# Of the event that formats.xmp writes to the history of a document.
_OPENING, _CLOSING = b"<stEvt:parameters>", b"</stEvt:parameters>"
_DIGEST_BYTES = 16


def mark_of(
    model: Colorizer | FrameModel, settings: Settings | StackSettings, **more: float
) -> Mark:
    """Return the record of what colors were computed with.

    Parameters
    ----------
    model : Colorizer or FrameModel
        What it says holds where a setting is None.
    settings : Settings or StackSettings
    more
        Further numbers that the colors depend on, by their names.
    """
    from colorize_engine import __version__

    def chosen(value: float | None, default: float) -> str:
        return f"{default if value is None else value:g}"

    card = model.card
    name = f"{card.name} {card.version} {card.model_hash}" if card else "custom"
    values = {
        "temperature": chosen(settings.temperature, model.temperature),
        "rebalance": chosen(settings.rebalance, model.rebalance),
        "saturation": f"{settings.saturation:g}",
        "working size": chosen(settings.working_size, model.working_size),
        **{key: f"{value:g}" for key, value in more.items()},
    }
    return Mark(f"napari-colorize {__version__}", name, values)


def digest(path: Path) -> str:
    """Return the BLAKE2b digest of a file's bytes: 32 hexadecimal digits.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as stream:
        found = hashlib.file_digest(
            stream, lambda: hashlib.blake2b(digest_size=_DIGEST_BYTES)
        )
    return found.hexdigest()


def signed(mark: Mark, source: str, settings: Settings, target: Path) -> Mark:
    """Return a mark that tells, besides the colors, all that an output depends on.

    Parameters
    ----------
    mark : Mark
        Of the model and the settings that colors depend on.
    source : str
        The `digest` of the photo.
    settings : Settings
        Of which the range, and for JPEG and WebP the quality are added.
    target : Path
        The output, whose suffix is its format.
    """
    more: dict[str, object] = {}
    if settings.value_range != "full":
        given = settings.value_range
        more["range"] = given if isinstance(given, str) else f"{given[0]}..{given[1]}"
    if settings.quality is not None and format_of(target) in ("JPEG", "WebP"):
        more["quality"] = settings.quality
    return replace(mark, settings={**mark.settings, **more, "source": source})


def is_current(path: Path, mark: Mark) -> bool:
    """Whether a file is an output that was made as a `signed` mark tells.

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
            packet = page.tags.valueof(XMP_PACKET, default=b"")
            if packet:
                return _tells(bytes(packet), mark)
            told = str(json.loads(page.description).get("mark", ""))
    except Exception:  # tifffile fails on foreign and damaged files in any way
        return False
    # The sentence for people, without the version at its beginning.
    return told.endswith(mark.text[mark.text.index(" (") :])


def _tells(packet: bytes, mark: Mark) -> bool:
    """Whether the last event that tells parameters, in XMP, tells those of a mark."""
    start = packet.rfind(_OPENING) + len(_OPENING)
    expected = escape(mark.parameters).encode("utf-8", "replace") + _CLOSING
    return start >= len(_OPENING) and packet.startswith(expected, start)
