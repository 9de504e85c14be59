"""Visibility of layers while the source is compared with what lies on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from napari.layers import Image
from psygnal import Signal

from napari_colorize.runs import active_run, registry, run_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.components import ViewerModel
    from napari.layers import Layer


class Pair(NamedTuple):
    """The gray source, and the layer that it is compared with.

    Attributes
    ----------
    source, other : Image
        The layers.
    covered : bool
        Whether the source lies above the other layer.
    """

    source: Image
    other: Image
    covered: bool


class Comparison:
    """The source of the active run, shown alone or beside a layer that lies on it.

    Only the visibility of layers changes. It comes back when the comparison ends.

    Parameters
    ----------
    viewer
        The viewer of the layers.

    Attributes
    ----------
    changed : Signal
        Emitted after anything here has changed.
    gray : bool
        Whether the source alone is shown.
    split : bool
        Whether the source is shown on the left of a line, the other layer on its right.
    position : float
        Place of the line, as a share of the canvas from the left, 0..1.
    pair : Pair or None
        The layers to compare: the source, and the selected image if it lies on the
        source, or else the picture in color, or else the first result. None without a
        run, in 3-D, and in the grid.
    """

    changed = Signal()

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self.gray = self.split = False
        self.position = 0.5
        self._before: dict[Layer, bool] = {}
        for emitter in self._emitters():
            emitter.connect(self.update)
        registry.changed.connect(self.update)
        self.pair = self._find_pair()

    def _emitters(self) -> Iterator[Any]:
        layers = self._viewer.layers
        yield layers.selection.events.active
        yield layers.events.inserted
        yield layers.events.removed
        yield layers.events.reordered
        yield self._viewer.dims.events.ndisplay
        yield self._viewer.canvas.grid.events.enabled

    def _find_pair(self) -> Pair | None:
        viewer = self._viewer
        run, layers = active_run(viewer), viewer.layers
        apart = viewer.dims.ndisplay != 2 or viewer.canvas.grid.enabled
        if apart or run is None or run.layer not in layers:
            return None
        results = {kind: one for kind, one in run.layers.items() if one in layers}
        if not results:
            return None
        source, chosen = run.layer, layers.selection.active
        other = results.get("colorized", next(iter(results.values())))
        if chosen is not source and self._lies_on(chosen, source):
            other = chosen
        return Pair(source, other, layers.index(source) > layers.index(other))

    def _lies_on(self, layer: Layer | None, source: Image) -> bool:
        """Return whether a layer is an image of the source's place."""
        if not isinstance(layer, Image):
            return False
        run = run_of(self._viewer, layer)
        if run is not None and run.layer is source:
            return True
        pixel = np.abs(source.scale[-2:]).max()
        return np.allclose(_corners(layer), _corners(source), rtol=0, atol=pixel)

    def show_gray(self, on: bool) -> None:
        """Show the source alone, or what was there before."""
        self.gray = on
        self.update()

    def show_split(self, on: bool) -> None:
        """Show the source on the left of the line and the other layer on its right."""
        self.split = on
        self.update()

    def move(self, position: float) -> None:
        """Move the line to a share of the canvas, 0..1; beyond, to the edge."""
        self.position = min(max(position, 0.0), 1.0)
        self.changed.emit()

    def update(self, _event: Any = None) -> None:
        """Show what is to be seen now; without layers to compare, end."""
        self.pair = self._find_pair()
        if self.pair is None:
            self.gray = self.split = False
        before, self._before = self._before, {}
        wanted = self._wanted()
        for layer, visible in {**before, **wanted}.items():
            was = before.get(layer, layer.visible)
            if layer in wanted and was != visible:
                self._before[layer] = was
            if layer.visible != visible:
                layer.visible = visible
        self.changed.emit()

    def _wanted(self) -> dict[Layer, bool]:
        """Return which layers are to be visible; not those that are left alone."""
        pair = self.pair
        if pair is None or not (self.gray or self.split):
            return {}
        shown = (pair.source,) if self.gray else (pair.source, pair.other)
        return {
            layer: any(layer is one for one in shown)
            for layer in self._viewer.layers
            if self._lies_on(layer, pair.source)
        }

    def release(self) -> None:
        """End the comparison and follow the viewer no more."""
        self.gray = self.split = False
        self.update()
        registry.changed.disconnect(self.update)
        for emitter in self._emitters():
            emitter.disconnect(self.update)


def _corners(layer: Image) -> np.ndarray:
    """Return the world places (3, 2) of three corners of a layer's last two axes."""
    first, last = np.add(layer.extent.data, [[-0.5], [0.5]])
    corners = np.stack([first] * 3)
    corners[1, -2], corners[2, -1] = last[-2:]
    return np.array([layer.data_to_world(corner)[-2:] for corner in corners])
