"""A Points layer as hints of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Points

from napari_colorize.runs.placement import placement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel
    from napari.layers import Image

    from colorize_engine import Hint

SOURCE = "napari_colorize_hints_of"
"""Key of a Points layer's metadata: the image layer that its hints are for."""
# Points get no more than a border until they have a color.
_OPEN = (1.0, 1.0, 1.0, 0.0)
_SIZE = 1 / 60
_BORDER = 0.15


def find_points(viewer: ViewerModel, image: Image) -> Points | None:
    """Return the Points layer with the hints of an image, if there is one."""
    for layer in viewer.layers:
        if isinstance(layer, Points) and layer.metadata.get(SOURCE) is image:
            return layer
    return None


def make_points(viewer: ViewerModel, image: Image, shape: tuple[int, int]) -> Points:
    """Add an empty Points layer for the hints of an image, lying exactly on it.

    Parameters
    ----------
    viewer
        The viewer.
    image
        The image.
    shape
        Its rows and columns, for the size of the points.
    """
    ndim = image.ndim
    where = placement(image, [0.0] * ndim, [1.0] * ndim)
    points = Points(
        np.empty((0, ndim)),
        ndim=ndim,
        name=f"{image.name} hints",
        size=max(3.0, _SIZE * max(shape)),
        face_color=[_OPEN],
        border_color="white",
        border_width=_BORDER,
        metadata={SOURCE: image},
        **where,
    )
    viewer.layers.append(points)
    return points


def hints_of(points: Points, corner: Sequence[int], shape: Sequence[int]) -> list[Hint]:
    """Return the points that have a color and lie inside of a part of the image.

    Parameters
    ----------
    points
        The layer; the last two axes are rows and columns.
    corner, shape
        First row and column of the part, and its rows and columns.
    """
    from colorize_engine import Hint
    from colorize_engine.color import srgb_to_lab

    found = []
    for place, face in zip(points.data, points.face_color, strict=True):
        row, column = place[-2] - corner[0], place[-1] - corner[1]
        inside = -0.5 <= row <= shape[0] - 0.5 and -0.5 <= column <= shape[1] - 0.5
        if face[3] == 0 or not inside:
            continue
        rgb = np.rint(255 * np.asarray(face[:3])).astype(np.uint8)
        _, a, b = srgb_to_lab(rgb[None, None])[0, 0]
        found.append(Hint(float(row), float(column), float(a), float(b)))
    return found


def add_hints(
    points: Points, hints: Sequence[Hint], corner: Sequence[int], frame: Sequence[float]
) -> None:
    """Add a point with its color for each hint.

    Parameters
    ----------
    points
        The layer.
    hints
        At places of a part of the image; open channels count as gray.
    corner
        First row and column of the part.
    frame
        Position on the axes before rows and columns.
    """
    if not hints:
        return
    first = len(points.data)
    places = [(*frame, h.row + corner[0], h.column + corner[1]) for h in hints]
    points.add(np.array(places, float))
    for number, hint in enumerate(hints):
        set_color(points, [first + number], _nearest(hint))


def _nearest(hint: Hint) -> tuple[float, ...]:
    """Return the RGB in 0..1, of any lightness, that keeps a* and b* best."""
    from colorize_engine.color import lab_to_rgb, srgb_to_lab

    chroma = np.array([hint.a or 0.0, hint.b or 0.0], np.float32)
    light = np.arange(20, 95, 5, dtype=np.float32)[None]
    planes = np.broadcast_to(chroma[:, None, None], (2, *light.shape))
    rgb = lab_to_rgb(light, np.ascontiguousarray(planes))
    error = np.abs(srgb_to_lab(rgb)[0, :, 1:] - chroma).sum(-1)
    return tuple(float(level) / 255 for level in rgb[0, int(error.argmin())])


def set_color(
    points: Points, indices: Sequence[int], rgb: Sequence[float] | None
) -> None:
    """Set the color of points, (3,) in 0..1, or take it away."""
    colors = np.array(points.face_color)
    colors[list(indices)] = _OPEN if rgb is None else (*rgb, 1.0)
    points.face_color = colors
