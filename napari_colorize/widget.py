"""The widget "Colorize": choose an image, press the button, drag the sliders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from magicgui.widgets import CheckBox, ComboBox, Container, PushButton
from napari.layers import Image, Shapes
from napari.utils.notifications import show_error, show_warning
from qtpy.QtWidgets import QFileDialog

from colorize_engine import ModelError, list_models
from colorize_engine.card import read_card
from napari_colorize import overlay, preferences
from napari_colorize.controls import (
    CURRENT_SLICE,
    Advanced,
    LayerChoice,
    Sliders,
    Status,
    collapsible,
)
from napari_colorize.job import Job, describe, summary
from napari_colorize.results import METADATA, DecodeSettings
from napari_colorize.runs import Run, plain, registry, run_of
from napari_colorize.source import shown_frame, source_of
from napari_colorize.worker import Cancelled, Worker

if TYPE_CHECKING:
    import napari
    from napari.layers import Layer

    from colorize_engine import Card
    from napari_colorize.results import Results
    from napari_colorize.source import Source

# Layers that some widget is coloring now.
_in_work: WeakSet[Layer] = WeakSet()


class ColorizeWidget(Container):  # type: ignore[type-arg]
    """Colors an image layer, and decodes it again while sliders move.

    Parameters
    ----------
    viewer
        The viewer that it belongs to.

    Attributes
    ----------
    image, model, run_button, sliders, layer_choice, advanced, keep : widgets
        What can be set.
    status : widget
        What happens and what was done.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self._viewer = plain(viewer)
        self._worker: Worker | None = None
        self._closed = False
        chosen = preferences.read()
        self._cards = {card.name: card for card in list_models()}
        self.image = ComboBox(
            choices=self._images, nullable=True, label="image", tooltip="What to color."
        )
        self.model = ComboBox(
            choices=list(self._cards),
            value=chosen.model if chosen.model in self._cards else None,
            label="model",
            tooltip="\n".join(
                f"{c.name}: {c.description}" for c in self._cards.values()
            ),
        )
        self.run_button = PushButton(
            text="Colorize", tooltip="Run the nets and add the chosen layers."
        )
        self.state = Status()
        self.sliders = Sliders()
        self.keep = CheckBox(
            text="keep earlier results",
            tooltip="Add new layers instead of replacing those of the last run.",
        )
        self.save_button = PushButton(
            text="Save picture...",
            tooltip="Write the colored picture, with its settings in the file.",
            enabled=False,
        )
        super().__init__(
            widgets=[self.image, self.model, self.run_button, self.state, self.sliders]
        )
        self.layer_choice = LayerChoice(chosen.layers)
        size = chosen.working_size or self._cards[self.model.value].working_size
        self.advanced = Advanced(chosen, size, self._shapes)
        layout = self.native.layout()
        layout.addWidget(collapsible("Layers to add", self.layer_choice, opened=True))
        layout.addWidget(self.keep.native)
        layout.addWidget(self.save_button.native)
        layout.addWidget(collapsible("Advanced", self.advanced.native, opened=False))
        layout.addStretch()
        self._connect()
        self._on_model()
        self._on_image()

    @property
    def busy(self) -> bool:
        """Whether the nets run."""
        return self._worker is not None

    @property
    def status(self) -> Any:
        """The line that tells what happens and what was done."""
        return self.state.text

    @property
    def run(self) -> Run | None:
        """Latest results of the chosen image."""
        image = self.image.value
        return None if image is None else run_of(self._viewer, image)

    def _connect(self) -> None:
        self.run_button.clicked.connect(self.colorize)
        self.state.cancel.clicked.connect(self.cancel)
        self.save_button.clicked.connect(self._on_save)
        self.sliders.reset.clicked.connect(self._on_reset)
        for slider in ("temperature", "rebalance", "saturation"):
            getattr(self.sliders, slider).changed.connect(self._on_slider)
        self.model.changed.connect(self._on_model)
        self.advanced.folder.changed.connect(self._on_model)
        self.image.changed.connect(self._on_image)
        registry.changed.connect(self._on_runs)
        events = self._viewer.layers.events
        for event, react in self._viewer_events():
            getattr(events, event).connect(react)
        for layer in self._viewer.layers:
            layer.events.name.connect(self._on_layers)
        self._viewer.layers.selection.events.active.connect(self._on_selection)
        self._on_layers()
        self._on_selection()
        self.native.destroyed.connect(self._on_destroyed)

    def _viewer_events(self) -> tuple[tuple[str, Any], ...]:
        return (
            ("inserted", self._on_inserted),
            ("removed", self._on_removed),
            ("reordered", self._on_layers),
        )

    def _images(self, _widget: Any = None) -> list[tuple[str, Image]]:
        """Images of the viewer that are not results."""
        return [
            (layer.name, layer)
            for layer in self._viewer.layers
            if isinstance(layer, Image) and METADATA not in layer.metadata
        ]

    def _shapes(self, _widget: Any = None) -> list[tuple[str, Shapes]]:
        return [(s.name, s) for s in self._viewer.layers if isinstance(s, Shapes)]

    # What a person does.

    def colorize(self) -> None:
        """Run the nets on the chosen image, in a worker."""
        if self.busy:
            return
        try:
            layer = self._checked_layer()
            source = self._source(layer)
        except ValueError as error:
            show_warning(str(error))
            self.status.value = str(error)
            return
        self._take_over_model_settings()
        self._start(
            Job(
                layer,
                source,
                self._folder() or self.model.value,
                self.advanced.device.value,
                self.advanced.working_size.value,
                self.layer_choice.kinds(),
                self.sliders.settings(),
            )
        )

    def _folder(self) -> Path | None:
        """Model folder of a person's own, if one is chosen."""
        value = self.advanced.folder.value
        return value if isinstance(value, Path) else None

    def _card(self) -> Card:
        """Card of the chosen model; what is wrong with it comes up when it is run."""
        folder = self._folder()
        if folder is not None:
            try:
                return read_card(folder)
            except ModelError:
                pass
        return self._cards[self.model.value]

    def _take_over_model_settings(self) -> None:
        """Another model than that of the shown run starts with its own settings."""
        run, card = self.run, self._card()
        if run is not None and run.results.card.model_hash != card.model_hash:
            self.sliders.set(DecodeSettings(card.temperature, card.rebalance))

    def _checked_layer(self) -> Image:
        """Give the chosen image, if it can be colored now."""
        layer = plain(self.image.value)
        if layer is None or layer not in self._viewer.layers:
            raise ValueError("there is no image to color: open or choose one first")
        if layer in _in_work:
            raise ValueError(f"{layer.name} is being colored already")
        if self._viewer.dims.ndisplay != 2:
            raise ValueError("coloring needs the 2-D display: switch 3-D off first")
        if not self.layer_choice.kinds():
            raise ValueError("tick at least one of the layers to add")
        return layer

    def _source(self, layer: Image) -> Source:
        advanced = self.advanced
        frame = None
        if advanced.frames.value == CURRENT_SLICE:
            frame = shown_frame(layer, self._viewer.dims.point)
        return source_of(
            layer,
            frame=frame,
            region=plain(advanced.region.value),
            display_range=advanced.display_range.value,
        )

    def _start(self, job: Job) -> None:
        worker = Worker(job.work)
        worker.progressed.connect(self._on_progress)
        worker.returned.connect(lambda found: self._on_done(job, *found))
        worker.errored.connect(self._on_error)
        worker.finished.connect(lambda: self._on_finished(job))
        self._worker, self._layer = worker, job.layer
        _in_work.add(job.layer)
        self.run_button.enabled = False
        self.state.running(True)
        worker.start()

    def cancel(self) -> None:
        """Stop the nets; all layers stay as they are."""
        if self._worker is not None:
            self._worker.cancel()
            self.state.cancel.enabled = False
            self.status.value = "stopping"

    # What a worker tells.

    def _on_progress(self, done: int, total: int, text: str) -> None:
        # What was sent before the widget was closed may arrive after it.
        if not self._closed:
            self.state.at(done, total, text)

    def _on_done(self, job: Job, results: Results, devices: list[str]) -> None:
        stopped = self._worker is not None and self._worker.cancelled
        if self._closed or stopped or job.layer not in self._viewer.layers:
            results.close()
            if not self._closed:
                self.status.value = "cancelled"
            return
        self._fill_devices(devices)
        earlier = {}
        before = self._run_of_source(job.layer)
        if before is not None and self.keep.value:
            before.keep()
        elif before is not None:
            before.live.close()
            earlier = before.layers
        run = Run(self._viewer, job.layer, results, job.settings, earlier)
        run.failed.connect(self._on_error)
        registry.add(self._viewer, run)
        overlay.attach(self._viewer)
        self.status.value = summary(results)
        if job.layer is plain(self.image.value):
            # They may have been moved in the meantime.
            run.decode(self.sliders.settings())

    def _run_of_source(self, layer: Image) -> Run | None:
        """Latest run of a source that is not kept."""
        runs = [run for run in registry.of(self._viewer) if run.layer is layer]
        return next((run for run in reversed(runs) if not run.kept), None)

    def _fill_devices(self, devices: list[str]) -> None:
        device = self.advanced.device
        value = device.value
        device.choices = list(dict.fromkeys(["auto", *devices, value]))
        device.value = value

    def _on_error(self, error: Exception) -> None:
        if self._closed:
            return
        if isinstance(error, Cancelled):
            self.status.value = "cancelled"
            return
        text = describe(error)
        self.status.value = text
        show_error(text)

    def _on_finished(self, job: Job) -> None:
        _in_work.discard(job.layer)
        self._worker = None
        if not self._closed:
            self.run_button.enabled = True
            self.state.running(False)

    # What happens in the viewer.

    def _on_layers(self, _event: Any = None) -> None:
        self.image.reset_choices()
        self.advanced.region.reset_choices()
        images = self._images()
        if self.image.value is None and images:
            self.image.value = images[-1][1]

    def _on_inserted(self, event: Any) -> None:
        event.value.events.name.connect(self._on_layers)
        self._on_layers()

    def _on_removed(self, event: Any) -> None:
        if self._worker is not None and event.value is self._layer:
            self._worker.cancel()
            show_warning(f"{event.value.name} was removed: coloring it was stopped")
        self._on_layers()

    def _on_selection(self, _event: Any = None) -> None:
        active = self._viewer.layers.selection.active
        if any(active is image for _, image in self._images()):
            self._on_layers()
            self.image.value = active

    def _on_image(self, _value: Any = None) -> None:
        run = self.run
        if run is not None:
            self.sliders.set(run.settings)
        self._on_runs()

    def _on_runs(self) -> None:
        run = self.run
        self.save_button.enabled = run is not None and "colorized" in run.layers

    def _on_model(self, _value: Any = None) -> None:
        """Take over a model's own settings; what is shown stays until the next run."""
        if self.run is None:
            card = self._card()
            self.sliders.set(DecodeSettings(card.temperature, card.rebalance))

    def _on_slider(self, _value: Any = None) -> None:
        run = self.run
        if run is not None:
            run.decode(self.sliders.settings())

    def _on_reset(self) -> None:
        run = self.run
        card = self._card() if run is None else run.results.card
        self.sliders.set(DecodeSettings(card.temperature, card.rebalance))
        self._on_slider()

    def _on_save(self) -> None:
        run = self.run
        if run is None or "colorized" not in run.layers:
            return
        layer = run.layers["colorized"]
        path, _ = QFileDialog.getSaveFileName(
            self.native,
            "Save picture",
            f"{layer.name}.png",
            "Pictures (*.png *.tif *.tiff *.jpg *.webp)",
        )
        if path:
            self.save(path)

    def save(self, path: str) -> None:
        """Write the colored picture of the chosen image, marked with its settings."""
        from napari_colorize.writer import write_image

        run = self.run
        if run is None or "colorized" not in run.layers:
            show_warning("there is no colored picture to save yet")
            return
        data, attributes, _ = run.layers["colorized"].as_layer_data_tuple()
        try:
            write_image(path, data, attributes)
        except (OSError, ValueError) as error:
            show_error(f"cannot save {path}: {error}")
            return
        self.status.value = f"saved {path}"

    def _on_destroyed(self) -> None:
        """Stop the worker and listen no more; nothing of the widget exists any more."""
        self._closed = True
        if self._worker is not None:
            self._worker.cancel()
        registry.changed.disconnect(self._on_runs)
        for event, react in self._viewer_events():
            getattr(self._viewer.layers.events, event).disconnect(react)
        for layer in self._viewer.layers:
            layer.events.name.disconnect(self._on_layers)
        self._viewer.layers.selection.events.active.disconnect(self._on_selection)
