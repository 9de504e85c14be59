"""A picture in color of which a region has colors of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.color import lab_to_rgb, srgb_to_lab

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from colorize_engine.region import Region
    from colorize_engine.rendering.rendering import Rendering
    from colorize_engine.rendering.window_cache import Colors

    Floats = NDArray[np.float32]

_STRIP = 1 << 22  # pixels of a part that is put together at a time


@dataclass(frozen=True, eq=False)
class Patched:
    """Colors of a picture, and others inside a region of it.

    Outside of the region they are exactly those of the base.

    Attributes
    ----------
    base : Colors
        Of the whole picture; of the same type as the patch.
    patch : Rendering
        Of a part of it that the region lies in.
    region : Region
    """

    base: Colors
    patch: Rendering
    region: Region

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the colors."""
        return self.patch.dtype

    @property
    def channels(self) -> int:
        """3, or 4 with alpha."""
        return self.patch.channels

    def window(
        self,
        rows: slice,
        columns: slice,
        level: int = 0,
        check: Callable[[], None] | None = None,
    ) -> NDArray[Any]:
        """Return a window of a level, as `Rendering.window` does."""
        size = rows.stop - rows.start, columns.stop - columns.start
        result = np.empty((*size, self.channels), self.dtype)
        step = max(1, _STRIP // max(1, size[1]))
        for top in range(rows.start, rows.stop, step):
            strip = slice(top, min(top + step, rows.stop))
            part = result[strip.start - rows.start : strip.stop - rows.start]
            part[:] = self.base.window(strip, columns, level, check)
            self._patch(part, strip, columns, level, check)
        return result

    def _patch(
        self,
        pixels: NDArray[Any],
        rows: slice,
        columns: slice,
        level: int,
        check: Callable[[], None] | None,
    ) -> None:
        """Color the region in a window of the base."""
        light = self.patch.light
        weights = self.region.weights(
            rows, columns, light.shapes[level], light.factors(level)
        )
        # Only as much is rendered as the region needs.
        down, right = (np.flatnonzero(weights.any(axis)) for axis in (1, 0))
        if not down.size:
            return
        inner = slice(down[0], down[-1] + 1), slice(right[0], right[-1] + 1)
        there = [
            slice(outer.start + int(part.start), outer.start + int(part.stop))
            for outer, part in zip((rows, columns), inner, strict=True)
        ]
        mix(
            pixels[inner],
            self.patch.window(there[0], there[1], level, check),
            weights[inner],
            light.read(there[0], there[1], level),
        )


def mix(
    pixels: NDArray[Any], others: NDArray[Any], weights: Floats, light: Floats
) -> None:
    """Put other colors over pixels; the lightness stays.

    Parameters
    ----------
    pixels : (H, W, 3 or 4) uint8, uint16, or float in 0..1
        Where the weight is 0 they stay as they are. Alpha stays everywhere.
    others : (H, W, 3 or more) array of the same type
        Where the weight is 1 they are taken as they are. In between the mean of both
        chromas is taken.
    weights : (H, W) float32 in 0..1
    light : (H, W) float32
        L* of the picture.
    """
    np.copyto(pixels[..., :3], others[..., :3], where=(weights == 1)[..., np.newaxis])
    edge = np.nonzero((weights > 0) & (weights < 1))
    if not edge[0].size:
        return
    here, there = (srgb_to_lab(rgb[edge][:, :3])[:, 1:] for rgb in (pixels, others))
    chroma = here + weights[edge][:, None] * (there - here)
    kind = pixels.dtype if pixels.dtype.kind == "u" else np.dtype(np.float32)
    made = lab_to_rgb(light[edge][None], chroma.T[:, None], kind)
    pixels[..., :3][edge] = made[0]
