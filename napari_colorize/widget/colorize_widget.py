"""The widget "Colorize": choose an image, press the button, drag the sliders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from magicgui.widgets import CheckBox, ComboBox, Container, PushButton
from napari.utils.notifications import show_error, show_warning
from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence, QShortcut  # type: ignore[attr-defined]

from colorize_engine import ModelError, list_models
from colorize_engine.decode import DecodeSettings
from colorize_engine.pretrained import Backend, read_card
from napari_colorize.accessibility import (
    FocusRing,
    Row,
    Scrolled,
    foldable,
    label_controls,
)
from napari_colorize.batch import ManyButton, Setup
from napari_colorize.comparing import CompareButtons
from napari_colorize.hints import Palette, VariantStrip
from napari_colorize.messages import describe
from napari_colorize.reader import colors_of, recalled
from napari_colorize.runs import (
    Cancelled,
    NotColorable,
    Run,
    Worker,
    history_of,
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
from napari_colorize.widget.all_images import AllImages
from napari_colorize.widget.controls import (
    CURRENT_SLICE,
    Advanced,
    LayerChoice,
    Sliders,
    Status,
)
from napari_colorize.widget.hinting import Hinting
from napari_colorize.widget.job import Job, summary
from napari_colorize.widget.label_column import LabelColumn
from napari_colorize.widget.layer_lists import LayerLists, images_of, shapes_of
from napari_colorize.widget.recalling import (
    go_on,
    recall_hints,
    saved_path,
    what_to_do,
)
from napari_colorize.widget.saving import Saving
from napari_colorize.widget.undocked import Undocked
from napari_colorize.widget.undoing import Undoing
from napari_colorize.widget.varying import Varying

if TYPE_CHECKING:
    from collections.abc import Sequence

    import napari
    from napari.layers import Image, Layer

    from colorize_engine import Card
    from napari_colorize.batch import ImageJob
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
        self._layer: Layer | None = None  # in work
        self._closed = False
        self._backdrops: list[Backdrop] = []  # of regions that are in work
        self._jobs: WeakKeyDictionary[Run, ImageJob] = WeakKeyDictionary()
        chosen = preferences.read()
        self._cards = {card.name: card for card in list_models()}
        self.image = ComboBox(
            choices=lambda _widget: images_of(self._viewer),
            nullable=True,
            label="&image",
            tooltip="The image layer to color.",
        )
        self.model = ComboBox(
            choices=[(_with_purpose(card), name) for name, card in self._cards.items()],
            value=chosen.model if chosen.model in self._cards else None,
            label="&model",
            tooltip="The nets that predict the colors.\n"
            + "\n".join(
                f"{c.name}: {c.purpose}\n    {c.description}"
                for c in self._cards.values()
            ),
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
        super().__init__(widgets=[self.image, self.model, self.run_button, self.state])
        self.comparing = CompareButtons(self._viewer)
        self.palette = Palette()
        self.hinting = Hinting(
            self.palette,
            lambda: self.run,
            lambda text: setattr(self.status, "value", text),
            self._on_error,
        )
        self.saving = Saving(
            lambda: self.run,
            lambda run: self._jobs[run],
            lambda text: setattr(self.status, "value", text),
        )
        self.strip = VariantStrip()
        self.varying = Varying(self.strip, lambda: self.run, self.state, self._on_error)
        self.many_button = ManyButton(self._setup)
        self.all_images = AllImages(
            self._job,
            self._begin,
            self._add,
            lambda: self._lists,
            self._say,
            self._on_error,
        )
        self.layer_choice = LayerChoice(chosen.layers)
        self._wanted = self.layer_choice.kinds()
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
            self.sliders.native,
            self.comparing,
            self.palette,
            self.strip,
            self.layer_choice,
            Row(self.keep.native, self.many_button),
            self.saving,
            advanced,
        )
        self.native.layout().addWidget(Scrolled(*lower))
        LabelColumn(self.native, self, self.sliders, self.advanced)
        FocusRing(self.native)
        self.comparing.listen_to(self.native)
        # Only while the widget has the focus: napari uses Esc for drawing.
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self.native)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.cancel)
        # A panel that is closed leaves its dock, and nobody could cancel any more.
        self._undocked = Undocked(self.native, self.cancel)
        self.undoing = Undoing(self.sliders, self.native)

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
        self.state.go_on.clicked.connect(
            lambda: go_on(self._viewer, plain(self.image.value))
        )
        self.many_button.open_images.triggered.connect(self.color_all)
        self.sliders.reset.clicked.connect(self._on_reset)
        for slider in self.sliders.all:
            slider.changed.connect(lambda _, name=slider.name: self._on_slider(name))
        self.layer_choice.changed.connect(self._on_kinds)
        self.layer_choice.think.clicked.connect(self._on_think)
        self.model.changed.connect(self._on_model)
        self.advanced.folder.changed.connect(self._on_model)
        self.image.changed.connect(self._on_image)
        self.advanced.frames.changed.connect(self._on_frames)
        self.advanced.smoothing.changed.connect(lambda _: self._tell())
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
            job = self._job(self._checked_layer())
        except NotColorable as error:
            self._refuse(error)
            return
        self._start(job)

    def color_all(self) -> None:
        """Color all open images, one after the other, each with its own settings."""
        if self.busy:
            return
        images = images_of(self._viewer)
        try:
            self._check_view(images)
        except NotColorable as error:
            self._refuse(error)
            return
        self.all_images.color(images)

    def _refuse(self, error: NotColorable) -> None:
        show_warning(str(error))
        self.status.value = str(error)

    def _setup(self) -> Setup:
        """Return the model and the settings of the controls for a folder."""
        return Setup.of(
            self._model(),
            self._card(),
            self._backend(),
            self._settings_of(plain(self.image.value)),
            self.advanced.working_size.value,
            preferences.read().not_finite,
        )

    def _job(self, layer: Image) -> Job:
        """Return the job of an image; raise NotColorable if it cannot be colored."""
        if layer in _in_work:
            raise NotColorable(
                f"{layer.name} is being colored already. Wait until that is done or "
                "stopped."
            )
        source = self._source(layer)
        backdrop = self._backdrop(layer, source)
        if backdrop is not None:
            self._backdrops.append(backdrop)
        return Job(
            layer,
            source,
            self._model(),
            self._backend(),
            self.advanced.working_size.value,
            self.layer_choice.kinds(),
            self._settings_of(layer),
            self.advanced.smoothing.amount,
            backdrop,
        )

    def _settings_of(self, layer: Image | None) -> DecodeSettings:
        """Return an image's settings for the chosen model: at first the model's own."""
        run, card = run_of(self._viewer, layer), self._card()
        other = run is not None and run.results.card.model_hash != card.model_hash
        if layer is plain(self.image.value) and not other:
            return self.sliders.settings()
        if run is None or other:
            return DecodeSettings(card.temperature, card.rebalance)
        return run.settings

    def _model(self) -> str | Path:
        """Return the chosen model: its name, or its folder."""
        return self._folder() or self.model.value

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
        there = layer is not None and layer in self._viewer.layers
        self._check_view([layer] if there else [])
        return layer

    def _check_view(self, images: Sequence[Any]) -> None:
        """Raise NotColorable if the viewer, or what is ticked, allows no coloring."""
        if not images:
            raise NotColorable(
                "There is no image to color. Open one, or choose one in the list."
            )
        if self._viewer.dims.ndisplay != 2:
            raise NotColorable(
                "Coloring needs the 2-D display. Switch 3-D off with the button below "
                "the list of layers, and press Colorize again."
            )
        if not self.layer_choice.kinds():
            raise NotColorable("No layer is chosen. Tick at least one under 'Layers'.")

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
            not_finite=preferences.read().not_finite,
        )

    def _backdrop(self, layer: Image, source: Source) -> Backdrop | None:
        """Return what a region of an image is painted on; None without a region."""
        run = run_of(self._viewer, layer)
        if source.region is None or run is None:
            return None
        return run.backdrop_for(source)

    def _start(self, job: Job) -> None:
        self._wanted = job.kinds
        worker = Worker(job.work)
        worker.returned.connect(lambda found: self._on_done(job, *found))
        worker.errored.connect(self._on_error)
        self._layer = job.layer
        self._begin(worker, [job.layer])

    def _begin(self, worker: Worker, layers: list[Image]) -> None:
        """Start a worker that colors these layers."""
        self._take_over_model_settings()
        worker.progressed.connect(self._on_progress)
        worker.finished.connect(lambda: self._on_finished(layers))
        self._worker = worker
        _in_work.update(layers)
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
        self.many_button.open_images.setEnabled(not busy)
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
        if self._worker is not None and self._worker.cancelled:
            results.close()
            self._say(_STOPPED)
            return
        if self._add(job, results, devices) is None:
            self._say(_STOPPED)
            return
        self._tell(done=True)

    def _add(self, job: ImageJob, results: Results, devices: list[str]) -> Run | None:
        """Show results as layers; drop them if the widget or the image is gone."""
        if self._closed or job.layer not in self._viewer.layers:
            results.close()
            return None
        self._fill_devices(devices)
        earlier = {}
        before = self._run_of_source(job.layer)
        if before is not None and self.keep.value:
            before.keep()
        elif before is not None:
            before.live.close()
            earlier = before.layers
        earlier = earlier or colors_of(self._viewer, job.layer)
        run = Run(self._viewer, job.layer, results, job.settings, earlier)
        run.failed.connect(self._on_error)
        self._jobs[run] = job
        registry.add(self._viewer, run)
        attach(self._viewer)
        # The sliders may have been moved in the meantime.
        if job.layer is plain(self.image.value):
            run.decode(self.sliders.settings())
            self.hinting.resume()
        elif before and before.results.card.model_hash == results.card.model_hash:
            run.decode(before.settings)
        history = history_of(run)
        if history is not None:
            history.begin(run.settings)
        recall_hints(run)
        return run

    def _run_of_source(self, layer: Image) -> Run | None:
        """Return the latest run of a source, kept runs left out."""
        runs = [run for run in registry.of(self._viewer) if run.layer is layer]
        return next((run for run in reversed(runs) if not run.kept), None)

    def _fill_devices(self, devices: list[str]) -> None:
        device = self.advanced.device
        value = device.value
        device.choices = list(dict.fromkeys(["auto", *devices, value]))
        device.value = value

    def _say(self, text: str) -> None:
        if not self._closed:
            self.status.value = text

    def _on_error(self, error: Exception) -> None:
        if self._closed:
            return
        if isinstance(error, Cancelled):
            self.status.value = _STOPPED
            return
        text = describe(error)
        self.status.value = text
        show_error(text)

    def _on_finished(self, layers: list[Image]) -> None:
        _in_work.difference_update(layers)
        self._worker = self._layer = None
        while self._backdrops:
            self._backdrops.pop().done()
        if not self._closed:
            self._show_busy(False)

    # Events of the viewer and of the controls.

    def _on_removed(self, event: Any) -> None:
        self._on_runs()
        layer = self._layer
        if self._worker is not None and layer is not None and layer is event.value:
            self._worker.cancel()
            show_warning(f"{layer.name} was removed, so coloring it was stopped.")

    def _on_image(self, _value: Any = None) -> None:
        """Show the settings, the hints and the state of the chosen image."""
        run, saved = self.run, recalled(plain(self.image.value))
        if run is not None:
            self.sliders.set(run.settings)
        elif saved is not None:
            if saved.edit.model in self._cards:
                self.model.value = saved.edit.model
            self.advanced.working_size.value = saved.edit.working_size
            self.advanced.smoothing.value = saved.edit.smoothing
            self.sliders.set(saved.edit.decoding)
        else:
            self.sliders.set_own(self._card())
        self.hinting.resume()
        self.varying.forget()
        self._on_frames()
        self._on_runs()

    def _on_frames(self, _value: Any = None) -> None:
        """Offer smoothing where there are frames to smooth."""
        one_slice = self.advanced.frames.value == CURRENT_SLICE
        self.advanced.smoothing.suit(plain(self.image.value), one_slice=one_slice)
        self._tell()

    def _tell(self, *, done: bool = False) -> None:
        """Say what the chosen image is, unless work on it goes on and is not done."""
        if (self.busy and not done) or self.varying.busy:
            return
        run = self.run
        self.state.stretch.visible = run is not None and run.results.fills_little
        image = plain(self.image.value)
        self.state.go_on.visible = run is None and saved_path(image) is not None
        if run is None:
            self.status.value = what_to_do(image)
        elif self._card().model_hash != run.results.card.model_hash:
            self.status.value = (
                f"Colored with {run.results.card.name}. Press Colorize to apply "
                f"{self._card().name}."
            )
        else:
            told = self.advanced.smoothing.told(run, summary(run.results))
            self.status.value = told

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
        self.undoing.follow(run)
        self.saving.follow(run)
        if run is not None:
            # A layer that was just removed may still be among those of the run.
            there = self._viewer.layers
            self.layer_choice.tick(
                k for k, layer in run.layers.items() if layer in there
            )
        elif not self.layer_choice.kinds():
            # All layers of the run were removed, and it went with the last one.
            self.layer_choice.tick(self._wanted)
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
        saved = recalled(plain(self.image.value))
        if self.run is None and (saved is None or saved.edit.model != self.model.value):
            self.sliders.set_own(self._card())
        self._tell()

    def _on_slider(self, name: str) -> None:
        run = self.run
        if run is not None:
            run.decode(self.sliders.settings())
            self.undoing.record(name)

    def _on_reset(self) -> None:
        run = self.run
        card = self._card() if run is None else run.results.card
        self.sliders.set_own(card)
        self._on_slider("")

    def _on_destroyed(self) -> None:
        """Stop the worker and disconnect; the Qt widget does not exist any more."""
        self._closed = True
        self.varying.cancel()
        self.hinting.release()
        self.undoing.follow(None)
        self.comparing.release()
        if self._worker is not None:
            self._worker.cancel()
        registry.changed.disconnect(self._on_runs)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._lists.release()


def _with_purpose(card: Card) -> str:
    """Return the name of a model, with what it is for in a few words."""
    words = card.purpose.partition(":")[0]
    return f"{card.name} ({words[0].lower()}{words[1:]})" if words else card.name
