"""The widget "Colorize": choose an image, press the button, drag the sliders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from magicgui.widgets import CheckBox, ComboBox, Container, PushButton
from napari.utils.notifications import show_error, show_warning
from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence, QShortcut  # type: ignore[attr-defined]
from qtpy.QtWidgets import QFileDialog

from colorize_engine import ModelError, list_models
from colorize_engine.pretrained import Backend, read_card
from napari_colorize.accessibility import (
    FocusRing,
    Scrolled,
    foldable,
    label_controls,
)
from napari_colorize.comparing import CompareButtons
from napari_colorize.hints import Palette, VariantStrip
from napari_colorize.messages import describe, reason
from napari_colorize.runs import (
    Cancelled,
    NotColorable,
    Run,
    Worker,
    picture_shape,
    plain,
    region_of,
    registry,
    run_of,
    shown_frame,
    source_of,
)
from napari_colorize.runs.bin_overlay import attach
from napari_colorize.widget import preferences
from napari_colorize.widget.controls import (
    CURRENT_SLICE,
    Advanced,
    LayerChoice,
    Sliders,
    Status,
)
from napari_colorize.widget.hinting import Hinting
from napari_colorize.widget.job import Job, summary
from napari_colorize.widget.layer_lists import LayerLists, images_of, shapes_of
from napari_colorize.widget.undocked import Undocked
from napari_colorize.widget.varying import Varying

if TYPE_CHECKING:
    import napari
    from napari.layers import Image, Layer

    from colorize_engine import Card
    from napari_colorize.runs import Backdrop, Results, Source

_THINKING = "a probability"
_STOPPED = "Stopped. All layers are as they were."
# Layers that any widget is coloring now.
_in_work: WeakSet[Layer] = WeakSet()


class ColorizeWidget(Container):  # type: ignore[type-arg]
    """The widget that colors an image layer and decodes it again as sliders move.

    Parameters
    ----------
    viewer
        The viewer that the widget belongs to.

    Attributes
    ----------
    image, model, run_button, sliders, layer_choice, advanced, keep : widgets
        The controls.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self._viewer = plain(viewer)
        self._worker: Worker | None = None
        self._closed = False
        chosen = preferences.read()
        self._cards = {card.name: card for card in list_models()}
        self.image = ComboBox(
            choices=lambda _widget: images_of(self._viewer),
            nullable=True,
            label="&image",
            tooltip="The image layer to color.",
        )
        self.model = ComboBox(
            choices=list(self._cards),
            value=chosen.model if chosen.model in self._cards else None,
            label="&model",
            tooltip="The nets that predict the colors.\n"
            + "\n".join(f"{c.name}: {c.description}" for c in self._cards.values()),
        )
        self.run_button = PushButton(
            text="Colori&ze", tooltip="Run the nets and add the chosen layers."
        )
        self.state = Status()
        self.sliders = Sliders()
        self.keep = CheckBox(
            text="&keep earlier results",
            tooltip="Add new layers instead of replacing those of the last run.",
        )
        self.save_button = PushButton(
            text="S&ave picture...",
            tooltip="Write the colored picture, with its settings in the file.",
            enabled=False,
        )
        super().__init__(
            widgets=[self.image, self.model, self.run_button, self.state, self.sliders]
        )
        self.comparing = CompareButtons(self._viewer)
        self.palette = Palette()
        self.hinting = Hinting(
            self.palette,
            lambda: self.run,
            lambda text: setattr(self.status, "value", text),
            self._on_error,
        )
        self.strip = VariantStrip()
        self.varying = Varying(self.strip, lambda: self.run, self.state, self._on_error)
        self.layer_choice = LayerChoice(chosen.layers)
        size = chosen.working_size or self._cards[self.model.value].working_size
        self.advanced = Advanced(chosen, size, lambda _widget: shapes_of(self._viewer))
        self._lay_out()
        self._connect()
        self._on_model()
        self._on_image()

    def _lay_out(self) -> None:
        label_controls(self)
        advanced = foldable("A&dvanced", self.advanced.native, opened=False)
        lower = (
            self.comparing,
            self.palette,
            self.strip,
            self.layer_choice,
            self.keep.native,
            self.save_button.native,
            advanced,
        )
        self.native.layout().addWidget(Scrolled(*lower))
        FocusRing(self.native)
        self.comparing.listen_to(self.native)
        # Only while the widget has the focus: napari uses Esc for drawing.
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self.native)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.cancel)
        # A panel that is closed leaves its dock, and nobody could cancel any more.
        self._undocked = Undocked(self.native, self.cancel)

    @property
    def viewer(self) -> napari.viewer.Viewer:
        """The viewer that the widget belongs to."""
        return self._viewer

    @property
    def busy(self) -> bool:
        """Whether the nets are running."""
        return self._worker is not None

    @property
    def status(self) -> Any:
        """The label that says what is happening and what was done."""
        return self.state.text

    @property
    def run(self) -> Run | None:
        """Latest run of the chosen image, if there is one."""
        image = self.image.value
        return None if image is None else run_of(self._viewer, image)

    def _connect(self) -> None:
        self.run_button.clicked.connect(self.colorize)
        self.state.cancel.clicked.connect(self.cancel)
        self.state.stretch.clicked.connect(self._on_stretch)
        self.save_button.clicked.connect(self._on_save)
        self.sliders.reset.clicked.connect(self._on_reset)
        for slider in self.sliders.all:
            slider.changed.connect(self._on_slider)
        self.layer_choice.changed.connect(self._on_kinds)
        self.layer_choice.think.clicked.connect(self._on_think)
        self.model.changed.connect(self._on_model)
        self.advanced.folder.changed.connect(self._on_model)
        self.image.changed.connect(self._on_image)
        registry.changed.connect(self._on_runs)
        self._viewer.layers.events.removed.connect(self._on_removed)
        self._lists = LayerLists(self._viewer, self.image, self.advanced.region)
        self.native.destroyed.connect(self._on_destroyed)

    # Actions of a person.

    def colorize(self) -> None:
        """Run the nets on the chosen image in a worker."""
        if self.busy:
            return
        try:
            layer = self._checked_layer()
            source = self._source(layer)
            backdrop = self._backdrop(layer, source)
        except NotColorable as error:
            show_warning(str(error))
            self.status.value = str(error)
            return
        self._take_over_model_settings()
        self._start(
            Job(
                layer,
                source,
                self._folder() or self.model.value,
                self._backend(),
                self.advanced.working_size.value,
                self.layer_choice.kinds(),
                self.sliders.settings(),
                backdrop,
            )
        )

    def _backend(self) -> Backend:
        """Return what is to run the nets; a change in Preferences counts at once."""
        chosen = preferences.read()
        return Backend(self.advanced.device.value, chosen.runtime, chosen.precision)

    def _folder(self) -> Path | None:
        """Return the person's own model folder, if one is chosen."""
        value = self.advanced.folder.value
        return value if isinstance(value, Path) else None

    def _card(self) -> Card:
        """Return the card of the chosen model.

        For a model folder that is broken, return the card of the model in the list.
        Only a run reports what is wrong with the folder.
        """
        folder = self._folder()
        if folder is not None:
            try:
                return read_card(folder)
            except ModelError:
                pass
        return self._cards[self.model.value]

    def _take_over_model_settings(self) -> None:
        """Set the sliders for the chosen model if the shown run is of another one."""
        run, card = self.run, self._card()
        if run is not None and run.results.card.model_hash != card.model_hash:
            self.sliders.set_own(card)

    def _checked_layer(self) -> Image:
        """Return the chosen image; raise NotColorable if it cannot be colored now."""
        layer = plain(self.image.value)
        if layer is None or layer not in self._viewer.layers:
            raise NotColorable(
                "There is no image to color. Open one, or choose one in the list."
            )
        if layer in _in_work:
            raise NotColorable(
                f"{layer.name} is being colored already. Wait until that is done or "
                "stopped."
            )
        if self._viewer.dims.ndisplay != 2:
            raise NotColorable(
                "Coloring needs the 2-D display. Switch 3-D off with the button below "
                "the list of layers, and press Colorize again."
            )
        if not self.layer_choice.kinds():
            raise NotColorable("No layer is chosen. Tick at least one under 'Layers'.")
        return layer

    def _source(self, layer: Image) -> Source:
        advanced = self.advanced
        frame = None
        if advanced.frames.value == CURRENT_SLICE:
            frame = shown_frame(layer, self._viewer.dims.point)
        drawn = plain(advanced.region.value)
        region = drawn and region_of(layer, drawn, picture_shape(layer))
        return source_of(
            layer,
            frame=frame,
            region=region,
            least=advanced.working_size.value,
            display_range=advanced.display_range.value,
        )

    def _backdrop(self, layer: Image, source: Source) -> Backdrop | None:
        """Return what a region of an image is painted on; None without a region."""
        run = run_of(self._viewer, layer)
        if source.region is None or run is None:
            return None
        return run.backdrop_for(source)

    def _start(self, job: Job) -> None:
        worker = Worker(job.work)
        worker.progressed.connect(self._on_progress)
        worker.returned.connect(lambda found: self._on_done(job, *found))
        worker.errored.connect(self._on_error)
        worker.finished.connect(lambda: self._on_finished(job))
        self._worker, self._layer = worker, job.layer
        _in_work.add(job.layer)
        self._show_busy(True)
        worker.start()

    def cancel(self) -> None:
        """Stop the nets; all layers stay as they are."""
        self.varying.cancel()
        if self._worker is not None:
            self._worker.cancel()
            self.status.value = "Stopping..."

    def _show_busy(self, busy: bool) -> None:
        """Enable Cancel or Colorize, and move the focus from one to the other."""
        colorize, cancel = self.run_button.native, self.state.cancel.native
        handed_on = (colorize if busy else cancel).hasFocus()
        if not busy:
            self.run_button.enabled = True
            if handed_on:
                colorize.setFocus(Qt.FocusReason.OtherFocusReason)
        self.state.running(busy)
        if busy:
            if handed_on:
                cancel.setFocus(Qt.FocusReason.OtherFocusReason)
            self.run_button.enabled = False

    # Signals of a worker.

    def _on_progress(self, done: int, total: int, text: str) -> None:
        # A signal sent before the widget was closed may arrive afterward.
        if not self._closed:
            self.state.show_progress(done, total, text)

    def _on_done(self, job: Job, results: Results, devices: list[str]) -> None:
        stopped = self._worker is not None and self._worker.cancelled
        if self._closed or stopped or job.layer not in self._viewer.layers:
            results.close()
            if not self._closed:
                self.status.value = _STOPPED
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
        attach(self._viewer)
        self._tell(done=True)
        if job.layer is plain(self.image.value):
            # The sliders may have been moved in the meantime.
            run.decode(self.sliders.settings())
            self.hinting.resume()

    def _run_of_source(self, layer: Image) -> Run | None:
        """Return the latest run of a source, kept runs left out."""
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
            self.status.value = _STOPPED
            return
        text = describe(error)
        self.status.value = text
        show_error(text)

    def _on_finished(self, job: Job) -> None:
        _in_work.discard(job.layer)
        self._worker = None
        if job.backdrop is not None:
            job.backdrop.done()
        if not self._closed:
            self._show_busy(False)

    # Events of the viewer and of the controls.

    def _on_removed(self, event: Any) -> None:
        self._on_runs()
        if self._worker is not None and event.value is self._layer:
            self._worker.cancel()
            show_warning(f"{event.value.name} was removed, so coloring it was stopped.")

    def _on_image(self, _value: Any = None) -> None:
        """Show the settings, the hints and the state of the chosen image."""
        run = self.run
        if run is None:
            self.sliders.set_own(self._card())
        else:
            self.sliders.set(run.settings)
        self.hinting.resume()
        self.varying.forget()
        self._on_runs()

    def _tell(self, *, done: bool = False) -> None:
        """Say what the chosen image is, unless work on it goes on and is not done."""
        if (self.busy and not done) or self.varying.busy:
            return
        run = self.run
        self.state.stretch.visible = run is not None and run.results.fills_little
        if run is None:
            self.status.value = (
                "Choose an image and press Colorize."
                if self.image.value is None
                else "Press Colorize."
            )
        elif self._card().model_hash != run.results.card.model_hash:
            self.status.value = (
                f"Colored with {run.results.card.name}. Press Colorize to apply "
                f"{self._card().name}."
            )
        else:
            self.status.value = summary(run.results)

    def _on_stretch(self) -> None:
        """Color with the display range; take that of the data if it is wider."""
        run = self.run
        if run is None:
            return
        (low, high), span = run.layer.contrast_limits, run.results.span
        if high - low > 2 * (span[1] - span[0]):
            run.layer.contrast_limits = span
        self.advanced.display_range.value = True
        self.colorize()

    def _on_runs(self) -> None:
        run = self.run
        self.save_button.enabled = run is not None and "colorized" in run.layers
        if run is not None:
            # A layer that was just removed may still be among those of the run.
            there = self._viewer.layers
            self.layer_choice.tick(
                k for k, layer in run.layers.items() if layer in there
            )
        self._show_thinking()
        self._tell()

    def _on_kinds(self) -> None:
        """Add and remove layers as the boxes are ticked; one stays."""
        run = self.run
        if run is None:
            return
        run.want(self.layer_choice.kinds())
        attach(self._viewer)
        self._on_runs()

    @property
    def _thinking(self) -> Image | None:
        """The layer that shows what a net thinks, if it can be seen."""
        run = self.run
        found = None if run is None else run.layers.get(_THINKING)
        return found if found is not None and found.visible else None

    def _on_think(self) -> None:
        """Show what the a-net thinks, or hide it."""
        run, shown = self.run, self._thinking
        if run is None:
            self.status.value = "Press Colorize first."
            return
        if shown is not None:
            shown.visible = False
            self._viewer.layers.selection.active = run.layers.get("colorized", shown)
        else:
            run.want({*run.layers, _THINKING})
            attach(self._viewer)
            layer = run.layers[_THINKING]
            layer.visible = True
            self._viewer.layers.selection.active = layer
        self._on_runs()

    def _show_thinking(self) -> None:
        verb = "Show" if self._thinking is None else "Hide"
        self.layer_choice.think.text = f"{verb} what the nets think"

    def _on_model(self, _value: Any = None) -> None:
        """Set the sliders for the chosen model, unless they belong to a shown run."""
        if self.run is None:
            self.sliders.set_own(self._card())
        self._tell()

    def _on_slider(self, _value: Any = None) -> None:
        run = self.run
        if run is not None:
            run.decode(self.sliders.settings())

    def _on_reset(self) -> None:
        run = self.run
        card = self._card() if run is None else run.results.card
        self.sliders.set_own(card)
        self._on_slider()

    def _on_save(self) -> None:
        run = self.run
        if run is None or "colorized" not in run.layers:
            return
        layer = run.layers["colorized"]
        suffix = ".tif" if run.results.source.is_stack else ".png"
        path, _ = QFileDialog.getSaveFileName(
            self.native,
            "Save picture",
            f"{layer.name}{suffix}",
            "Pictures (*.png *.tif *.tiff *.jpg *.webp)",
        )
        if path:
            self.save(path)

    def save(self, path: str) -> None:
        """Write the colored picture of the chosen image, marked with its settings."""
        from napari_colorize.writer import write_image

        run = self.run
        if run is None or "colorized" not in run.layers:
            show_warning(
                "There is no colored picture to save. Press Colorize first, with "
                "'colorized' ticked."
            )
            return
        if run.live.busy:
            show_warning(
                "The colors do not match the sliders yet. Wait a moment and save again."
            )
            return
        data, attributes, _ = run.layers["colorized"].as_layer_data_tuple()
        try:
            (written,) = write_image(path, data, attributes)
        except (OSError, ValueError) as error:
            show_error(
                f"Could not save {path}: {reason(error)}. Choose another name or "
                "folder."
            )
            return
        self.status.value = f"Saved {written}"

    def _on_destroyed(self) -> None:
        """Stop the worker and disconnect; the Qt widget does not exist any more."""
        self._closed = True
        self.varying.cancel()
        self.hinting.release()
        self.comparing.release()
        if self._worker is not None:
            self._worker.cancel()
        registry.changed.disconnect(self._on_runs)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._lists.release()
