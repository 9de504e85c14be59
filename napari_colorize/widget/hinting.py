"""The palette of the widget and the hints of the chosen image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari.utils.notifications import show_error

from napari_colorize.hints import Suggesting, hints_for
from napari_colorize.hints.points import place_in
from napari_colorize.messages import reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_colorize.hints import ImageHints, Palette
    from napari_colorize.runs import Run


class Hinting:
    """The wire between the palette and the hints of the chosen image.

    Parameters
    ----------
    palette
        The palette of the widget.
    run
        Returns the run of the chosen image, or None.
    say
        Shows a sentence to the person.
    fail
        Called with an exception of the worker.
    """

    def __init__(
        self,
        palette: Palette,
        run: Callable[[], Run | None],
        say: Callable[[str], None],
        fail: Callable[[Exception], None],
    ) -> None:
        self._palette, self._run, self._say = palette, run, say
        self._hints: ImageHints | None = None
        self._suggesting = Suggesting()
        self._suggesting.answered.connect(palette.offer)
        self._suggesting.failed.connect(fail)
        palette.asked.connect(self.begin)
        palette.loaded.connect(self.load)
        palette.chosen.connect(self._on_color)
        palette.opened.connect(self._on_open)

    def begin(self) -> None:
        """Make or find the layer of hints, and let clicks add points."""
        run = self._run()
        if run is None:
            self._say("Press Colorize first, then add hints.")
            return
        if not run.results.steering.takes_hints:
            self._say(
                "Hints are for models that take them, such as default. Choose one "
                "and press Colorize again."
            )
            return
        self._follow(run)
        points = self._hints.made() if self._hints is not None else None
        if points is None or run.viewer is None:
            return
        run.viewer.layers.selection.active = points
        points.mode = "add"
        # A point has no color until one is chosen for it.
        with points.block_update_properties():
            points.current_face_color = "transparent"
        self._show()
        self._say("Click something that has the wrong color.")

    def load(self, path: str) -> None:
        """Add the hints of a file, and show the picture with them."""
        from colorize_engine.batch.marks import load_hints
        from colorize_engine.hints import check_inside

        run = self._run()
        if run is None or not run.results.steering.takes_hints:
            self._say("Press Colorize first, then load hints.")
            return
        try:
            hints = load_hints(Path(path))
            source = run.results.source
            check_inside(hints, source.whole)
            # In pixels of what the nets see.
            top, left = source.corner
            hints = tuple(
                replace(hint, row=hint.row - top, column=hint.column - left)
                for hint in hints
            )
        except (OSError, ValueError) as error:
            show_error(f"Could not load hints from {path}: {reason(error)}.")
            return
        self._follow(run)
        if self._hints is not None:
            self._hints.replace((), hints)
            self._say(f"Loaded {len(hints)} hints.")

    def resume(self) -> None:
        """Follow the hints of the chosen image; show the picture with them."""
        run = self._run()
        self._follow(run)
        if self._hints is not None:
            self._hints.apply()
        self._show()
        self._on_select()

    def release(self) -> None:
        """Follow no hints any more, as the palette is gone."""
        self._follow(None)
        self._suggesting.forget()

    def _follow(self, run: Run | None) -> None:
        hints = None if run is None else hints_for(run)
        if hints is self._hints:
            return
        if self._hints is not None:
            self._hints.changed.disconnect(self._show)
            self._hints.selected.disconnect(self._on_select)
        self._hints = hints
        if hints is not None:
            hints.changed.connect(self._show)
            hints.selected.connect(self._on_select)

    # -- the palette

    def _on_color(self, a: float, b: float) -> None:
        if self._hints is not None:
            self._hints.color(a, b)

    def _on_open(self, channel: str) -> None:
        if self._hints is not None:
            self._hints.leave_open(channel)

    # -- the hints

    def _show(self) -> None:
        """Show what can be done with the hints as they are now."""
        hints, palette = self._hints, self._palette
        palette.open_for_points(hints is not None and hints.points is not None)
        palette.show_color(None if hints is None else hints.selected_color)

    def _on_select(self) -> None:
        """Ask for likely colors of the selected point."""
        hints, palette = self._hints, self._palette
        run = None if hints is None else hints.run
        points = None if hints is None else hints.points
        palette.show_color(None if hints is None else hints.selected_color)
        if run is None or points is None or len(points.selected_data) != 1:
            self._suggesting.forget()
            palette.offer([], 0)
            return
        (index,) = points.selected_data
        if index >= len(points.data):
            return
        at = place_in(points, index, run.results.source)
        if at is None:
            self._say("This point lies outside the colored part.")
            return
        self._suggesting.ask(run, *at)
