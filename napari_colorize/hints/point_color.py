"""Color of a point: what a point of a Points layer tells the nets.

A point's face color is its hint. What 8 bits of color do not hold stands in the layer's
features, so that it goes along when napari copies, moves or deletes the point:

- ``a``, ``b``: CIE a* and b* exactly, NaN where they are not known;
- ``open``: the channel that is left to the nets, ``"a"``, ``"b"`` or ``""``;
- ``radius``: that of the hint, NaN for the default;
- ``strength``: that of the hint;
- ``all_frames``: whether a hint of a stack is for all frames, not only for its own;
- ``face``: the face color that stands for a and b, as ``"#c05030"``. After napari's own
  control has changed the color of the point, the face color counts.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari.layers import Points

NO_COLOR = (1.0, 1.0, 1.0, 0.0)
"""Face color of a point until it has one: no more than a border."""
DEFAULTS: dict[str, Any] = {
    "a": math.nan,
    "b": math.nan,
    "open": "",
    "radius": math.nan,
    "strength": 1.0,
    "all_frames": False,
    "face": "",
}
"""Features of a point without a color."""


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
    strength : float
        As of `Hint`.
    all_frames : bool
        Whether it is for all frames of a stack.
    """

    a: float
    b: float
    open: str = ""
    radius: float = math.nan
    strength: float = 1.0
    all_frames: bool = False


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
    return PointColor(
        a,
        b,
        str(row["open"]),
        float(row["radius"]),
        float(row["strength"]),
        bool(row["all_frames"]),
    )


def _row(points: Points, index: int) -> dict[str, Any]:
    table = points.features
    return {
        name: table[name].iloc[index] if name in table else default
        for name, default in DEFAULTS.items()
    }


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
            faces[index], rows[index] = NO_COLOR, dict(DEFAULTS)
            continue
        faces[index] = (*_face(color), 1.0)
        rows[index] = {**color._asdict(), "face": _hex(faces[index])}
    # A person may have added columns.
    points.features = {**points.features, **columns(rows)}
    points.face_color = faces


def columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return rows of features, with the keys of ``DEFAULTS``, as columns."""
    return {
        name: np.array(
            [row[name] for row in rows],
            object if isinstance(default, str) else type(default),
        )
        for name, default in DEFAULTS.items()
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
