"""A Points layer as hints of an image."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Points

from napari_colorize.hints.point_color import (
    DEFAULTS,
    NO_COLOR,
    PointColor,
    color_of,
    columns,
    set_colors,
)
from napari_colorize.runs.placement import placement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel
    from napari.layers import Image
    from numpy.typing import NDArray

    from colorize_engine import Hint
    from napari_colorize.runs import Source

SOURCE = "napari_colorize_hints_of"
"""Key of a Points layer's metadata: the image layer that its hints are for."""
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
        face_color=[NO_COLOR],
        border_color="white",
        border_width=_BORDER,
        features=columns([]),
        feature_defaults=DEFAULTS,
        metadata={SOURCE: image},
        **where,
    )
    viewer.layers.append(points)
    return points


# -- from points to hints


def state_of(points: Points) -> tuple[Hint, ...]:
    """Return all points with a color as hints, in pixels of the whole image.

    In a stack they have frames. Points before the first row, column or frame are left
    out.
    """
    found = (_hint(points, index) for index in range(len(points.data)))
    return tuple(hint for hint in found if hint is not None)


def hints_of(points: Points, source: Source) -> list[Hint]:
    """Return the points that have a color and lie on the frames of a source.

    Rows and columns are those of the source. Hints of a stack have frames.
    """
    found = (hint_in(points, index, source) for index in range(len(points.data)))
    return [hint for hint in found if hint is not None]


def hint_in(points: Points, index: int, source: Source) -> Hint | None:
    """Return the hint of a point in a source; None if it has no color or is outside."""
    at, hint = place_in(points, index, source), _hint(points, index)
    if at is None or hint is None:
        return None
    frame = hint.frame if source.is_stack else None
    return replace(hint, row=at[1], column=at[2], frame=frame)


def place_in(
    points: Points, index: int, source: Source
) -> tuple[tuple[int, ...], float, float] | None:
    """Return frame, row and column of a point in a source; None if it lies outside."""
    *lead, row, column = points.data[index]
    color = color_of(points, index)
    if color is not None and color.all_frames:
        lead = list(source.start)
    start = (*source.start, *source.corner)
    at = [*np.rint(lead), row, column]
    extent = (*source.frames, *source.shape)
    inner = [_less(value, first) for value, first in zip(at, start, strict=True)]
    if not all(-0.5 <= k <= n - 0.5 for k, n in zip(inner, extent, strict=True)):
        return None
    return tuple(map(int, inner[:-2])), inner[-2], inner[-1]


def _less(value: float, first: float) -> float:
    # Otherwise 10.3 would not come back from 110.3.
    return round(float(value) - first, 9) if first else float(value)


def _hint(points: Points, index: int) -> Hint | None:
    from colorize_engine import Hint

    color = color_of(points, index)
    *lead, row, column = map(float, points.data[index])
    if color is None:
        return None
    frame = None if color.all_frames or not lead else round(lead[_time_axis(points)])
    if min(row, column) < -0.5 or (frame or 0) < 0:
        return None
    return Hint(
        row,
        column,
        None if color.open == "a" else color.a,
        None if color.open == "b" else color.b,
        None if math.isnan(color.radius) else color.radius,
        frame,
        color.strength,
    )


def _time_axis(points: Points) -> int:
    """Return the axis of the frames, as `Steering.time_axis` is that of a stack."""
    image = points.metadata[SOURCE]
    shape = (image.data[0] if image.multiscale else image.data).shape
    long = (axis for axis, n in enumerate(shape[: image.ndim - 2]) if n > 1)
    return next(long, 0)


# -- from hints to points


def add_hints(points: Points, hints: Sequence[Hint], source: Source) -> None:
    """Add a point for each hint of a source.

    One without a frame lies on the first frame of the source, and in a stack it is for
    all frames.
    """
    if not hints:
        return
    if source.start and not source.is_stack:
        frame = source.start[_time_axis(points)]
        hints = [
            replace(hint, frame=frame) if hint.frame is None else hint for hint in hints
        ]
    first = len(points.data)
    points.add(_places(points, hints, source.start, source.corner))
    colors = [_color(points, hint) for hint in hints]
    set_colors(points, {first + k: color for k, color in enumerate(colors)})


def put_state(points: Points, hints: Sequence[Hint], start: Sequence[int]) -> None:
    """Make the points those of a state, in place of all others.

    Parameters
    ----------
    points
        The layer.
    hints
        From `state_of`.
    start
        Place on the axes before rows and columns, for what hints do not give.
    """
    points.selected_data = set()
    points.data = _places(points, hints, start, (0, 0))
    set_colors(points, {k: _color(points, hint) for k, hint in enumerate(hints)})


def _places(
    points: Points,
    hints: Sequence[Hint],
    start: Sequence[int],
    corner: Sequence[int],
) -> NDArray[np.float64]:
    """Return the places (N, ndim) of hints."""
    places = np.zeros((len(hints), points.ndim))
    for place, hint in zip(places, hints, strict=True):
        place[:] = (*start, hint.row + corner[0], hint.column + corner[1])
        if len(start) and hint.frame is not None:
            place[_time_axis(points)] = hint.frame
    return places


def _color(points: Points, hint: Hint) -> PointColor:
    opened = "a" if hint.a is None else "b" if hint.b is None else ""
    a, b, radius = (
        math.nan if value is None else value for value in (hint.a, hint.b, hint.radius)
    )
    everywhere = points.ndim > 2 and hint.frame is None
    return PointColor(a, b, opened, radius, hint.strength, everywhere)
