"""Jobs for images, made from what a person has chosen in the controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from colorize_engine.decode import DecodeSettings
from napari_colorize.batch import Setup
from napari_colorize.runs import (
    NotColorable,
    picture_shape,
    plain,
    region_of,
    run_of,
    shown_frame,
    source_of,
)
from napari_colorize.widget import preferences
from napari_colorize.widget.controls import CURRENT_SLICE
from napari_colorize.widget.job import Job
from napari_colorize.widget.work import in_work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from magicgui.widgets import ComboBox
    from napari.components import ViewerModel
    from napari.layers import Image

    from napari_colorize.runs import Backdrop, Source
    from napari_colorize.widget.controls import Advanced, LayerChoice, Sliders
    from napari_colorize.widget.model_choice import ModelChoice


class JobMaker:
    """What turns the controls of a widget into jobs.

    Parameters
    ----------
    viewer
        The viewer of the images.
    image, models, sliders, layer_choice, advanced
        The controls.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        image: ComboBox,
        models: ModelChoice,
        sliders: Sliders,
        layer_choice: LayerChoice,
        advanced: Advanced,
    ) -> None:
        self._viewer, self._image, self._models = viewer, image, models
        self._sliders, self._layers, self._advanced = sliders, layer_choice, advanced
        self._backdrops: list[Backdrop] = []  # of regions that are in work

    def of_chosen(self) -> Job:
        """Return the job of the chosen image.

        Raises
        ------
        NotColorable
            If it cannot be colored now.
        """
        layer = plain(self._image.value)
        there = layer is not None and layer in self._viewer.layers
        self.check_view([layer] if there else [])
        return self.of(layer)

    def of(self, layer: Image) -> Job:
        """Return the job of an image; raise NotColorable if it cannot be colored."""
        if layer in in_work:
            raise NotColorable(
                f"{layer.name} is being colored already. Wait until that is done or "
                "stopped."
            )
        source = self._source(layer)
        run = run_of(self._viewer, layer)
        backdrop = None
        if source.region is not None and run is not None:
            backdrop = run.backdrop_for(source)
            self._backdrops.append(backdrop)
        return Job(
            layer,
            source,
            self._models.model,
            self._models.backend,
            self._advanced.working_size.value,
            self._layers.kinds(),
            self._settings_of(layer),
            self._advanced.smoothing.amount,
            backdrop,
        )

    def of_folder(self) -> Setup:
        """Return the model and the settings of the controls for a folder."""
        return Setup.of(
            self._models.model,
            self._models.card,
            self._models.backend,
            self._settings_of(plain(self._image.value)),
            self._advanced.working_size.value,
            preferences.read().not_finite,
        )

    def check_view(self, images: Sequence[Any]) -> None:
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
        if not self._layers.kinds():
            raise NotColorable("No layer is chosen. Tick at least one under 'Layers'.")

    def release(self) -> None:
        """Let go of what the jobs that are done were painted on."""
        while self._backdrops:
            self._backdrops.pop().done()

    def _settings_of(self, layer: Image | None) -> DecodeSettings:
        """Return an image's settings for the chosen model: at first the model's own."""
        run, card = run_of(self._viewer, layer), self._models.card
        other = run is not None and run.results.card.model_hash != card.model_hash
        if layer is plain(self._image.value) and not other:
            return self._sliders.settings()
        if run is None or other:
            return DecodeSettings(card.temperature, card.rebalance)
        return run.settings

    def _source(self, layer: Image) -> Source:
        advanced = self._advanced
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
