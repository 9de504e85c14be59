"""The hints of an image: its points, their history, and the picture that follows."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from psygnal import Signal

from napari_colorize.hints.point_color import PointColor, color_of, set_colors
from napari_colorize.hints.points import (
    add_hints,
    find_points,
    hint_in,
    hints_of,
    make_points,
    put_state,
    state_of,
)
from napari_colorize.runs import history_of, run_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from napari.components import ViewerModel
    from napari.layers import Image, Layer, Points

    from colorize_engine import Hint
    from colorize_engine.edit import State
    from napari_colorize.runs import ImageHistory, Place, Run


class ImageHints:
    """The only place where hints of an image are changed and applied.

    It follows the points: what a person does to them with napari's tools counts as what
    the palette or the inspector does. Get it from `hints_for`.

    Parameters
    ----------
    viewer
        The viewer of the image.
    image
        The image.
    history
        Its history, where changes of points are recorded.

    Attributes
    ----------
    changed : Signal
        Emitted after points or the history have changed.
    selected : Signal
        Emitted after other points were selected.
    """

    changed = Signal()
    selected = Signal()

    def __init__(
        self, viewer: ViewerModel, image: Image, history: ImageHistory
    ) -> None:
        # What lives as long as the image must not keep it alive.
        self._viewer, self._image = ref(viewer), ref(image)
        self._followed: ref[Points] | None = None
        self._history = history
        self._still = self._dragged = False
        history.restored.connect(self._on_restored)
        history.changed.connect(self.changed.emit)
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def run(self) -> Run | None:
        """Latest run of the image, if its nets take hints."""
        viewer, image = self._viewer(), self._image()
        run = None if viewer is None or image is None else run_of(viewer, image)
        return run if run and run.results.steering.takes_hints else None

    @property
    def points(self) -> Points | None:
        """The layer with the points, if there is one."""
        viewer, image = self._viewer(), self._image()
        if viewer is None or image is None:
            return None
        points = find_points(viewer, image)
        if points is not None:
            self._follow(points)
        return points

    @property
    def can_undo(self) -> bool:
        """Whether there is a change, or a point without a color, to take back."""
        return self._history.can_undo or bool(self._without_color())

    @property
    def can_redo(self) -> bool:
        """Whether there is a change that was undone."""
        return self._history.can_redo

    @property
    def selected_color(self) -> PointColor | None:
        """What the selected points tell; None if none of them has a color."""
        points = self.points
        indices = [] if points is None else sorted(points.selected_data)
        colors = [color_of(points, index) for index in indices]
        return next((color for color in colors if color is not None), None)

    def made(self) -> Points | None:
        """Return the layer with the points; make it if there is none.

        Return None without a run whose nets take hints.
        """
        run, points, viewer = self.run, self.points, self._viewer()
        if points is not None or run is None or viewer is None:
            return points
        active = viewer.layers.selection.active
        points = make_points(viewer, run.layer, run.results.source.shape)
        viewer.layers.selection.active = active
        self._follow(points)
        return points

    # -- changes

    def color(self, a: float, b: float) -> None:
        """Set the color of the selected points; an open channel stays open."""
        points = self.points
        if points is None:
            return
        colors = {}
        for index in points.selected_data:
            before = color_of(points, index) or PointColor(a, b)
            colors[index] = before._replace(a=a, b=b)
        self._set(points, colors)

    def leave_open(self, channel: str) -> None:
        """Leave a channel of the selected points to the nets.

        Parameters
        ----------
        channel
            ``"a"``, ``"b"``, or ``""`` for none.
        """
        points = self.points
        if points is None:
            return
        found = {index: color_of(points, index) for index in points.selected_data}
        self._set(
            points,
            {k: color._replace(open=channel) for k, color in found.items() if color},
        )

    def give(
        self, place: Place, a: float | None = None, b: float | None = None
    ) -> None:
        """Make a hint at a pixel and select its point.

        Where a hint is at the pixel already, it gets the color, and a channel that is
        not given stays as it was. Otherwise that channel is left open.

        Parameters
        ----------
        place
            The pixel, in the whole image.
        a, b
            CIE a* and b*, one of them at least; moved to the range of sRGB.
        """
        from colorize_engine.steering.suggestions import inside

        points = self.made()
        if points is None:
            return
        index = self.at(place)
        with self._waiting():
            if index is None:
                points.add([[*place.frame, place.row, place.column]])
                index = len(points.data) - 1
                set_colors(points, {index: None})
            color = color_of(points, index)
            if color is None:
                opened = "a" if a is None else "b" if b is None else ""
                color = PointColor(math.nan, math.nan, opened)
            if a is not None:
                color = color._replace(a=inside(a, "a"))
            if b is not None:
                color = color._replace(b=inside(b, "b"))
            if {"a": a, "b": b}.get(color.open) is not None:
                color = color._replace(open="")
            points.selected_data = {index}
        self._set(points, {index: color})
        self.selected.emit()

    def at(self, place: Place) -> int | None:
        """Return the index of the point at a pixel of the whole image, the top one."""
        points = self.points
        if points is None:
            return None
        pixel = np.array([*place.frame, place.row, place.column])
        (found,) = np.nonzero((np.rint(points.data) == pixel).all(1))
        return int(found[-1]) if len(found) else None

    def position_at(self, place: Place) -> tuple[float, float] | None:
        """Return the row and column of the point at a pixel of the whole image."""
        points, index = self.points, self.at(place)
        if points is None or index is None:
            return None
        return float(points.data[index][-2]), float(points.data[index][-1])

    def replace(self, old: Sequence[Hint], new: Sequence[Hint]) -> None:
        """Put hints of the run's source in place of others, as one change."""
        points, run = self.made(), self.run
        if points is None or run is None:
            return
        source = run.results.source
        with self._waiting():
            places = {(hint.frame, hint.row, hint.column) for hint in old}
            inner = [hint_in(points, k, source) for k in range(len(points.data))]
            gone = [
                k
                for k, hint in enumerate(inner)
                if hint and (hint.frame, hint.row, hint.column) in places
            ]
            if gone:
                points.remove(gone)
            add_hints(points, new, source)
            points.selected_data = set()
        self._on_change()
        self.selected.emit()

    def undo(self) -> None:
        """Take back the last change; points without a color go first, all at once."""
        points, orphans = self.points, self._without_color()
        if points is not None and orphans:
            points.remove(orphans)
        else:
            self._history.undo()

    def redo(self) -> None:
        """Do the change again that was undone last."""
        self._history.redo()

    def listen_to(self, layers: Iterable[Layer]) -> None:
        """Undo with Ctrl+Z, redo with Ctrl+Shift+Z, while a layer is selected."""
        for layer in layers:
            layer.bind_key("Control-Z", lambda _: self.undo(), overwrite=True)
            layer.bind_key("Control-Shift-Z", lambda _: self.redo(), overwrite=True)

    def apply(self) -> None:
        """Show the picture with the hints as they are now."""
        run, points = self.run, self.points
        if run is None:
            return
        hints = () if points is None else tuple(hints_of(points, run.results.source))
        if hints != run.results.steering.hints or run.live.busy:
            run.hint(hints)

    def _set(self, points: Points, colors: dict[int, PointColor]) -> None:
        with self._waiting():
            set_colors(points, colors)
        self._on_change()

    def _on_restored(self, state: State) -> None:
        points, run = self.points, self.run
        if state.hints != (() if points is None else state_of(points)):
            points = points or self.made()
            if points is not None:
                with self._waiting():
                    start = (0,) * (points.ndim - 2)
                    start = run.results.source.start if run else start
                    put_state(points, state.hints, start)
            self.selected.emit()
        self.apply()

    def _without_color(self) -> list[int]:
        points = self.points
        if points is None:
            return []
        return [int(k) for k in np.nonzero(points.face_color[:, 3] == 0)[0]]

    # -- what happens to the points

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Leave changes of the points alone for a while."""
        self._still = True
        try:
            yield
        finally:
            self._still = False

    def _follow(self, points: Points) -> None:
        if self._followed is not None and points is self._followed():
            return
        self._followed = ref(points)
        events = points.events
        events.data.connect(self._on_data)
        # Pasting emits no event of the data.
        for emitter in (events.face_color, events.features):
            emitter.connect(self._on_event)
        events.current_face_color.connect(self._on_control)
        points.selected_data.events.items_changed.connect(self._on_select)
        self.listen_to([points])

    def _on_data(self, event: Any) -> None:
        action = str(event.action).lower()
        if self._still:
            return
        # napari also tells that a change begins, and what moves until it has ended.
        self._dragged = "ing" in action
        if self._dragged:
            return
        points = self.points
        if points is not None and action.endswith("added"):
            # napari gives it the color of the point that was selected before.
            new = [k % len(points.data) for k in event.data_indices]
            with self._waiting():
                set_colors(points, dict.fromkeys(new))
        self._on_change()

    def _on_event(self, _event: Any = None) -> None:
        if not (self._still or self._dragged):
            self._on_change()

    def _on_control(self, _event: Any = None) -> None:
        """Follow napari's control of colors, which tells each color on the way."""
        points = self.points
        if not self._still and points is not None:
            self._on_change(("face", frozenset(points.selected_data)))

    def _on_select(self, _event: Any = None) -> None:
        self._on_event()
        if not self._still:
            self.selected.emit()

    def _on_change(self, change: Hashable = None) -> None:
        """Record the points and apply them, if they are others than before."""
        points = self.points
        state = () if points is None else state_of(points)
        before = self._history.present.hints
        self._history.set_hints(state, change)
        if state != before:
            self.apply()

    def _on_removed(self, event: Any) -> None:
        if self._followed is not None and event.value is self._followed():
            self._followed = None
            self._on_change()
            self.selected.emit()


_all: WeakKeyDictionary[Image, ImageHints] = WeakKeyDictionary()


def hints_for(run: Run) -> ImageHints | None:
    """Return the hints of a run's image; None once its viewer is gone."""
    viewer = run.viewer
    if viewer is None:
        return None
    history = history_of(run)
    if run.layer not in _all and history is not None:
        _all[run.layer] = ImageHints(viewer, run.layer, history)
    return _all[run.layer]
