"""The lists of images and regions in the widget."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Shapes

from napari_colorize.reader import image_of
from napari_colorize.runs import METADATA, run_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from magicgui.widgets import ComboBox
    from napari.components import ViewerModel


def images_of(viewer: ViewerModel) -> list[tuple[str, Image]]:
    """Return the names and image layers of a viewer, without results."""
    return [
        (layer.name, layer)
        for layer in viewer.layers
        if isinstance(layer, Image) and METADATA not in layer.metadata
    ]


def shapes_of(viewer: ViewerModel) -> list[tuple[str, Shapes]]:
    """Return the names and Shapes layers of a viewer."""
    return [(s.name, s) for s in viewer.layers if isinstance(s, Shapes)]


class LayerLists:
    """Two lists that follow the layers, their names and the selected image or result.

    Parameters
    ----------
    viewer
        The viewer whose layers are listed.
    image, region
        The lists; their choices come from `images_of` and `shapes_of`.
    """

    def __init__(self, viewer: ViewerModel, image: ComboBox, region: ComboBox) -> None:
        self._viewer, self._image, self._region = viewer, image, region
        self._still = False
        for event, react in self._events():
            getattr(viewer.layers.events, event).connect(react)
        for layer in viewer.layers:
            layer.events.name.connect(self.renew)
        viewer.layers.selection.events.active.connect(self._on_selection)
        self.renew()
        self._on_selection()

    def _events(self) -> tuple[tuple[str, Any], ...]:
        return (
            ("inserted", self._on_inserted),
            ("removed", self.renew),
            ("reordered", self.renew),
        )

    def renew(self, _event: Any = None) -> None:
        """List the present layers; choose an image if none is chosen."""
        self._image.reset_choices()
        self._region.reset_choices()
        images = images_of(self._viewer)
        if self._image.value is None and images:
            self._image.value = images[-1][1]

    def _on_inserted(self, event: Any) -> None:
        event.value.events.name.connect(self.renew)
        self.renew()

    @contextmanager
    def still(self) -> Iterator[None]:
        """Keep the selection and the chosen image while results are added."""
        layers = self._viewer.layers
        before = set(layers.selection)
        self._still = True
        try:
            yield
        finally:
            there = {layer for layer in before if layer in layers}
            layers.selection.intersection_update(there)
            layers.selection.update(there)
            self._still = False

    def _on_selection(self, _event: Any = None) -> None:
        if self._still:
            return
        active = self._viewer.layers.selection.active
        run = None if active is None else run_of(self._viewer, active)
        if run is None and active is not None and METADATA in active.metadata:
            active = image_of(self._viewer, active)
        chosen = active if run is None else run.layer
        if any(chosen is image for _, image in images_of(self._viewer)):
            self.renew()
            self._image.value = chosen

    def release(self) -> None:
        """Disconnect from the viewer and its layers."""
        for event, react in self._events():
            getattr(self._viewer.layers.events, event).disconnect(react)
        for layer in self._viewer.layers:
            layer.events.name.disconnect(self.renew)
        self._viewer.layers.selection.events.active.disconnect(self._on_selection)
