"""The photos that are open, and how many of them stay in memory."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from colorize_engine import files
from colorize_engine.editor.open_photo import OpenPhoto

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from colorize_engine.colorizer import Colorizer

# Pixels of the photos that stay in memory; the last one used always does.
_MOST_PIXELS = 48_000_000


class Editor:
    """Open photos. Any thread may use it.

    Parameters
    ----------
    colorizer
        Returns the model; it may wait until the model is loaded.
    max_pixels
        Largest number of pixels of a photo.

    Attributes
    ----------
    colorizer : function
    version : int
        Counts how often photos came or went.
    """

    def __init__(
        self,
        colorizer: Callable[[], Colorizer],
        max_pixels: int = files.MAX_PIXELS,
    ) -> None:
        self.colorizer, self.version = colorizer, 0
        self._max_pixels = max_pixels
        self._photos: dict[str, OpenPhoto] = {}
        self._used: list[OpenPhoto] = []
        self._opening, self._changing = Lock(), Lock()

    @property
    def photos(self) -> list[OpenPhoto]:
        """All open photos, in the order in which they were opened."""
        with self._changing:
            return list(self._photos.values())

    def add(self, path: Path, name: str | None = None) -> OpenPhoto:
        """Open a photo. One is opened at a time, as each may need much memory.

        Parameters
        ----------
        path
            Its file, which must stay as it is.
        name
            What a person calls the file; by default the name of the path.

        Raises
        ------
        FileError, OSError, MemoryError
            If the file is not a picture or cannot be read.
        """
        with self._opening:
            photo = OpenPhoto(
                path, _as_text(name or path.name), self.colorizer, self._max_pixels
            )
            with self._changing:
                self._photos[photo.key] = photo
                self.version += 1
            self.use(photo)
        return photo

    def remove(self, key: str) -> OpenPhoto | None:
        """Close a photo; return it, or None if it is not open."""
        with self._changing:
            photo = self._photos.pop(key, None)
            if photo is not None:
                self.version += 1
                self._used = [each for each in self._used if each is not photo]
        if photo is not None:
            photo.release()
        return photo

    def get(self, key: str) -> OpenPhoto | None:
        """Return an open photo, or None."""
        with self._changing:
            return self._photos.get(key)

    def use(self, photo: OpenPhoto) -> None:
        """Keep a photo in memory; let go of those that were used long ago."""
        released = []
        with self._changing:
            # Whoever asked for one that was let go has brought it back to memory.
            back = [
                each
                for each in self._photos.values()
                if each.is_held and each not in self._used
            ]
            self._used = [each for each in back + self._used if each is not photo]
            self._used.append(photo)
            while len(self._used) > 1 and (
                sum(each.pixels for each in self._used) > _MOST_PIXELS
            ):
                released.append(self._used.pop(0))
        for each in released:
            each.release()


def _as_text(name: str) -> str:
    """Return a name without bytes that are no text, as old disks have them."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
