"""Events of a viewer that the inspector follows, as signals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_colorize.runs import registry

if TYPE_CHECKING:
    from collections.abc import Generator

    import napari.viewer

    from napari_colorize.runs import Run

_CLICK_PIXELS = 4.0  # moving the mouse this far on the canvas is a drag


class ViewerEvents:
    """Viewer events as signals; disconnecting is safe after Qt has deleted a widget.

    psygnal holds methods weakly, so the viewer's callbacks keep no widget alive.

    Parameters
    ----------
    viewer
        The viewer whose events are passed on while they are attached.

    Attributes
    ----------
    changed : Signal
        The shown run, its frame or its decoding may have changed.
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
        """Return the emitters of events that may change the shown run or frame."""
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
            # Current and pinned run may be the same one, which must notify only once.
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
        """Emit ``clicked`` after a left click that neither draws nor drags."""
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
    """Return whether the mouse pans a 2-D view, so that it draws and moves nothing."""
    mode = str(getattr(viewer.layers.selection.active, "mode", "pan_zoom"))
    return mode == "pan_zoom" and viewer.dims.ndisplay == 2
