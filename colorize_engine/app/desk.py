"""State that all tabs share: the photos, and the files of this run."""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from colorize_engine import files
from colorize_engine.batch import explained, one_line
from colorize_engine.edit import State, from_json
from colorize_engine.editor import Editor
from colorize_engine.hints import check_inside, read_hints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from colorize_engine.colorizer import Colorizer
    from colorize_engine.editor import OpenPhoto

# A file of a picture may have so many bytes for each pixel that one may have.
_BYTES_A_PIXEL = 8
# Bytes of a name, of which a disk takes 255; a saved file has a longer one.
_LONGEST_NAME, _LONGEST_SUFFIX = 120, 16
# Bytes of a file of hints or settings.
_LONGEST_TEXT = 1 << 24
# Windows has devices of these names, with any suffix.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
SAMPLES = ("coffee", "chelsea")


class TooMuch(ValueError):
    """A file is larger than allowed."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"it has more than {most:,} bytes, which is the limit of the page"
        )


class Desk:
    """The photos of this run of the program, for all its tabs.

    Parameters
    ----------
    colorizer
        Returns the model; it may wait until the model is loaded.
    folder
        For the files of this run.
    max_pixels
        Largest number of pixels of a photo.

    Attributes
    ----------
    editor : Editor
    folder : Path
    most_bytes : int
        Of an uploaded file.
    downloads : dict of str to Path
        Files that the page may fetch once, by key.
    messages : list of str
        What went wrong with the photos that the program was started with.
    """

    def __init__(
        self,
        colorizer: Callable[[], Colorizer],
        folder: Path,
        max_pixels: int = files.MAX_PIXELS,
    ) -> None:
        self.editor = Editor(colorizer, max_pixels)
        self.folder, self.most_bytes = folder, _BYTES_A_PIXEL * max_pixels
        self.downloads: dict[str, Path] = {}
        self.messages: list[str] = []

    def open(self, paths: Iterable[Path]) -> None:
        """Open photos where they are; what cannot be read becomes a message."""
        for path in paths:
            try:
                self.editor.add(path)
            except Exception as error:
                self.messages.append(f"{path}: {one_line(explained(error, path))}")

    def new_file(self, name: str) -> Path:
        """Return a path for an uploaded file, in a new folder of its own."""
        folder = self.folder / secrets.token_hex(8)
        folder.mkdir()
        return folder / _safe(name)

    def offer(self, path: Path) -> str:
        """Let the page fetch a file once; return its address."""
        key = secrets.token_urlsafe(12)
        self.downloads[key] = path
        return f"/downloads/{key}"

    def take(self, path: Path, key: str = "") -> dict[str, Any]:
        """Open an uploaded photo, or take hints or settings for one that is open.

        Parameters
        ----------
        path
            The file; of hints and settings it is removed.
        key
            Of the photo that hints (CSV) or settings (JSON) are for.

        Returns
        -------
        dict
            ``photo``: the key of the photo; ``name``; ``kind``: photo, hints or
            settings.

        Raises
        ------
        ValueError, OSError, MemoryError
            If the file cannot be read; the message says why.
        """
        kind = {".csv": "hints", ".json": "settings"}.get(path.suffix.lower(), "photo")
        if kind == "photo":
            photo = self.editor.add(path)
        else:
            photo = self._steered(path, key, kind)
            self.discard(path)
        return {"photo": photo.key, "name": photo.name, "kind": kind}

    def _steered(self, path: Path, key: str, kind: str) -> OpenPhoto:
        photo = self.editor.get(key)
        if photo is None:
            raise ValueError(f"first open the photo that these {kind} are for")
        if path.stat().st_size > _LONGEST_TEXT:
            raise TooMuch(_LONGEST_TEXT)
        if kind == "hints":
            hints = read_hints(path)
        else:
            edit = from_json(path.read_text("utf-8"))
            hints = edit.hints
        check_inside(hints, photo.shape)
        if kind == "hints":
            photo.set_hints(hints)
        else:
            photo.set_state(State(hints, edit.decoding))
        return photo

    def sample(self, name: str) -> OpenPhoto:
        """Open a photo that scikit-image ships, in gray.

        Raises
        ------
        ImportError
            Without scikit-image.
        """
        from PIL import Image
        from skimage import data

        path = self.new_file(f"{name}.png")
        Image.fromarray(getattr(data, name)()).convert("L").save(path)
        return self.editor.add(path)

    def close(self, photo: OpenPhoto) -> None:
        """Close a photo, and remove its file if it was uploaded."""
        self.editor.remove(photo.key)
        if photo.path.is_relative_to(self.folder):
            self.discard(photo.path)

    def discard(self, path: Path) -> None:
        """Remove a file of `new_file`, with its folder."""
        path.unlink(missing_ok=True)
        with suppress(OSError):
            path.parent.rmdir()


def _safe(name: str) -> str:
    """Return the name of an uploaded file without all that could lead elsewhere."""
    last = re.split(r"[/\\]", name)[-1]
    last = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*')
    stem, dot, suffix = last.strip(" .").rpartition(".")
    if not dot:
        stem, suffix = suffix, ""
    if _DEVICES.match(stem):
        stem = f"_{stem}"
    stem, suffix = _cut(stem, _LONGEST_NAME), _cut(suffix, _LONGEST_SUFFIX)
    return (stem or "photo") + (f".{suffix}" if suffix else "")


def _cut(text: str, most: int) -> str:
    """Return the beginning of a text, of so many bytes as UTF-8 at most."""
    return text.encode()[:most].decode("utf-8", "ignore").strip(" .")
