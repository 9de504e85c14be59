"""Ring on the canvas around the pinned pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari._vispy.overlays.base import ViewerOverlayMixin, VispySceneOverlay
from napari._vispy.utils.visual import overlay_to_visual
from napari.components.overlays import SceneOverlay
from vispy.scene.visuals import Markers

if TYPE_CHECKING:
    from napari.components import ViewerModel

# A white ring inside a black one shows on every color.
_DIAMETERS = (15.0, 19.0)  # pixels of the screen, at every zoom
_COLORS = np.array([[1, 1, 1, 1], [0, 0, 0, 1]], np.float32)
_WIDTH = 2.0


class PinMarker(SceneOverlay):  # type: ignore[misc]
    """Ring around a place of the scene, in no list of layers.

    Attributes
    ----------
    place : (float, float)
        World coordinates on the two displayed axes.
    """

    place: tuple[float, float] = (0.0, 0.0)


class _VispyPinMarker(ViewerOverlayMixin, VispySceneOverlay):  # type: ignore[misc]
    """The ring as napari draws it."""

    overlay: PinMarker

    def __init__(self, **arguments: Any) -> None:
        super().__init__(node=Markers(scaling="fixed"), **arguments)
        self.overlay.events.place.connect(self._on_place)
        self._on_place()
        self.reset()

    def _on_place(self) -> None:
        row, column = self.overlay.place
        self.node.set_data(
            np.array([[column, row]] * len(_DIAMETERS), np.float32),
            size=np.array(_DIAMETERS),
            edge_width=_WIDTH,
            edge_color=_COLORS,
            face_color=(0, 0, 0, 0),
        )

    def close(self) -> None:
        self.overlay.events.place.disconnect(self._on_place)
        super().close()


def draw(viewer: ViewerModel, marker: PinMarker) -> None:
    """Draw a ring on the canvas of a viewer."""
    viewer.scene.overlays[_key(marker)] = marker


def erase(viewer: ViewerModel, marker: PinMarker, *_: object) -> None:
    """Take a ring off the canvas, if it is there."""
    viewer.scene.overlays.pop(_key(marker), None)


def _key(marker: PinMarker) -> str:
    # Two inspectors of a viewer have a ring each.
    return f"colorize pin {id(marker)}"


# napari has no public way to add a kind of overlay.
overlay_to_visual[PinMarker] = _VispyPinMarker
