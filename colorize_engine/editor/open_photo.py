"""A photo that is open: its file, its edit, and its colors at any size."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from threading import Lock, RLock
from typing import TYPE_CHECKING, cast

from colorize_engine import files
from colorize_engine.decode import DecodeOptions
from colorize_engine.edit import Edit, EditHistory, State, saved_edit
from colorize_engine.editor.opening import open_page, read_page
from colorize_engine.editor.view import View, in_8_bits, level_for, window
from colorize_engine.pixel import describe, pixel_of
from colorize_engine.rendering import Pyramid, Rendering, WindowCache
from colorize_engine.steering import suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from pathlib import Path

    from colorize_engine.colorizer import Colorizer
    from colorize_engine.decode import DecodeSettings
    from colorize_engine.editor.view import Bytes
    from colorize_engine.hints import Hint
    from colorize_engine.pixel import PixelNumbers
    from colorize_engine.prediction import Prediction
    from colorize_engine.steering import Suggestion


@dataclass
class _Held:
    """What is in memory of a photo while somebody works on it."""

    light: Pyramid
    plain: Prediction
    predicted: Prediction
    colors: WindowCache
    state: State
    variants: dict[int, list[Prediction]] = field(default_factory=dict)


class OpenPhoto:
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
        self.key, self.path, self.name = secrets.token_urlsafe(9), path, name
        self.history, self.edits = EditHistory(), 0
        self._colorizer, self._max_pixels = colorizer, max_pixels
        self._lock, self._changing = RLock(), Lock()
        self._held: _Held | None = None
        self._small: Bytes | None = None
        # The edit that the small picture shows; None while it is gray.
        self._shown: State | None = None
        found = open_page(path, max_pixels)
        self.notes, self.page_count = found.notes, found.page_count
        self.value_range, self.blank = found.value_range, found.blank
        height, width = found.image.shape[:2]
        self.shape = int(height), int(width)
        self._light: Pyramid | None = Pyramid(found.image)
        self._restore()
        self.thumbnail()

    def _restore(self) -> None:
        """Take up the edit of a photo that this program has saved."""
        try:
            edit = saved_edit(self.path)
        except (OSError, ValueError):
            return
        if edit is None:
            return
        inside = [
            hint
            for hint in edit.hints
            if hint.row < self.shape[0] and hint.column < self.shape[1]
        ]
        self.history.amend(State(tuple(inside), edit.decoding))
        self.notes = ("it was saved by this program; its settings and hints are back",)

    @property
    def state(self) -> State:
        """Hints and settings as they are now."""
        return self.history.present

    @property
    def settings(self) -> DecodeSettings:
        """Settings as they are now; at first those of the model, which it waits for."""
        if self.state.settings is None:
            own = DecodeOptions().resolved(self._colorizer())
            with self._changing:
                if self.state.settings is None:
                    self.history.begin(own)
        return cast("DecodeSettings", self.state.settings)

    def set_hints(self, hints: tuple[Hint, ...], change: Hashable = None) -> None:
        """Change the hints; see `History.record`."""
        with self._changing:
            self.history.set_hints(hints, change)
            self.edits += 1

    def set_settings(self, settings: DecodeSettings, change: Hashable = None) -> None:
        """Change the settings; see `History.record`."""
        with self._changing:
            self.history.set_settings(settings, change)
            self.edits += 1

    def set_state(self, state: State) -> None:
        """Change hints and settings in one step."""
        with self._changing:
            self.history.record(state)
            self.edits += 1

    def undo(self) -> None:
        """Take back the last change."""
        with self._changing:
            self.history.undo()
            self.edits += 1

    def redo(self) -> None:
        """Do the change again that was undone last."""
        with self._changing:
            self.history.redo()
            self.edits += 1

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

    def _now(self) -> _Held:
        """Return what is held, with the present hints; the lock must be held."""
        hints, light = self.state.hints, self._pyramid()
        if self._held is None:
            plain = self._colorizer().predict(light.image)
            gray = WindowCache(Rendering.gray(light))
            self._held = _Held(light, plain, plain, gray, State())
        held = self._held
        if held.predicted.hints != hints:
            held.variants.clear()
            held.predicted = held.plain.with_hints(hints) if hints else held.plain
        return held

    def _colors(self, draft: bool) -> WindowCache:
        """Return the colors of the edit as it is now; the lock must be held."""
        held, settings = self._now(), self.settings
        # Of this state: a slider may have gone on meanwhile.
        state = State(held.predicted.hints, settings)
        if held.state == state:
            return held.colors
        colors = WindowCache(self._render(held.predicted, settings, draft))
        if not draft:
            held.colors, held.state = colors, state
        return colors

    def _render(
        self, prediction: Prediction, settings: DecodeSettings, draft: bool = False
    ) -> Rendering:
        chroma = prediction.decode(*settings.arguments)
        method = "bilinear" if draft else "guided"
        return prediction.rendering(chroma, method=method, light=self._pyramid())

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
            colors = gray_colors or self._colors(draft)
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
            held = self._now()
        return describe(pixel_of(held.predicted, row, column), self.settings)

    def variants(self, seed: int = 0, count: int = 6) -> list[tuple[Hint, ...]]:
        """Return the hints of several plausible pictures; all have the photo's own."""
        return [each.hints for each in self._variants(seed, count)]

    def variant_thumbnail(self, seed: int, number: int, count: int = 6) -> Bytes:
        """Return a small picture of a variant.

        Raises
        ------
        IndexError
            If there is no such variant.
        """
        with self._lock:
            variant = self._variants(seed, count)[number]
            rendering = self._render(variant, self.settings)
            light = self._pyramid()
            last = len(light.shapes) - 1
            rows, columns = window(light.shapes[last], (0, 0, 1, 1))
            return in_8_bits(rendering.window(rows, columns, last))

    def _variants(self, seed: int, count: int) -> list[Prediction]:
        with self._lock:
            held = self._now()
            if seed not in held.variants:
                held.variants = {
                    seed: self._colorizer().variants(held.predicted, count, seed)
                }
            return held.variants[seed]
