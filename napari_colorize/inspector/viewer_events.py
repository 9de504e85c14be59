"""What ties the inspector to its viewer: events, runs, clicks on the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from napari_colorize import runs

if TYPE_CHECKING:
    from collections.abc import Generator

    import napari.viewer

    from napari_colorize.inspector.dock import Inspector
    from napari_colorize.runs import Run

_CLICK_PIXELS = 4.0  # a mouse that moves farther on the canvas drags


class Wiring:
    """What ties an inspector to its viewer, and unties it even when Qt has deleted it.

    Knows the widget only weakly, so that the viewer's callbacks keep none alive.
    """

    def __init__(self, inspector: Inspector, viewer: napari.viewer.Viewer) -> None:
        self._inspector = ref(inspector)
        self._viewer = viewer
        self._runs: list[Run] = []
        self._attached = False
        self.attach()

    def attach(self) -> bool:
        """Connect to the viewer and the runs; False if that was done before."""
        if self._attached:
            return False
        self._attached = True
        for emitter in self._emitters(self._viewer):
            emitter.connect(self._refresh)
        self._viewer.cursor.events.position.connect(self._follow)
        self._viewer.mouse_drag_callbacks.append(self._click)
        runs.registry.changed.connect(self._refresh)
        return True

    @staticmethod
    def _emitters(viewer: napari.viewer.Viewer) -> tuple[Any, ...]:
        """Events after which another run or another frame may be meant."""
        dims = viewer.dims.events
        return (
            dims.current_step,
            dims.ndisplay,
            dims.order,
            viewer.layers.selection.events.active,
        )

    def listen_to(self, *wanted: Run | None) -> None:
        """Follow the settings of these runs, and of no others."""
        if not self._attached:
            return
        new = [run for run in wanted if run is not None]
        for run in self._runs:
            if run not in new:
                run.changed.disconnect(self._refresh, missing_ok=True)
        for run in new:
            # Twice the same run, current and pinned, must not be told twice.
            run.changed.connect(self._refresh, unique=True)
        self._runs = new

    def release(self, *_: object) -> None:
        """Disconnect from everything; once is enough, more does no harm."""
        if not self._attached:
            return
        self.listen_to()
        self._attached = False
        for emitter in self._emitters(self._viewer):
            emitter.disconnect(self._refresh)
        self._viewer.cursor.events.position.disconnect(self._follow)
        self._viewer.mouse_drag_callbacks.remove(self._click)
        runs.registry.changed.disconnect(self._refresh, missing_ok=True)

    def _live(self) -> Inspector | None:
        return self._inspector() if self._attached else None

    def _refresh(self) -> None:
        inspector = self._live()
        if inspector is not None:
            inspector.refresh()

    def _follow(self) -> None:
        inspector = self._live()
        if inspector is not None:
            inspector.follow()

    def _click(self, viewer: Any, event: Any) -> Generator[None, None, None]:
        """Pin the pixel where the left button was pressed and released."""
        inspector = self._live()
        if inspector is None or not inspector.may_pin():
            return
        if event.button != 1 or event.modifiers:
            return
        start, moved = event.pos, 0.0
        yield
        while event.type == "mouse_move":
            moved = max(moved, *(abs(event.pos[i] - start[i]) for i in (0, 1)))
            yield
        inspector = self._live()
        if inspector is not None and moved < _CLICK_PIXELS:
            inspector.pin_cursor()
