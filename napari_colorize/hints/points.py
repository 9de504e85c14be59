"""A Points layer as hints of an image.

A point's face color is its hint. What 8 bits of color do not hold stands in the layer's
features, so that it goes along when napari copies, moves or deletes the point:

- ``a``, ``b``: CIE a* and b* exactly, NaN where they are not known;
- ``open``: the channel that is left to the nets, ``"a"``, ``"b"`` or ``""``;
- ``radius``: that of the hint, NaN for the default;
- ``face``: the face color that stands for a and b, as ``"#c05030"``. After napari's own
  control has changed the color of the point, the face color counts.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from napari.layers import Points

from napari_colorize.runs.placement import placement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari.components import ViewerModel
    from napari.layers import Image

    from colorize_engine import Hint
    from napari_colorize.runs import Source

SOURCE = "napari_colorize_hints_of"
"""Key of a Points layer's metadata: the image layer that its hints are for."""
# Points get no more than a border until they have a color.
_NO_COLOR = (1.0, 1.0, 1.0, 0.0)
_SIZE = 1 / 60
_BORDER = 0.15
_NAN = float("nan")
_DEFAULTS: dict[str, Any] = {
    "a": _NAN,
    "b": _NAN,
    "open": "",
    "radius": _NAN,
    "face": "",
}


class PointColor(NamedTuple):
    """What a point tells the nets.

    Attributes
    ----------
    a, b : float
        CIE a* and b*, also of an open channel: its value if it is closed again. NaN
        counts as 0 then.
    open : {"", "a", "b"}
        The channel that is left to the nets.
    radius : float
        In pixels of the image; NaN for the default.
    """

    a: float
    b: float
    open: str = ""
    radius: float = _NAN


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
        face_color=[_NO_COLOR],
        border_color="white",
        border_width=_BORDER,
        features=_columns([]),
        feature_defaults=_DEFAULTS,
        metadata={SOURCE: image},
        **where,
    )
    viewer.layers.append(points)
    return points


# -- from points to hints


def color_of(points: Points, index: int) -> PointColor | None:
    """Return what a point tells the nets; None while it has no color."""
    from colorize_engine.color import srgb_to_lab

    face = points.face_color[index]
    if face[3] == 0:
        return None
    row = _row(points, index)
    rgb = np.rint(255 * np.asarray(face[:3])).astype(np.uint8)
    _, a, b = map(float, srgb_to_lab(rgb[None, None])[0, 0])
    if row["face"] == _hex(face):
        a = a if math.isnan(row["a"]) else float(row["a"])
        b = b if math.isnan(row["b"]) else float(row["b"])
    return PointColor(a, b, str(row["open"]), float(row["radius"]))


def _row(points: Points, index: int) -> dict[str, Any]:
    table = points.features
    return {
        name: table[name].iloc[index] if name in table else default
        for name, default in _DEFAULTS.items()
    }


def state_of(points: Points) -> tuple[Hint, ...]:
    """Return all points with a color as hints, in pixels of the whole image.

    Where the image has axes before rows and columns, the place on the first of them is
    the frame. Points before the first row, column or frame are left out.
    """
    found = []
    for index in range(len(points.data)):
        hint = _hint(points, index)
        if hint is not None:
            found.append(hint)
    return tuple(found)


def hints_of(points: Points, source: Source) -> list[Hint]:
    """Return the points that have a color and lie on the frames of a source.

    Rows and columns are those of the source. Hints of a stack have frames.
    """
    found = []
    for index in range(len(points.data)):
        at = place_in(points, index, source)
        hint = _hint(points, index) if at is not None else None
        if at is not None and hint is not None:
            frame = hint.frame if source.is_stack else None
            found.append(replace(hint, row=at[1], column=at[2], frame=frame))
    return found


def place_in(
    points: Points, index: int, source: Source
) -> tuple[tuple[int, ...], float, float] | None:
    """Return frame, row and column of a point in a source; None if it lies outside."""
    *lead, row, column = points.data[index]
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
    frame = round(lead[0]) if lead else None
    if color is None or min(row, column) < -0.5 or (frame or 0) < 0:
        return None
    return Hint(
        row,
        column,
        None if color.open == "a" else color.a,
        None if color.open == "b" else color.b,
        None if math.isnan(color.radius) else color.radius,
        frame,
    )


# -- from hints to points


def add_hints(points: Points, hints: Sequence[Hint], source: Source) -> None:
    """Add a point for each hint of a source; one without a frame on its first one."""
    if not hints:
        return
    first = len(points.data)
    places = _places(hints, source.start, source.corner)
    points.add(np.array(places, float))
    set_colors(points, {first + k: _color(hint) for k, hint in enumerate(hints)})


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
    places = _places(hints, start, (0, 0))
    points.data = np.array(places, float).reshape(-1, points.ndim)
    set_colors(points, {k: _color(hint) for k, hint in enumerate(hints)})


def _places(
    hints: Sequence[Hint], start: Sequence[int], corner: Sequence[int]
) -> list[list[float]]:
    places = []
    for hint in hints:
        lead = [float(k) for k in start]
        if lead and hint.frame is not None:
            lead[0] = hint.frame
        places.append([*lead, hint.row + corner[0], hint.column + corner[1]])
    return places


def _color(hint: Hint) -> PointColor:
    opened = "a" if hint.a is None else "b" if hint.b is None else ""
    a, b, radius = (
        _NAN if value is None else value for value in (hint.a, hint.b, hint.radius)
    )
    return PointColor(a, b, opened, radius)


def set_colors(points: Points, colors: Mapping[int, PointColor | None]) -> None:
    """Set what points tell the nets, and their face colors; None takes it away.

    An open channel is shown as 0.
    """
    if not colors:
        return
    faces = np.array(points.face_color)
    rows = [_row(points, index) for index in range(len(points.data))]
    for index, color in colors.items():
        if color is None:
            faces[index], rows[index] = _NO_COLOR, dict(_DEFAULTS)
            continue
        faces[index] = (*_face(color), 1.0)
        rows[index] = {**color._asdict(), "face": _hex(faces[index])}
    # A person may have added columns.
    points.features = {**points.features, **_columns(rows)}
    points.face_color = faces


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        name: np.array([row[name] for row in rows], object if default == "" else float)
        for name, default in _DEFAULTS.items()
    }


def _hex(face: Sequence[float]) -> str:
    red, green, blue = (round(255 * float(level)) for level in face[:3])
    return f"#{red:02x}{green:02x}{blue:02x}"


def _face(color: PointColor) -> tuple[float, ...]:
    """Return the RGB in 0..1, of any lightness, that keeps a* and b* best."""
    from colorize_engine.color import lab_to_rgb, srgb_to_lab

    told = (
        0.0 if channel == color.open or math.isnan(value) else value
        for channel, value in (("a", color.a), ("b", color.b))
    )
    chroma = np.array(list(told), np.float32)
    light = np.arange(20, 95, 5, dtype=np.float32)[None]
    planes = np.broadcast_to(chroma[:, None, None], (2, *light.shape))
    rgb = lab_to_rgb(light, np.ascontiguousarray(planes))
    error = np.abs(srgb_to_lab(rgb)[0, :, 1:] - chroma).sum(-1)
    return tuple(float(level) / 255 for level in rgb[0, int(error.argmin())])
