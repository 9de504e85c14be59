"""What is colored: the frames of an image layer, or of a part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.layers import Image, Shapes
    from numpy.typing import NDArray

_NOT_FINITE = (
    "The picture has pixels that are no numbers (NaN or infinity), which have no "
    "color. Replace them, for example by 0, and press Colorize again."
)
_OPTION = (
    "so it is not clear which value is white. Open Advanced, tick "
    "'use the display range' and press Colorize again."
)


class NotColorable(ValueError):
    """What is chosen cannot be colored; says to a person why, and what to do."""


@dataclass(frozen=True)
class Source:
    """Frames of an image layer, ready for the engine.

    Attributes
    ----------
    data : array-like
        Of the layer, at full resolution: NumPy, dask, zarr, ...
    rgb : bool
        Whether its last axis is color.
    start : tuple of int
        First position on each leading axis.
    frames : tuple of int
        How many positions on each leading axis; ``()`` for a single picture.
    corner : (int, int)
        First row and column.
    shape : (int, int)
        Rows and columns.
    limits : (float, float) or None
        Values that are shown black and white, where the display range is used.
    """

    data: Any
    rgb: bool
    start: tuple[int, ...]
    frames: tuple[int, ...]
    corner: tuple[int, int]
    shape: tuple[int, int]
    limits: tuple[float, float] | None = None

    @property
    def count(self) -> int:
        """Number of frames."""
        return int(np.prod(self.frames, dtype=int))

    @property
    def is_stack(self) -> bool:
        """Whether there is more than one frame."""
        return self.count > 1

    def indices(self) -> Iterator[tuple[int, ...]]:
        """Go through the frames, each as a position on the leading axes."""
        return np.ndindex(*self.frames)

    def read(self, index: tuple[int, ...]) -> NDArray[Any]:
        """Read a frame as the engine takes it.

        Parameters
        ----------
        index
            Position on the leading axes, from this source's start.

        Returns
        -------
        (H, W) or (H, W, 3 or 4) array
            uint8, uint16, or float in 0..1.

        Raises
        ------
        NotColorable
            If its type or its values are none that the engine takes.
        """
        (top, left), (height, width) = self.corner, self.shape
        where = (
            *(i + first for i, first in zip(index, self.start, strict=True)),
            slice(top, top + height),
            slice(left, left + width),
        )
        frame = np.asarray(self.data[where])
        if self.limits is not None:
            return _stretched(frame, *self.limits)
        return _checked(frame)


def _stretched(frame: NDArray[Any], low: float, high: float) -> NDArray[np.float32]:
    """Map the display range to 0..1; what lies beyond is black or white."""
    if not np.isfinite(frame).all():
        raise NotColorable(_NOT_FINITE)
    values = (frame.astype(np.float32) - np.float32(low)) / np.float32(high - low)
    return np.asarray(np.clip(values, 0, 1))


def _checked(frame: NDArray[Any]) -> NDArray[Any]:
    """Give a frame of a type that says by itself what is black and white."""
    kind = frame.dtype.newbyteorder("=")
    if kind.kind == "b":
        return frame.astype(np.uint8) * np.uint8(255)
    if kind.kind == "f":
        low, high = float(frame.min()), float(frame.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            raise NotColorable(_NOT_FINITE)
        if low < 0 or high > 1:
            raise NotColorable(
                f"The picture's values go from {low:g} to {high:g} instead of from 0 "
                f"to 1, {_OPTION}"
            )
    elif kind not in (np.uint8, np.uint16):
        raise NotColorable(
            f"The picture's values are of another kind than 8-bit or 16-bit numbers "
            f"from 0 up, {_OPTION}"
        )
    return frame.astype(kind, copy=False)


def source_of(
    layer: Image,
    *,
    frame: tuple[int, ...] | None = None,
    region: Shapes | None = None,
    display_range: bool = False,
) -> Source:
    """Choose what of a layer is colored.

    Parameters
    ----------
    layer
        An image; of a multiscale one the full resolution.
    frame
        Position on the leading axes of the only frame wanted; all if None.
    region
        Layer with a rectangle around the part wanted; the whole picture if None.
    display_range
        Whether the layer's contrast limits say what is black and white; a layer in
        color has none.

    Raises
    ------
    NotColorable
        If the layer has no picture, the region no rectangle, or nothing lies in it.
    """
    data = layer.data[0] if layer.multiscale else layer.data
    shape = data.shape[:-1] if layer.rgb else data.shape
    if len(shape) < 2 or 0 in shape:
        raise NotColorable(
            f"{layer.name} holds no picture: it has no rows and columns of pixels. "
            "Choose another image."
        )
    lead = shape[:-2]
    start = (0,) * len(lead) if frame is None else frame
    frames = lead if frame is None else (1,) * len(lead)
    corner, size = (0, 0), (int(shape[-2]), int(shape[-1]))
    if region is not None:
        corner, size = _rectangle(layer, region, size)
    limits = None
    if display_range and not layer.rgb:
        low, high = layer.contrast_limits
        limits = (float(low), float(high))
    return Source(data, layer.rgb, tuple(start), tuple(frames), corner, size, limits)


def _rectangle(
    layer: Image, region: Shapes, shape: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """First row and column, and size, of a rectangle in the layer's pixels."""
    rectangles = [
        number for number, kind in enumerate(region.shape_type) if kind == "rectangle"
    ]
    chosen = [number for number in rectangles if number in region.selected_data]
    if not rectangles:
        raise NotColorable(
            f"There is no rectangle in {region.name}. Draw one around the part to "
            "color, or choose no region under Advanced."
        )
    corners = np.asarray(region.data[(chosen or rectangles)[-1]])
    # Rows and columns alone: the rectangle holds for all frames.
    points = np.array(
        [layer.world_to_data(region.data_to_world(c))[-2:] for c in corners]
    )
    # Pixels have their centers at whole numbers.
    low = np.clip(np.floor(points.min(0) + 0.5), 0, shape).astype(int)
    high = np.clip(np.floor(points.max(0) + 0.5), 0, shape).astype(int)
    if (high <= low).any():
        raise NotColorable(
            f"The rectangle in {region.name} lies outside of {layer.name}. Move it "
            "onto the picture, or choose no region under Advanced."
        )
    size = high - low
    return (int(low[0]), int(low[1])), (int(size[0]), int(size[1]))


def shown_frame(layer: Image, point: tuple[float, ...]) -> tuple[int, ...]:
    """Position on a layer's leading axes that a viewer shows.

    Parameters
    ----------
    layer
        The layer.
    point
        World coordinates of the viewer's sliders, ``viewer.dims.point``.
    """
    data = layer.data[0] if layer.multiscale else layer.data
    lead = layer.ndim - 2
    at = np.rint(np.asarray(layer.world_to_data(point))[:lead]).astype(int)
    return tuple(
        int(np.clip(i, 0, n - 1)) for i, n in zip(at, data.shape[:lead], strict=True)
    )
