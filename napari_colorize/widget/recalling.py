"""Pictures that were saved with their settings, in the widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Layer

from napari_colorize.hints import hints_for
from napari_colorize.reader import is_saved, read_saved, recalled, use_hints

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

    from napari_colorize.runs import Run


def saved_path(image: Image | None) -> str | None:
    """Return the file of an image if Colorize saved it and it was opened as another."""
    path = None if image is None else image.source.path
    if path is None or recalled(image) is not None or not is_saved(str(path)):
        return None
    return str(path)


def what_to_do(image: Image | None) -> str:
    """Return what a person can do with an image that is not colored yet."""
    saved = recalled(image)
    if image is None:
        return "Choose an image and press Colorize."
    if saved is not None and saved.edit.region:
        return (
            "Regions of this picture were colored separately. Press Colorize to color "
            "all of it again, with the settings of the last region."
        )
    if saved is not None:
        return (
            f"It was made with the model {saved.edit.model}. Press Colorize to "
            "continue with its settings."
        )
    if saved_path(image) is not None:
        return "Colorize saved this picture, with its settings."
    return "Press Colorize."


def go_on(viewer: ViewerModel, image: Image | None) -> None:
    """Open a saved picture with its settings, in place of its plain layer."""
    path = saved_path(image)
    if image is not None and path is not None:
        image.visible = False
        for new in read_saved(path):
            viewer.add_layer(Layer.create(*new))


def recall_hints(run: Run) -> None:
    """Put the hints of a saved picture on its new run as points, once."""
    saved, hints = recalled(run.layer), hints_for(run)
    if saved is None or not saved.edit.hints or hints is None or hints.run is None:
        return
    if saved.edit.region:
        # Their places are those in the region.
        return
    hints.replace((), saved.edit.hints)
    use_hints(run.layer)
