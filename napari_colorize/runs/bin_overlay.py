"""Text on the canvas that names the shown bin while the slider of the bins moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

import numpy as np

from napari_colorize.runs.run import plain, registry
from napari_colorize.runs.store import PROBABILITIES

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

_LIGHTNESS = 70.0
_overlays: WeakKeyDictionary[ViewerModel, BinsOverlay] = WeakKeyDictionary()


def attach(viewer: ViewerModel) -> BinsOverlay:
    """Return the overlay of a viewer, a new one if needed, following all its layers."""
    viewer = plain(viewer)
    if viewer not in _overlays:
        _overlays[viewer] = BinsOverlay(viewer)
    _overlays[viewer].follow()
    return _overlays[viewer]


class BinsOverlay:
    """Value and number of each shown bin, as text in the color of the uppermost bin.

    The text borrows the viewer's own text overlay while a probability layer is visible.
    Afterward the overlay is restored as it was.

    Parameters
    ----------
    viewer
        The viewer that shows the text.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = ref(viewer)
        self._before: dict[str, Any] | None = None
        viewer.dims.events.current_step.connect(self.update)
        viewer.layers.events.removed.connect(self.update)
        viewer.layers.events.reordered.connect(self.update)

    def follow(self) -> None:
        """Watch all present probability layers."""
        viewer = self._viewer()
        if viewer is None:
            return
        for run in registry.of(viewer):
            for kind, layer in run.layers.items():
                if kind in PROBABILITIES:
                    layer.events.visible.connect(self.update)
        self.update()

    def update(self, _event: Any = None) -> None:
        """Show the bins of the visible probability layers, the uppermost first."""
        viewer = self._viewer()
        if viewer is None:
            return
        shown = self._shown(viewer)
        overlay = viewer.canvas.overlays.text
        if not shown:
            if self._before is not None:
                for name, value in self._before.items():
                    setattr(overlay, name, value)
                self._before = None
            return
        if self._before is None:
            names = ("text", "visible", "color", "font_size", "box", "box_color")
            self._before = {name: getattr(overlay, name) for name in names}
        lines = [_line(*bin_) for bin_ in shown]
        overlay.text = "\n".join(lines)
        overlay.color = _color(shown[0][0], shown[0][3])
        overlay.font_size = 14
        # Otherwise pale letters would be on the light canvas of a light theme.
        overlay.box, overlay.box_color = True, "black"
        overlay.visible = True

    @staticmethod
    def _shown(viewer: ViewerModel) -> list[tuple[str, int, int, float]]:
        """Return channel, number, count and value of each shown bin."""
        order = {id(layer): place for place, layer in enumerate(viewer.layers)}
        found: list[tuple[int, tuple[str, int, int, float]]] = []
        for run in registry.of(viewer):
            for kind in PROBABILITIES:
                layer = run.layers.get(kind)
                if layer is None or id(layer) not in order or not layer.visible:
                    continue
                centers = run.results.colorizer.bins["ab".index(kind[0])].centers
                number = _shown_bin(layer, viewer.dims.point)
                if 0 <= number < len(centers):
                    value = (kind[0], number, len(centers), float(centers[number]))
                    found.append((order[id(layer)], value))
        return [value for _, value in sorted(found, reverse=True)]


def _shown_bin(layer: Image, point: tuple[float, ...]) -> int:
    return int(np.rint(layer.world_to_data(point)[0]))


def _line(channel: str, number: int, count: int, value: float) -> str:
    return f"{channel} = {value:+.4g}   bin {number + 1} of {count}"


def _color(channel: str, value: float) -> Any:
    """Return the RGBA color of a value of a or b at L* = 70, the other channel 0."""
    from colorize_engine.color import lab_to_rgb

    chroma = np.zeros((2, 1, 1), np.float32)
    chroma["ab".index(channel)] = value
    light = np.full((1, 1), _LIGHTNESS, np.float32)
    rgb = lab_to_rgb(light, chroma, np.dtype(np.float32))[0, 0]
    return [*map(float, rgb), 1.0]
