"""The frames to color: those of an image layer or of a part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.layers import Image, Shapes
    from numpy.typing import NDArray

_NOT_FINITE = (
    "Some pixels of the picture are not numbers (NaN or infinity) and have no color. "
    "Replace them, for example by 0, and press Colorize again."
)
_SET_RANGE = (
    "so it is not clear which value is white. Open Advanced, tick "
    "'use the display range' and press Colorize again."
)


class NotColorable(ValueError):
    """The chosen image cannot be colored; the message says why and what to do."""


@dataclass(frozen=True)
class Source:
    """Frames of an image layer, ready for the engine.

    Attributes
    ----------
    data : array-like
        The layer's data at full resolution: NumPy, dask, zarr, ...
    rgb : bool
        Whether its last axis is color.
    start : tuple of int
        First position on each leading axis.
    frames : tuple of int
        Number of positions on each leading axis; ``()`` for a single picture.
    corner : (int, int)
        First row and column.
    shape : (int, int)
        Rows and columns.
    limits : (float, float) or None
        Values of black and white, if the display range is used.
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
        """Iterate over the frames, each as a position on the leading axes."""
        return np.ndindex(*self.frames)

    def read(self, index: tuple[int, ...]) -> NDArray[Any]:
        """Read a frame in a form that the engine accepts.

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
            If it cannot be read, or the engine does not accept its type or its values.
        """
        (top, left), (height, width) = self.corner, self.shape
        where = (
            *(i + first for i, first in zip(index, self.start, strict=True)),
            slice(top, top + height),
            slice(left, left + width),
        )
        try:
            frame = np.asarray(self.data[where])
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise NotColorable(
                f"The picture could not be read: {error}. Check that its file is still "
                "there and whole, and press Colorize again."
            ) from error
        if self.limits is not None:
            return _stretched(frame, *self.limits)
        return _checked(frame)


def _stretched(frame: NDArray[Any], low: float, high: float) -> NDArray[np.float32]:
    """Map the display range to 0..1; values beyond it become black or white."""
    if not np.isfinite(frame).all():
        raise NotColorable(_NOT_FINITE)
    values = (frame.astype(np.float32) - np.float32(low)) / np.float32(high - low)
    return np.asarray(np.clip(values, 0, 1))


def _checked(frame: NDArray[Any]) -> NDArray[Any]:
    """Return a frame whose type has a fixed range; raise NotColorable for others."""
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
                f"to 1, {_SET_RANGE}"
            )
    elif kind not in (np.uint8, np.uint16):
        raise NotColorable(
            f"The picture's values are not 8-bit or 16-bit numbers from 0 up, "
            f"{_SET_RANGE}"
        )
    return frame.astype(kind, copy=False)


def source_of(
    layer: Image,
    *,
    frame: tuple[int, ...] | None = None,
    region: Shapes | None = None,
    display_range: bool = False,
) -> Source:
    """Return the part of a layer to color.

    Parameters
    ----------
    layer
        An image; a multiscale image is taken at full resolution.
    frame
        Position on the leading axes of the only frame wanted; None for all frames.
    region
        Layer with a rectangle around the part wanted; None for the whole picture.
    display_range
        Whether the layer's contrast limits define black and white. A layer in color
        has none.

    Raises
    ------
    NotColorable
        If the layer has no picture, the region has no rectangle, or the rectangle lies
        outside the picture.
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
    """Return the first row and column, and the size, of a region in layer pixels."""
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
    # Rows and columns only: the rectangle applies to all frames.
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
    """Return the position on a layer's leading axes that a viewer shows.

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
