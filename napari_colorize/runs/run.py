"""Runs: the results of source layers, kept in step with the sliders and the viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary, ref

import numpy as np
from psygnal import Signal

from napari_colorize.runs import layers as result_layers
from napari_colorize.runs.kinds import DECODED, KINDS, METADATA
from napari_colorize.runs.live_decoder import LiveDecoder
from napari_colorize.runs.pixel import Place, pixel_of
from napari_colorize.runs.source import NotColorable, shown_frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari.components import ViewerModel
    from napari.layers import Image, Layer

    from colorize_engine import Hint
    from colorize_engine.decode import DecodeSettings
    from colorize_engine.pixel import Pixel
    from napari_colorize.runs.backdrop import Backdrop
    from napari_colorize.runs.frame_arrays import Arrays
    from napari_colorize.runs.results import Results
    from napari_colorize.runs.source import Source

T = TypeVar("T")


def plain(thing: T) -> T:
    """Return the object behind the proxy that napari passes to plugins.

    The plugin compares layers and viewers and uses them as keys. Proxies break that.
    """
    unwrapped: T = getattr(thing, "__wrapped__", thing)
    return unwrapped


class Run:
    """The results of one source layer as layers, decoded as the sliders are set.

    Parameters
    ----------
    viewer
        The viewer of the layers.
    layer
        The source.
    results
        Computed results.
    settings
        The settings that they were decoded with.
    earlier
        Layers of an earlier run to take over, by kind.

    Attributes
    ----------
    changed : Signal
        Emitted after the settings or the shown results have changed.
    failed : Signal
        Emitted with the exception that ended a decoding.
    layers : dict of Image
        Result layers by kind, while they are in the viewer.
    kept : bool
        Whether the run stays as it is when its source is colored again.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(
        self,
        viewer: ViewerModel,
        layer: Image,
        results: Results,
        settings: DecodeSettings,
        earlier: Mapping[str, Image],
    ) -> None:
        self._viewer = ref(viewer)
        self.layer, self.results, self.settings = layer, results, settings
        self.kept = False
        self.live = LiveDecoder(results, self._show, self.failed.emit)
        self.layers = result_layers.show(viewer, layer, results, settings, earlier)
        if results.picture is not None:
            results.picture.moved.connect(self.live.look_ahead)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.dims.events.current_step.connect(self._on_step)
        self._on_step()

    @property
    def viewer(self) -> ViewerModel | None:
        """The viewer, or None once it is gone."""
        return self._viewer()

    def decode(self, settings: DecodeSettings) -> None:
        """Decode the prediction with other settings and update the layers."""
        if settings == self.settings:
            return
        self.settings = settings
        self._record()
        if any(kind in DECODED for kind in self.layers):
            self.live.request(settings)
        self.changed.emit()

    def _record(self) -> None:
        """Put what the layers are made from into their metadata."""
        for kind, layer in self.layers.items():
            layer.metadata[METADATA] = result_layers.record(
                kind, self.layer, self.results, self.settings
            )

    def backdrop_for(self, source: Source) -> Backdrop:
        """Return the colors as they are now, for a region that is painted on them.

        They stay as they are until it is told that it is done.

        Raises
        ------
        NotColorable
            If they do not follow the sliders yet.
        """
        if self.live.busy:
            raise NotColorable(
                "The colors do not match the sliders yet. Wait a moment and press "
                "Colorize again."
            )
        record = None
        if "colorized" in self.layers:
            record = result_layers.record(
                "colorized", self.layer, self.results, self.settings
            )
        found = self.results.backdrop_for(source, record)
        self.live.hold()
        found.when_done(self.live.release)
        return found

    def want(self, kinds: Iterable[str]) -> None:
        """Add and remove layers so that these kinds are there, without the nets."""
        viewer, wanted = self.viewer, [kind for kind in KINDS if kind in set(kinds)]
        if viewer is None or not wanted or set(wanted) == set(self.layers):
            return
        self.results.want(wanted)
        active = viewer.layers.selection.active
        gone = set(self.layers) - set(wanted)
        for kind in [kind for kind in wanted if kind not in self.layers]:
            self.layers[kind] = result_layers.new_layer(
                viewer, kind, self.layer, self.results, self.settings
            )
            viewer.layers.append(self.layers[kind])
        # Last, as a run ends with its last layer.
        for kind in gone:
            viewer.layers.remove(self.layers[kind])
        if active in viewer.layers:
            viewer.layers.selection.active = active
        self.live.request(self.settings)
        self.changed.emit()

    def hint(self, hints: Sequence[Hint]) -> None:
        """Ask the nets again with other hints and update the layers."""
        self.live.request(self.settings, tuple(hints))

    def shown_frame(self) -> tuple[int, ...]:
        """Return the frame that the viewer shows, as a position in the results."""
        viewer, source = self.viewer, self.results.source
        if viewer is None:
            return tuple(0 for _ in source.frames)
        at = shown_frame(self.layer, viewer.dims.point)
        return tuple(
            int(np.clip(i - first, 0, n - 1))
            for i, first, n in zip(at, source.start, source.frames, strict=True)
        )

    @property
    def extent(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """First row and column of the results, and the numbers of rows and columns."""
        return self.results.source.corner, self.results.source.shape

    def place_at(self, world: Sequence[float]) -> Place | None:
        """Return the pixel's place at a world position; None outside the results."""
        source = self.results.source
        at = np.rint(self.layer.world_to_data(world)).astype(int)
        inside = at - [*source.start, *source.corner]
        extent = np.array([*source.frames, *source.shape])
        if (inside < 0).any() or (inside >= extent).any():
            return None
        *frame, row, column = at.tolist()
        return Place(tuple(frame), row, column)

    def pixel(self, place: Place) -> Pixel:
        """Return the prediction at one pixel; for a stack, read it from the store."""
        return pixel_of(self.results, place)

    def keep(self) -> None:
        """Keep the layers beside later ones, and add the model to their names."""
        self.kept = True
        for kind, layer in self.layers.items():
            layer.name = f"{self.layer.name} {kind} ({self.results.card.name})"

    def close(self) -> None:
        """Stop decoding, forget the layers, remove the files on disk."""
        self.live.close()
        viewer = self.viewer
        if viewer is not None:
            viewer.layers.events.removed.disconnect(self._on_removed)
            viewer.dims.events.current_step.disconnect(self._on_step)
        self.layers = {}
        self.results.close()

    def _show(self, index: tuple[int, ...], arrays: Arrays) -> None:
        """Show a decoded frame."""
        self._record()
        self.results.put(index, arrays)
        if index == self.shown_frame():
            for kind in arrays or self.layers:
                if kind in self.layers:
                    self.layers[kind].refresh(extent=False)
            self.changed.emit()

    def _on_step(self, _event: Any = None) -> None:
        self.live.look_at(self.shown_frame())

    def _on_removed(self, event: Any) -> None:
        """Forget a result layer that was removed; end the run with its last layer."""
        gone = [kind for kind, layer in self.layers.items() if layer is event.value]
        for kind in gone:
            del self.layers[kind]
        if gone and not self.layers:
            registry.remove(self)


class Registry:
    """The runs of each viewer, the latest last.

    Attributes
    ----------
    changed : Signal
        Emitted after a run was added, replaced or removed.
    """

    changed = Signal()

    def __init__(self) -> None:
        self._runs: WeakKeyDictionary[ViewerModel, list[Run]] = WeakKeyDictionary()

    def of(self, viewer: ViewerModel) -> list[Run]:
        """Return the runs of a viewer."""
        return list(self._runs.get(plain(viewer), ()))

    def add(self, viewer: ViewerModel, run: Run) -> None:
        """Add a run; close and remove an earlier run of its source that is not kept."""
        others = self._runs.setdefault(plain(viewer), [])
        for other in [o for o in others if o.layer is run.layer and not o.kept]:
            others.remove(other)
            other.close()
        others.append(run)
        self.changed.emit()

    def remove(self, run: Run) -> None:
        """Remove a run and its files on disk."""
        viewer = run.viewer
        if viewer is not None and run in self._runs.get(viewer, ()):
            self._runs[viewer].remove(run)
        run.close()
        self.changed.emit()


registry = Registry()


def run_of(viewer: ViewerModel, layer: Layer | None) -> Run | None:
    """Return the latest run that a layer belongs to, as its source or as a result."""
    layer = plain(layer)
    for run in reversed(registry.of(viewer)):
        if layer is run.layer or any(layer is r for r in run.layers.values()):
            return run
    return None


def active_run(viewer: ViewerModel) -> Run | None:
    """Return the run of the selected layer, or else the latest run of the viewer."""
    viewer = plain(viewer)
    found = run_of(viewer, viewer.layers.selection.active)
    if found is None:
        runs = registry.of(viewer)
        found = runs[-1] if runs else None
    return found
