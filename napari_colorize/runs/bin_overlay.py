"""Probability layers to be read: the first bin, its brightness, its label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary, WeakSet, ref

import numpy as np
from napari.components.overlays import TextOverlay

from napari_colorize.runs.run import Run, plain, registry
from napari_colorize.runs.store import PROBABILITIES

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image
    from numpy.typing import NDArray

_LIGHTNESS = 70.0  # black letters can be read on all its colors
_PERCENTILE = 99.5
_LEAST_LIMIT = 0.05  # a bin that is likely nowhere stays dark
_overlays: WeakKeyDictionary[ViewerModel, BinsOverlay] = WeakKeyDictionary()


def attach(viewer: ViewerModel) -> BinsOverlay:
    """Return the overlay of a viewer, a new one if needed, following all its layers."""
    viewer = plain(viewer)
    if viewer not in _overlays:
        _overlays[viewer] = BinsOverlay(viewer)
    _overlays[viewer].follow()
    return _overlays[viewer]


def most_informative_bin(
    probabilities: NDArray[Any], centers: NDArray[np.float32]
) -> int:
    """Return the bin that moves the mean of a* or b* most from place to place.

    It is the bin whose part of the mean, center x probability, has the largest variance
    over the picture. The bin at 0 adds nothing to the mean and is never it, unless it
    is the only one.

    Parameters
    ----------
    probabilities : (Q, H, W) array
        0..1.
    centers : (Q,) float32
        Centers of the bins, a* or b*.
    """
    spread = np.asarray(probabilities, np.float32).var(axis=(1, 2))
    return int((centers**2 * spread).argmax())


def readable_limit(probabilities: NDArray[Any]) -> float:
    """Return the upper contrast limit, 0.05..1, that makes the map of a bin readable.

    It is the 99.5th percentile of the map, (H, W) in 0..1.
    """
    return max(float(np.percentile(probabilities, _PERCENTILE)), _LEAST_LIMIT)


class _Shown(NamedTuple):
    """A visible probability layer and the bin that it shows."""

    run: Run
    kind: str
    layer: Image
    number: int

    @property
    def centers(self) -> NDArray[np.float32]:
        return self.run.results.colorizer.bins["ab".index(self.kind[0])].centers

    @property
    def probabilities(self) -> NDArray[Any]:
        """(Q, H, W) of the shown frame."""
        return self.run.results.store.read(self.kind, self.run.shown_frame())


class BinsOverlay:
    """What makes the visible probability layers of a viewer readable.

    - The slider of the bins goes to the most informative bin when a layer is first
      seen, unless a person has moved it. Thumbnails of hidden layers show it, too.
    - The contrast limits follow the shown bin, unless a person has set them.
    - For each channel a label in the corner of the canvas says the value of the bin
      that the uppermost layer shows and the mean probability over the picture. The
      label has the color of the value.

    Parameters
    ----------
    viewer
        The viewer of the layers.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = ref(viewer)
        self._seen: WeakSet[Image] = WeakSet()
        self._drawn: WeakSet[Image] = WeakSet()
        self._limits: WeakKeyDictionary[Image, list[float]] = WeakKeyDictionary()
        self._step: int | None = None  # of the bins, where no person has moved it
        self._labels = {kind: TextOverlay(font_size=11) for kind in PROBABILITIES}
        for kind, label in self._labels.items():
            label.color = "black"
            viewer.canvas.overlays[f"colorize {kind}"] = label
        viewer.dims.events.current_step.connect(self.update)
        viewer.layers.events.removed.connect(self.update)
        viewer.layers.events.reordered.connect(self.update)

    def follow(self) -> None:
        """Watch all present probability layers."""
        viewer = self._viewer()
        if viewer is None:
            return
        for run in registry.of(viewer):
            run.changed.connect(self.update, unique=True)
            for kind, layer in run.layers.items():
                if kind in PROBABILITIES:
                    if self._step is None:
                        self._step = viewer.dims.current_step[_axis(viewer, layer)]
                    if not layer.visible and layer not in self._drawn:
                        self._draw_thumbnail(viewer, _Shown(run, kind, layer, 0))
                    self._drawn.add(layer)
                    layer.events.visible.connect(self.update)
        self.update()

    def _draw_thumbnail(self, viewer: ViewerModel, hidden: _Shown) -> None:
        """Show a hidden layer for a moment: napari draws no thumbnail of it else."""
        layer, axis = hidden.layer, _axis(viewer, hidden.layer)
        before = viewer.dims.current_step[axis]
        number = most_informative_bin(hidden.probabilities, hidden.centers)
        viewer.dims.set_current_step(axis, number)
        self._brighten(layer, hidden.probabilities[number])
        layer.visible = True
        layer.visible = False
        viewer.dims.set_current_step(axis, before)

    def update(self, _event: Any = None) -> None:
        """Adapt to the visible probability layers."""
        viewer = self._viewer()
        if viewer is None:
            return
        shown = _shown(viewer)
        for each in shown:
            if each.layer not in self._seen:
                self._seen.add(each.layer)
                self._open(viewer, each)
        labeled = set()
        for each in _shown(viewer):
            probabilities = each.probabilities[each.number]
            self._brighten(each.layer, probabilities)
            if each.kind not in labeled:
                labeled.add(each.kind)
                self._label(each, float(probabilities.mean(dtype=np.float64)))
        for kind, label in self._labels.items():
            label.visible = kind in labeled

    def _open(self, viewer: ViewerModel, shown: _Shown) -> None:
        axis = _axis(viewer, shown.layer)
        if viewer.dims.current_step[axis] == self._step:
            self._step = most_informative_bin(shown.probabilities, shown.centers)
            viewer.dims.set_current_step(axis, self._step)

    def _brighten(self, layer: Image, probabilities: NDArray[Any]) -> None:
        if self._limits.get(layer, layer.contrast_limits) == layer.contrast_limits:
            layer.contrast_limits = (0.0, readable_limit(probabilities))
            self._limits[layer] = layer.contrast_limits

    def _label(self, shown: _Shown, share: float) -> None:
        value, label = float(shown.centers[shown.number]), self._labels[shown.kind]
        label.text = (
            f"{shown.kind[0]} = {value:+.4g}   bin {shown.number + 1} of "
            f"{len(shown.centers)}\nmean probability {share:.1%}"
        )
        label.box_color = _color(shown.kind[0], value)


def _axis(viewer: ViewerModel, layer: Image) -> int:
    """Return the viewer's axis of the bins of a probability layer."""
    return int(viewer.dims.ndim - layer.ndim)


def _shown(viewer: ViewerModel) -> list[_Shown]:
    """Return the visible probability layers that show a bin, the uppermost first."""
    found = [
        _Shown(run, kind, layer, _shown_bin(layer, viewer.dims.point))
        for run in registry.of(viewer)
        for kind, layer in run.layers.items()
        if kind in PROBABILITIES and layer.visible and layer in viewer.layers
    ]
    found = [each for each in found if 0 <= each.number < len(each.centers)]
    return sorted(found, key=lambda each: -viewer.layers.index(each.layer))


def _shown_bin(layer: Image, point: tuple[float, ...]) -> int:
    return int(np.rint(layer.world_to_data(point)[0]))


def _color(channel: str, value: float) -> Any:
    """Return the RGBA color of a value of a or b at L* = 70, the other channel 0."""
    from colorize_engine.color import lab_to_rgb

    chroma = np.zeros((2, 1, 1), np.float32)
    chroma["ab".index(channel)] = value
    light = np.full((1, 1), _LIGHTNESS, np.float32)
    rgb = lab_to_rgb(light, chroma, np.dtype(np.float32))[0, 0]
    return [*map(float, rgb), 1.0]
