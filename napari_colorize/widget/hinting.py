"""Hints of the chosen image: from clicks to points, colors and the picture."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.notifications import show_error

from napari_colorize.hints import (
    add_hints,
    find_points,
    hints_of,
    make_points,
    set_color,
)
from napari_colorize.hints.points import SOURCE
from napari_colorize.messages import reason
from napari_colorize.runs import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari.layers import Layer, Points

    from colorize_engine import Hint
    from napari_colorize.hints import Palette
    from napari_colorize.runs import Run

_BELOW = 0.5


class Hinting:
    """The wire between a run, its Points layer and the palette.

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
        self._palette, self._run, self._say, self._fail = palette, run, say, fail
        self._points: Points | None = None
        self._asked: tuple[float, float] | None = None
        self._still = False
        palette.asked.connect(self.begin)
        palette.chosen.connect(self.color)
        palette.loaded.connect(self.load)

    def begin(self) -> None:
        """Make or find the layer of hints, and let clicks add points."""
        run = self._run()
        if run is None:
            self._say("Press Colorize first, then add hints.")
            return
        if not run.results.steering.takes_hints:
            self._say(
                "Hints are for single pictures and models that take them; for a stack, "
                "choose the current slice."
            )
            return
        viewer = run.viewer
        if viewer is None:
            return
        points = find_points(viewer, run.layer)
        if points is None:
            points = make_points(viewer, run.layer, run.results.source.shape)
        self.follow(points)
        viewer.layers.selection.active = points
        points.mode = "add"
        # A point has no color until one is chosen for it.
        with points.block_update_properties():
            points.current_face_color = "transparent"
        self._palette.open_for_points(True)
        self._say("Click a thing that has the wrong color.")

    def follow(self, points: Points) -> None:
        """Follow the points of a layer, instead of those of another one."""
        if points is self._points:
            return
        if self._points is not None:
            self._points.events.data.disconnect(self._on_data)
            self._points.selected_data.events.items_changed.disconnect(self._on_select)
        self._points = points
        points.events.data.connect(self._on_data)
        points.selected_data.events.items_changed.connect(self._on_select)

    def color(self, rgb: Sequence[int]) -> None:
        """Set the color of the selected points and show the picture with it."""
        points = self._points
        if points is None or not points.selected_data:
            return
        set_color(points, sorted(points.selected_data), [level / 255 for level in rgb])
        self.apply()

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
            check_inside(hints, run.results.source.shape)
        except (OSError, ValueError) as error:
            show_error(f"Could not load hints from {path}: {reason(error)}.")
            return
        self.replace((), hints)
        self._say(f"Loaded {len(hints)} hints.")

    def replace(self, old: Sequence[Hint], new: Sequence[Hint]) -> None:
        """Put hints in place of others, and show the picture with them."""
        run = self._run()
        if run is None or run.viewer is None:
            return
        points = find_points(run.viewer, run.layer)
        if points is None:
            active = run.viewer.layers.selection.active
            points = make_points(run.viewer, run.layer, run.results.source.shape)
            run.viewer.layers.selection.active = active
        self.follow(points)
        source = run.results.source
        with self._waiting():
            places = {
                (h.row + source.corner[0], h.column + source.corner[1]) for h in old
            }
            gone = {k for k, at in enumerate(points.data) if (at[-2], at[-1]) in places}
            if gone:
                points.selected_data = gone
                points.remove_selected()
            add_hints(points, new, source.corner, source.start)
            points.selected_data = set()
        self._palette.open_for_points(True)
        self.apply()

    def on_removed(self, layer: Layer) -> None:
        """Show the picture without hints if their layer was removed."""
        points = self._points
        if points is None or layer is not points:
            return
        run = self._run_of_points()
        self._points = None
        self._palette.offer([], 0)
        self._palette.open_for_points(False)
        if run is not None:
            run.hint(())

    def resume(self) -> None:
        """Follow the points of the chosen image; show the picture with them."""
        run = self._run()
        points = None
        if run is not None and run.viewer is not None:
            points = find_points(run.viewer, run.layer)
        self._palette.open_for_points(points is not None)
        if points is not None:
            self.follow(points)
            self.apply()

    def _run_of_points(self) -> Run | None:
        """Return the run of the chosen image, if the points are those of this image."""
        run, points = self._run(), self._points
        if run is None or points is None:
            return None
        return run if points.metadata.get(SOURCE) is run.layer else None

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Leave changes of the points alone for a while."""
        self._still = True
        try:
            yield
        finally:
            self._still = False

    def apply(self) -> None:
        """Show the picture with the hints as they are now."""
        run = self._run_of_points()
        if run is None or self._points is None or not run.results.steering.takes_hints:
            return
        source = run.results.source
        hints = tuple(hints_of(self._points, source.corner, source.shape))
        if hints != run.results.steering.hints or run.live.busy:
            run.hint(hints)

    def _on_data(self, event: Any) -> None:
        if self._still:
            return
        action = str(getattr(event, "action", "")).lower()
        if "ing" in action:  # before the change, as napari also tells
            return
        if action.endswith("added") and self._points is not None:
            last = len(self._points.data) - 1
            # napari gives it the color of the point that was selected before.
            set_color(self._points, [last], None)
            self._points.selected_data = {last}
            return
        self.apply()

    def _on_select(self, _event: Any = None) -> None:
        if not self._still:
            self._suggest()

    def _suggest(self) -> None:
        """Ask for likely colors of the selected point in a worker."""
        run, points = self._run_of_points(), self._points
        if run is None or points is None or len(points.selected_data) != 1:
            self._palette.offer([], 0)
            return
        (index,) = points.selected_data
        if index >= len(points.data):
            return
        source = run.results.source
        place = points.data[index][-2:] - np.array(source.corner, float)
        at = (float(place[0]), float(place[1]))
        shape = source.shape
        if not all(-_BELOW <= p <= n - _BELOW for p, n in zip(at, shape, strict=True)):
            self._say("This point lies outside of the colored part.")
            return
        self._asked = at
        worker = Worker(
            lambda _worker: run.results.steering.suggest(run.shown_frame(), *at)
        )
        worker.returned.connect(lambda found: self._on_suggested(at, found))
        worker.errored.connect(self._fail)
        worker.start()

    def _on_suggested(self, at: tuple[float, float], found: Any) -> None:
        # Only the last question counts.
        if at == self._asked:
            self._palette.offer(*found)
