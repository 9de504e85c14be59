"""A photo that is open: its file, its edit, and its colors at any size."""

from __future__ import annotations

import secrets
from threading import RLock
from typing import TYPE_CHECKING

from colorize_engine import files
from colorize_engine.edit import Edit, State
from colorize_engine.editor.edited import Edited
from colorize_engine.editor.held_colors import HeldColors
from colorize_engine.editor.opening import open_page, read_page
from colorize_engine.editor.view import View, in_8_bits, level_for, window
from colorize_engine.pixel import describe, pixel_of
from colorize_engine.rendering import Pyramid, Rendering, WindowCache
from colorize_engine.steering import suggest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from colorize_engine.colorizer import Colorizer
    from colorize_engine.editor.view import Bytes
    from colorize_engine.hints import Hint
    from colorize_engine.pixel import PixelNumbers
    from colorize_engine.steering import Suggestion


class OpenPhoto(Edited):
    """A photo that a person works on. Get it from `Editor.add`.

    What it needs beyond its file is made when it is asked for, and kept until
    ``release``. One thread changes the edit; any may look at the photo.

    Parameters
    ----------
    path
        Its file, which must stay as it is.
    name
        What a person calls the file.
    colorizer
        Returns the model; it may wait until the model is loaded.
    max_pixels
        Largest number of pixels, see `files.read`.

    Attributes
    ----------
    key : str
        Unlike that of any other photo.
    path : Path
    name : str
    shape : (int, int)
        Height and width, upright.
    page_count : int
        Number of pages of its file; the first is shown.
    value_range : "full" or "auto"
        The values of black and white, see `files.read`. It is ``"auto"`` for floats
        outside of 0..1, and where the values fill little of their type.
    blank : int
        Number of pixels that were NaN or infinite; they are black and have no color.
    notes : tuple of str
        What there is to know about the file, for a person.
    history : EditHistory
        Hints and settings. A photo that this program has saved begins with those that
        it was saved with.
    edits : int
        Counts the changes of the edit.

    Raises
    ------
    FileError, OSError
        If the file is not a picture or cannot be read.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        colorizer: Callable[[], Colorizer],
        max_pixels: int = files.MAX_PIXELS,
    ) -> None:
        super().__init__(colorizer)
        self.key, self.path, self.name = secrets.token_urlsafe(9), path, name
        self._max_pixels, self._lock = max_pixels, RLock()
        self._held: HeldColors | None = None
        self._small: Bytes | None = None
        # The edit that the small picture shows; None while it is gray.
        self._shown: State | None = None
        found = open_page(path, max_pixels)
        self.notes, self.page_count = found.notes, found.page_count
        self.value_range, self.blank = found.value_range, found.blank
        height, width = found.image.shape[:2]
        self.shape = int(height), int(width)
        self._light: Pyramid | None = Pyramid(found.image)
        if self._restore(path, self.shape):
            self.notes = (
                "it was saved by this program; its settings and hints are back",
            )
        self.thumbnail()

    def edit(self) -> Edit:
        """Return all that is set, to be kept as text or as a command."""
        colorizer = self._colorizer()
        label = colorizer.card.label if colorizer.card else "custom"
        return Edit(
            label,
            self.settings,
            colorizer.working_size,
            self.state.hints,
            self.value_range,
        )

    @property
    def is_held(self) -> bool:
        """Whether its pixels are in memory."""
        return self._light is not None

    @property
    def is_colored(self) -> bool:
        """Whether the thumbnail shows the colors of the edit as it is now."""
        return self._shown is not None and self._shown == self.state

    @property
    def pixels(self) -> int:
        """Number of its pixels."""
        return self.shape[0] * self.shape[1]

    def release(self) -> None:
        """Forget all that can be made again from the file and the edit."""
        with self._lock:
            self._held = self._light = None

    def _pyramid(self) -> Pyramid:
        if self._light is None:
            found = read_page(self.path, self.value_range, self._max_pixels)
            self._light = Pyramid(found.image)
        return self._light

    def _now(self) -> HeldColors:
        """Return what is held, with the present hints; the lock must be held."""
        hints, light = self.state.hints, self._pyramid()
        if self._held is None:
            self._held = HeldColors(light, self._colorizer())
        self._held.use_hints(hints)
        return self._held

    def view(
        self,
        width: int,
        box: tuple[float, float, float, float] = (0, 0, 1, 1),
        *,
        gray: bool = False,
        draft: bool = False,
    ) -> View:
        """Return a part of the photo.

        It is at least as wide as asked for, if the photo has so many pixels.

        Parameters
        ----------
        width
            Wanted width in pixels of the screen, 1 or more.
        box
            Left, top, right and bottom of the part as shares, 0..1.
        gray
            Whether to leave out the colors; the nets do not run then.
        draft
            Whether colors may lie beside the edges of things, which takes less time. It
            is for what is seen while a slider moves.
        """
        with self._lock:
            light = self._pyramid()
            gray_colors = WindowCache(Rendering.gray(light)) if gray else None
            colors = gray_colors or self._now().colors(self.settings, draft=draft)
            level = level_for(light, width / max(box[2] - box[0], 1e-6))
            rows, columns = window(light.shapes[level], box)
            if not gray and level < len(light.shapes) - 1:
                light.hold(rows, columns, level)
            pixels = colors.window(rows, columns, level)
            height, wide = light.shapes[level]
        part = (
            columns.start / wide,
            rows.start / height,
            columns.stop / wide,
            rows.stop / height,
        )
        return View(in_8_bits(pixels), part)

    def thumbnail(self) -> Bytes:
        """Return a small picture, its long side at most 256 pixels.

        It is gray until the nets have run for the photo.
        """
        with self._lock:
            if self._held is not None:
                self._shown = State(self.state.hints, self.settings)
                self._small = self.view(1).pixels
            elif self._small is None:
                self._small = self.view(1, gray=True).pixels
            return self._small

    def color(self) -> None:
        """Run the nets, so that the thumbnail is in color from then on."""
        with self._lock:
            self._now()
            self.thumbnail()

    def suggestions(
        self, row: float, column: float, count: int = 5
    ) -> tuple[list[Suggestion], float]:
        """Return likely colors of a pixel, best first, and its L*.

        Raises
        ------
        ValueError
            As in `Colorizer.suggest`.
        """
        with self._lock:
            predicted = self._now().predicted
        return suggest(predicted, row, column, count), predicted.lightness_at(
            row, column
        )

    def numbers(self, row: int, column: int) -> PixelNumbers:
        """Return what the nets think of a pixel.

        Raises
        ------
        ValueError
            If it lies outside the photo.
        """
        with self._lock:
            predicted = self._now().predicted
        return describe(pixel_of(predicted, row, column), self.settings)

    def variants(self, seed: int = 0, count: int = 6) -> list[tuple[Hint, ...]]:
        """Return the hints of several plausible pictures; all have the photo's own."""
        with self._lock:
            return [each.hints for each in self._now().variants(seed, count)]

    def variant_thumbnail(self, seed: int, number: int, count: int = 6) -> Bytes:
        """Return a small picture of a variant.

        Raises
        ------
        IndexError
            If there is no such variant.
        """
        with self._lock:
            held, light = self._now(), self._pyramid()
            variant = held.variants(seed, count)[number]
            rendering = held.render(variant, self.settings)
            last = len(light.shapes) - 1
            rows, columns = window(light.shapes[last], (0, 0, 1, 1))
            return in_8_bits(rendering.window(rows, columns, last))
