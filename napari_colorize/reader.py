"""The reader of pictures that were saved with their settings, to go on from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_colorize.runs import METADATA

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.components import ViewerModel
    from napari.layers import Image
    from numpy.typing import NDArray

    from colorize_engine.batch import Recalled
    from colorize_engine.edit import Edit

    LayerTuple = tuple[NDArray[Any], dict[str, Any], str]

RECALLED = "napari_colorize_recalled"
"""Key of metadata: what both layers of a saved picture have in common."""


def get_reader(path: str | Sequence[str]) -> Callable[..., list[Any]] | None:
    """Return the reader of a file; napari finds this function in ``napari.yaml``.

    napari asks for pictures whose name is that of a saved layer. For one that this
    program did not save, return napari's own reader.
    """
    if isinstance(path, str) and is_saved(path):
        return lambda _path: read_saved(path)
    from napari_builtins.io import napari_get_reader

    found: Callable[..., list[Any]] | None = napari_get_reader(path)
    return found


def is_saved(path: str) -> bool:
    """Return whether a file is a picture that this program saved with its settings."""
    from colorize_engine.edit import saved_edit

    try:
        return Path(path).is_file() and saved_edit(Path(path)) is not None
    except (OSError, ValueError):
        return False


def read_saved(path: str) -> list[LayerTuple]:
    """Return the layers of a saved picture: what was colored, and the colors.

    Parameters
    ----------
    path
        A file that `is_saved`.

    Returns
    -------
    list of (array, dict, str)
        The photo if it lies beside the file, or else its gray; and the picture in
        color, with the record of its settings. The pages of a file become a stack.

    Raises
    ------
    OSError, ValueError
        If the file cannot be read.
    """
    from colorize_engine.batch import recall
    from colorize_engine.color import full_scale
    from colorize_engine.files import retyped

    found = recall(Path(path))
    if found is None:
        raise ValueError(f"{path} was not saved by Colorize")
    name = Path(path).stem.removesuffix(" colorized").removesuffix("-color")
    shared = {RECALLED: found}
    # napari shows color of 8 bits or of floats.
    colored = [_with_alpha(page.image, page.alpha) for page in found.pictures]
    pixels = _stacked(colored)
    if pixels.dtype != np.uint8:
        pixels = retyped(pixels, np.float32)
    in_color = found.sources[0].ndim == 3
    about = {"name": name, "metadata": shared, "rgb": in_color}
    colors = {
        "name": f"{name} colorized",
        "rgb": True,
        "metadata": {**shared, METADATA: _record(name, found.edit)},
        "contrast_limits": (0, full_scale(pixels.dtype)),
    }
    return [
        (_stacked(found.sources), about, "image"),
        (pixels, colors, "image"),
    ]


def recalled(image: Image | None) -> Recalled | None:
    """Return the saved picture that a layer is from, if it is from one."""
    found: Recalled | None = None
    if image is not None:
        found = image.metadata.get(RECALLED)
    return found


def use_hints(image: Image) -> None:
    """Forget the hints of a saved picture, as they are points of the viewer now."""
    found = recalled(image)
    if found is not None:
        edit = replace(found.edit, hints=())
        image.metadata = {**image.metadata, RECALLED: replace(found, edit=edit)}


def colors_of(viewer: ViewerModel, image: Image) -> dict[str, Image]:
    """Return the saved colors of an image by kind, while they are a layer."""
    found = (
        layer
        for layer in viewer.layers
        if layer is not image and _of_same(layer, image)
    )
    colors = next(found, None)
    return {} if colors is None else {"colorized": colors}


def image_of(viewer: ViewerModel, colors: Any) -> Image | None:
    """Return the layer that saved colors are of."""
    return next(
        (
            layer
            for layer in viewer.layers
            if METADATA not in layer.metadata and _of_same(layer, colors)
        ),
        None,
    )


def _of_same(one: Any, other: Any) -> bool:
    first, second = recalled(one), recalled(other)
    return bool(first and second and first.pictures is second.pictures)


def _stacked(pages: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return pages[0] if len(pages) == 1 else np.stack(pages)


def _with_alpha(image: NDArray[Any], alpha: NDArray[Any] | None) -> NDArray[Any]:
    return image if alpha is None else np.dstack([image, alpha])


def _record(source: str, edit: Edit) -> dict[str, Any]:
    """Return the record of the colors, as a run would write it."""
    from colorize_engine import __version__
    from colorize_engine.hints import to_text

    model, version, digest = edit.label.rsplit(" ", 2)
    decoding = edit.decoding
    return {
        "kind": "colorized",
        "source": source,
        "model": model,
        "version": version,
        "hash": digest,
        "temperature": decoding.temperature,
        "rebalance": decoding.rebalance,
        "saturation": decoding.saturation,
        **({"caution": decoding.caution} if decoding.caution else {}),
        "working_size": edit.working_size,
        "software": f"napari-colorize {__version__}",
        **({"hints": to_text(edit.hints)} if edit.hints else {}),
    }
