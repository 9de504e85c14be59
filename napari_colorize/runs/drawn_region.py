"""A Shapes layer as a region of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_colorize.runs.source import NotColorable

if TYPE_CHECKING:
    from napari.layers import Image, Shapes

    from colorize_engine.region import Region

# napari's names of closed shapes, and those of the engine.
_CLOSED = {"rectangle": "polygon", "polygon": "polygon", "ellipse": "ellipse"}


def region_of(layer: Image, drawn: Shapes, shape: tuple[int, int]) -> Region:
    """Return the closed shapes of a layer, in pixels of an image.

    Those that are selected count, or all if none is. Rows and columns only are looked
    at: a region is the same in all frames.

    Parameters
    ----------
    layer
        The image.
    drawn
        The shapes, anywhere in the world.
    shape
        Rows and columns of the image.

    Raises
    ------
    NotColorable
        If there is no closed shape, or none that has a pixel of the image.
    """
    from colorize_engine.region import Region, Shape

    kinds = [str(kind) for kind in drawn.shape_type]
    closed = [number for number, kind in enumerate(kinds) if kind in _CLOSED]
    if not closed:
        what = "only lines and paths, which have no area" if kinds else "no shape"
        raise NotColorable(
            f"There is {what} in {drawn.name}. Draw a rectangle, an ellipse or a "
            "polygon around the part to color, or choose no region under Advanced."
        )
    chosen = [number for number in closed if number in drawn.selected_data]
    shapes = []
    for number in chosen or closed:
        points = np.array(
            [
                layer.world_to_data(drawn.data_to_world(point))[-2:]
                for point in np.asarray(drawn.data[number])
            ]
        )
        kind = _CLOSED[kinds[number]]
        shapes.append(Shape(kind, tuple(map(tuple, points.tolist()))))
    region = Region(tuple(shapes))
    if not region.covers(shape):
        raise NotColorable(
            f"The shapes in {drawn.name} lie outside {layer.name}. Move them onto the "
            "picture, or choose no region under Advanced."
        )
    return region
