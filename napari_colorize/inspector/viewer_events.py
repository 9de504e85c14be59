"""Events of a viewer that the inspector follows, as signals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_colorize.runs import registry

if TYPE_CHECKING:
    from collections.abc import Generator

    import napari.viewer

    from napari_colorize.runs import Run

_CLICK_PIXELS = 4.0  # a mouse that moves farther on the canvas drags


class ViewerEvents:
    """Viewer events as signals; disconnecting is safe after Qt has deleted a widget.

    psygnal holds methods weakly, so the viewer's callbacks keep no widget alive.

    Parameters
    ----------
    viewer
        Whose events are passed on while they are attached.

    Attributes
    ----------
    changed : Signal
        Another run or another frame may be shown, or decoded otherwise.
    moved : Signal
        The cursor moved.
    clicked : Signal
        The left button was pressed and released at one place of the canvas.
    """

    changed = Signal()
    moved = Signal()
    clicked = Signal()

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self._viewer = viewer
        self._runs: list[Run] = []
        self._attached = False

    def attach(self) -> bool:
        """Connect to the viewer and the runs; return False if that was done before."""
        if self._attached:
            return False
        self._attached = True
        for emitter in self._emitters():
            emitter.connect(self._on_change)
        self._viewer.cursor.events.position.connect(self._on_move)
        self._viewer.mouse_drag_callbacks.append(self._click)
        registry.changed.connect(self._on_change)
        return True

    def _emitters(self) -> tuple[Any, ...]:
        """Events after which another run or another frame may be shown."""
        dims = self._viewer.dims.events
        return (
            dims.current_step,
            dims.ndisplay,
            dims.order,
            self._viewer.layers.selection.events.active,
        )

    def listen_to(self, *wanted: Run | None) -> None:
        """Follow the settings of these runs, and of no others."""
        if not self._attached:
            return
        new = [run for run in wanted if run is not None]
        for run in self._runs:
            if run not in new:
                run.changed.disconnect(self._on_change, missing_ok=True)
        for run in new:
            # Current and pinned may be the same run, which must not tell twice.
            run.changed.connect(self._on_change, unique=True)
        self._runs = new

    def release(self, *_: object) -> None:
        """Disconnect from everything; a second call does nothing."""
        if not self._attached:
            return
        self.listen_to()
        self._attached = False
        for emitter in self._emitters():
            emitter.disconnect(self._on_change)
        self._viewer.cursor.events.position.disconnect(self._on_move)
        self._viewer.mouse_drag_callbacks.remove(self._click)
        registry.changed.disconnect(self._on_change, missing_ok=True)

    def _on_change(self) -> None:
        self.changed.emit()

    def _on_move(self) -> None:
        self.moved.emit()

    def _click(self, viewer: Any, event: Any) -> Generator[None, None, None]:
        """Tell of a click of the left button, which neither draws nor drags."""
        if not _pans(viewer) or event.button != 1 or event.modifiers:
            return
        start, moved = event.pos, 0.0
        yield
        while event.type == "mouse_move":
            moved = max(moved, *(abs(event.pos[i] - start[i]) for i in (0, 1)))
            yield
        if self._attached and moved < _CLICK_PIXELS:
            self.clicked.emit()


def _pans(viewer: Any) -> bool:
    """Whether the mouse pans a flat picture, and does not draw or move something."""
    mode = str(getattr(viewer.layers.selection.active, "mode", "pan_zoom"))
    return mode == "pan_zoom" and viewer.dims.ndisplay == 2
