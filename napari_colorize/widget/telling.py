"""The words of the status on the chosen image, and the buttons that go with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_colorize.widget.job import summary
from napari_colorize.widget.recalling import saved_path, what_to_do

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_colorize.runs import Run
    from napari_colorize.widget.controls import Status
    from napari_colorize.widget.model_choice import ModelChoice
    from napari_colorize.widget.smoothing_choice import SmoothingChoice


def tell(
    state: Status,
    image: Image | None,
    run: Run | None,
    models: ModelChoice,
    smoothing: SmoothingChoice,
) -> None:
    """Say how the chosen image was colored, or what can be done with it.

    Parameters
    ----------
    state
        Shows it, with a button for what may help.
    image, run
        The chosen image and its run.
    models, smoothing
        What the next run would be made with.
    """
    state.stretch.visible = run is not None and run.results.values.fills_little
    state.go_on.visible = run is None and saved_path(image) is not None
    if run is None:
        state.text.value = what_to_do(image)
    elif models.card.model_hash != run.results.card.model_hash:
        state.text.value = (
            f"Colored with {run.results.card.name}. Press Colorize to apply "
            f"{models.card.name}."
        )
    else:
        state.text.value = smoothing.told(run, summary(run.results))
