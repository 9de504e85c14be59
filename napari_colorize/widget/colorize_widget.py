"""The widget "Colorize": choose an image, press the button, drag the sliders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, ComboBox, Container, PushButton
from napari.utils.notifications import show_error, show_warning
from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence, QShortcut  # type: ignore[attr-defined]

from napari_colorize.accessibility import (
    FocusRing,
    Row,
    Scrolled,
    foldable,
    label_controls,
)
from napari_colorize.batch import ManyButton
from napari_colorize.comparing import CompareButtons
from napari_colorize.hints import Palette, VariantStrip
from napari_colorize.messages import describe
from napari_colorize.reader import recalled
from napari_colorize.runs import (
    Cancelled,
    NotColorable,
    Run,
    Worker,
    history_of,
    plain,
    registry,
    run_of,
)
from napari_colorize.widget import preferences
from napari_colorize.widget.adding import Adding
from napari_colorize.widget.all_images import AllImages
from napari_colorize.widget.controls import (
    CURRENT_SLICE,
    Advanced,
    LayerChoice,
    Sliders,
    Status,
)
from napari_colorize.widget.hinting import Hinting
from napari_colorize.widget.job_maker import JobMaker
from napari_colorize.widget.label_column import LabelColumn
from napari_colorize.widget.layer_lists import LayerLists, images_of, shapes_of
from napari_colorize.widget.model_choice import ModelChoice
from napari_colorize.widget.recalling import (
    go_on,
    recall_hints,
)
from napari_colorize.widget.saving import Saving
from napari_colorize.widget.telling import tell
from napari_colorize.widget.ticked_layers import TickedLayers
from napari_colorize.widget.undocked import Undocked
from napari_colorize.widget.undoing import Undoing
from napari_colorize.widget.varying import Varying
from napari_colorize.widget.work import Work

if TYPE_CHECKING:
    import napari
    from napari.layers import Image, Layer

    from napari_colorize.batch import ImageJob
    from napari_colorize.runs import Results
    from napari_colorize.widget.job import Job

_STOPPED = "Stopped. No layer has changed."


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
        self._adding = Adding(self._viewer, self._on_error)
        chosen = preferences.read()
        self.models = ModelChoice(chosen.model, lambda: self.advanced)
        self.model = self.models.box
        self.image = ComboBox(
            choices=lambda _widget: images_of(self._viewer),
            nullable=True,
            label="&image",
            tooltip="The image layer to color.",
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
            lambda run: self._adding.jobs[run],
            lambda text: setattr(self.status, "value", text),
        )
        self.strip = VariantStrip()
        self.varying = Varying(self.strip, lambda: self.run, self.state, self._on_error)
        self.many_button = ManyButton(lambda: self._maker.of_folder())
        self.all_images = AllImages(
            lambda layer: self._maker.of(layer),
            self._begin,
            self._add,
            lambda: self._lists,
            self._say,
            self._on_error,
        )
        self.layer_choice = LayerChoice(chosen.layers)
        size = chosen.working_size or self.models.cards[self.model.value].working_size
        self.advanced = Advanced(chosen, size, lambda _widget: shapes_of(self._viewer))
        self._maker = JobMaker(
            self._viewer,
            self.image,
            self.models,
            self.sliders,
            self.layer_choice,
            self.advanced,
        )
        self._work = Work(
            self.state, self.run_button, self.many_button, self._maker.release
        )
        self._ticked = TickedLayers(
            self._viewer,
            self.layer_choice,
            self.state,
            lambda: self.run,
            self._on_runs,
        )
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
        return self._work.busy

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
            job = self._maker.of_chosen()
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
            self._maker.check_view(images)
        except NotColorable as error:
            self._refuse(error)
            return
        self.all_images.color(images)

    def _refuse(self, error: NotColorable) -> None:
        show_warning(str(error))
        self.status.value = str(error)

    def _take_over_model_settings(self) -> None:
        """Set the sliders for the chosen model if the shown run is of another one."""
        run, card = self.run, self.models.card
        if run is not None and run.results.card.model_hash != card.model_hash:
            self.sliders.set_own(card)

    def _start(self, job: Job) -> None:
        self._ticked.wanted = job.kinds
        worker = Worker(job.work)
        worker.returned.connect(lambda found: self._on_done(job, *found))
        worker.errored.connect(self._on_error)
        self._begin(worker, [job.layer], only=job.layer)

    def _begin(
        self, worker: Worker, layers: list[Image], only: Image | None = None
    ) -> None:
        self._take_over_model_settings()
        self._work.begin(worker, layers, only)

    def cancel(self) -> None:
        """Stop the nets; all layers stay as they are."""
        self.varying.cancel()
        if self._work.cancel():
            self.status.value = "Stopping..."

    # Signals of a worker.

    def _on_done(self, job: Job, results: Results, devices: list[str]) -> None:
        if self._work.cancelled:
            results.close()
            self._say(_STOPPED)
            return
        if self._add(job, results, devices) is None:
            self._say(_STOPPED)
            return
        self._tell(done=True)

    def _add(self, job: ImageJob, results: Results, devices: list[str]) -> Run | None:
        """Show results as layers; drop them if the widget or the image is gone."""
        if self._work.closed or job.layer not in self._viewer.layers:
            results.close()
            return None
        self.advanced.offer(devices)
        run, before = self._adding.add(job, results, keep=self.keep.value)
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

    def _say(self, text: str) -> None:
        if not self._work.closed:
            self.status.value = text

    def _on_error(self, error: Exception) -> None:
        if self._work.closed:
            return
        if isinstance(error, Cancelled):
            self.status.value = _STOPPED
            return
        text = describe(error)
        self.status.value = text
        show_error(text)

    # Events of the viewer and of the controls.

    def _on_removed(self, event: Any) -> None:
        self._on_runs()
        layer: Layer = event.value
        if self._work.leave(layer):
            show_warning(f"{layer.name} was removed, so coloring it was stopped.")

    def _on_image(self, _value: Any = None) -> None:
        """Show the settings, the hints and the state of the chosen image."""
        run, saved = self.run, recalled(plain(self.image.value))
        if run is not None:
            self.sliders.set(run.settings)
        elif saved is not None:
            if saved.edit.model in self.models.cards:
                self.model.value = saved.edit.model
            self.advanced.working_size.value = saved.edit.working_size
            self.advanced.smoothing.value = saved.edit.smoothing
            self.sliders.set(saved.edit.decoding)
        else:
            self.sliders.set_own(self.models.card)
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
        image, smoothing = plain(self.image.value), self.advanced.smoothing
        tell(self.state, image, self.run, self.models, smoothing)

    def _on_stretch(self) -> None:
        """Color with the display range; take that of the data if it is wider."""
        run = self.run
        if run is None:
            return
        (low, high), span = run.layer.contrast_limits, run.results.values.limits
        if high - low > 2 * (span[1] - span[0]):
            run.layer.contrast_limits = span
        self.advanced.display_range.value = True
        self.colorize()

    def _on_runs(self) -> None:
        run = self.run
        self.undoing.follow(run)
        self.saving.follow(run)
        self._ticked.follow(run)
        self._tell()

    def _on_model(self, _value: Any = None) -> None:
        """Set the sliders for the chosen model, unless they belong to a shown run."""
        saved = recalled(plain(self.image.value))
        if self.run is None and (saved is None or saved.edit.model != self.model.value):
            self.sliders.set_own(self.models.card)
        self._tell()

    def _on_slider(self, name: str) -> None:
        run = self.run
        if run is not None:
            run.decode(self.sliders.settings())
            self.undoing.record(name)

    def _on_reset(self) -> None:
        run = self.run
        card = self.models.card if run is None else run.results.card
        self.sliders.set_own(card)
        self._on_slider("")

    def _on_destroyed(self) -> None:
        """Stop the worker and disconnect; the Qt widget does not exist any more."""
        self.varying.cancel()
        self.hinting.release()
        self.undoing.follow(None)
        self.comparing.release()
        self._work.close()
        registry.changed.disconnect(self._on_runs)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._lists.release()
