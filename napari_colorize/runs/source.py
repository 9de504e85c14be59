"""The frames to color: those of an image layer or of a part of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.layers import Image
    from numpy.typing import NDArray

    from colorize_engine.files import NotFinite
    from colorize_engine.region import Region

_NOT_FINITE = (
    "Some pixels are NaN or infinity. Replace them, or choose blank for them in "
    "Preferences, under Colorize. Then press Colorize again."
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
    region : Region or None
        What is colored of the whole picture; the rows and columns above are then what
        the nets see.
    not_finite : {"error", "blank"}
        What becomes of NaN and infinity, as in ``files.read``.
    """

    data: Any
    rgb: bool
    start: tuple[int, ...]
    frames: tuple[int, ...]
    corner: tuple[int, int]
    shape: tuple[int, int]
    limits: tuple[float, float] | None = None
    region: Region | None = None
    not_finite: NotFinite = "blank"
    # Of each frame that was read; a copy by `replace` begins anew.
    _blank: dict[tuple[int, ...], int] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def blank(self) -> int:
        """Number of pixels that were NaN or infinite in the frames read so far."""
        return sum(self._blank.values())

    @property
    def whole(self) -> tuple[int, int]:
        """Rows and columns of the whole picture."""
        axes = self.data.shape[:-1] if self.rgb else self.data.shape
        return int(axes[-2]), int(axes[-1])

    @property
    def box(self) -> tuple[slice, slice]:
        """Rows and columns of the whole picture that are read."""
        (top, left), (height, width) = self.corner, self.shape
        return slice(top, top + height), slice(left, left + width)

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
        """Read a frame in a form that the engine accepts; blank pixels are 0.

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
        where = (
            *(i + first for i, first in zip(index, self.start, strict=True)),
            *self.box,
        )
        from colorize_engine.files import blanked

        try:
            frame = np.asarray(self.data[where])
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise NotColorable(
                f"The picture could not be read: {error}. Check that its file is still "
                "there and whole, and press Colorize again."
            ) from error
        limits = self.limits
        scaled = _checked if limits is None else partial(_stretched, limits)
        result, self._blank[index] = blanked(
            frame, scaled, self.not_finite, channels=self.rgb
        )
        return result

    def read_whole(self, index: tuple[int, ...]) -> NDArray[Any]:
        """Read a frame as `read` does, also what lies around a region."""
        return replace(self, corner=(0, 0), shape=self.whole).read(index)


def _stretched(limits: tuple[float, float], frame: NDArray[Any]) -> NDArray[np.float32]:
    """Map the display range to 0..1; values beyond it become black or white."""
    if not np.isfinite(frame).all():
        raise NotColorable(_NOT_FINITE)
    low, high = limits
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
    region: Region | None = None,
    least: int = 0,
    display_range: bool = False,
    not_finite: NotFinite = "blank",
) -> Source:
    """Return the part of a layer to color.

    Parameters
    ----------
    layer
        An image; a multiscale image is taken at full resolution.
    frame
        Position on the leading axes of the only frame wanted; None for all frames.
    region
        The part wanted, see `region_of`; None for the whole picture.
    least
        Smallest height and width of what the nets see around a region.
    display_range
        Whether the layer's contrast limits define black and white. A layer in color
        has none.
    not_finite : {"error", "blank"}
        What becomes of NaN and infinity.

    Raises
    ------
    NotColorable
        If the layer has no picture.
    """
    data = layer.data[0] if layer.multiscale else layer.data
    shape = picture_shape(layer)
    lead = data.shape[: layer.ndim - 2]
    start = (0,) * len(lead) if frame is None else frame
    frames = lead if frame is None else (1,) * len(lead)
    corner, size = ((0, 0), shape) if region is None else region.box(shape, least)
    limits = None
    if display_range and not layer.rgb:
        low, high = layer.contrast_limits
        limits = (float(low), float(high))
    return Source(
        data,
        layer.rgb,
        tuple(start),
        tuple(frames),
        corner,
        size,
        limits,
        region,
        not_finite,
    )


def picture_shape(layer: Image) -> tuple[int, int]:
    """Return the rows and columns of a layer at full resolution.

    Raises
    ------
    NotColorable
        If it has none.
    """
    data = layer.data[0] if layer.multiscale else layer.data
    shape = data.shape[:-1] if layer.rgb else data.shape
    if len(shape) < 2 or 0 in shape:
        raise NotColorable(
            f"{layer.name} holds no picture: it has no rows and columns of pixels. "
            "Choose another image."
        )
    return int(shape[-2]), int(shape[-1])


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
