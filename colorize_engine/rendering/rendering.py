"""A picture in color, made window by window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.color import lab_to_rgb
from colorize_engine.parallel import spread
from colorize_engine.resize import STRIP_PIXELS
from colorize_engine.upsample import upsample_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from colorize_engine.rendering.pyramid import Pyramid

    Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Rendering:
    """A picture and its chroma at the working size: colors for any window of it.

    Get it from `Prediction.rendering`. What a window shows does not depend on which
    other windows are rendered.

    Attributes
    ----------
    light : Pyramid
        The picture.
    guide : (h, w) float32
        L* at the working size.
    chroma : (2, h, w) float32
        a* and b* at the working size.
    method : {"guided", "bilinear"}
        As in `upsample.upsample`.
    corner : (int, int)
        First row and column of the part of the picture that the guide covers.
    extent : (int, int) or None
        Its height and width; None for the whole picture.
    """

    light: Pyramid
    guide: Floats
    chroma: Floats
    method: str = "guided"
    corner: tuple[int, int] = (0, 0)
    extent: tuple[int, int] | None = None

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the colors: that of the picture."""
        return self.light.image.dtype

    @property
    def channels(self) -> int:
        """3, or 4 if the picture has alpha."""
        return 4 if self.light.image.ndim == 3 and self.light.image.shape[2] == 4 else 3

    @classmethod
    def gray(cls, light: Pyramid) -> Rendering:
        """Return a picture without color."""
        nothing = np.zeros((1, 1), np.float32)
        return cls(light, nothing, nothing[None].repeat(2, 0), "bilinear")

    def whole(self) -> NDArray[Any]:
        """Return the picture at its full size, (H, W, 3 or 4)."""
        height, width = self.light.shapes[0]
        return self.window(slice(0, height), slice(0, width))

    def window(
        self,
        rows: slice,
        columns: slice,
        level: int = 0,
        check: Callable[[], None] | None = None,
    ) -> NDArray[Any]:
        """Return a window of the picture at one of its sizes.

        Parameters
        ----------
        rows, columns, level
            As in ``Pyramid.read``.
        check
            Called between strips of it; it may raise to stop.

        Returns
        -------
        (n, m, 3 or 4) array of the picture's dtype
            At the full size, exactly that part of the whole picture.
        """
        kind, width = self.dtype, columns.stop - columns.start
        inner = kind if kind.kind == "u" else np.dtype(np.float32)
        shape = (rows.stop - rows.start, width, self.channels)
        result = np.empty(shape, kind)
        # In strips, so that a large picture is never held in floats as a whole.
        step = max(1, STRIP_PIXELS // max(1, width))

        def color(top: int) -> None:
            if check is not None:
                check()
            strip = slice(top, min(top + step, rows.stop))
            light = self.light.read(strip, columns, level)
            chroma = self._chroma(light, strip, columns, level)
            part = result[strip.start - rows.start : strip.stop - rows.start]
            part[..., :3] = lab_to_rgb(light, chroma, inner)
            if self.channels == 4:
                part[..., 3] = self._alpha(strip, columns, level)

        spread(lambda: color, range(rows.start, rows.stop, step))
        return result

    def _chroma(self, light: Floats, rows: slice, columns: slice, level: int) -> Floats:
        """Return a* and b* of a window, given its L*."""
        extent, factors = self.extent or self.light.shapes[0], self.light.factors(level)
        if level == 0 and self.guide.shape == extent:
            inner = tuple(
                slice(pixels.start - first, pixels.stop - first)
                for pixels, first in zip((rows, columns), self.corner, strict=True)
            )
            if np.array_equal(light, self.guide[inner]):
                # Nothing to interpolate, and no detail beyond the guide.
                return self.chroma[:, *inner]
        centers = (
            (np.arange(pixels.start, pixels.stop) + 0.5) * factor - first
            for pixels, factor, first in zip(
                (rows, columns), factors, self.corner, strict=True
            )
        )
        down, right = (
            places * small / whole - 0.5
            for places, small, whole in zip(
                centers, self.guide.shape, extent, strict=True
            )
        )
        smaller = any(
            whole < small * factor
            for whole, small, factor in zip(
                extent, self.guide.shape, factors, strict=True
            )
        )
        method = "bilinear" if smaller else self.method
        return upsample_at(self.chroma, self.guide, light, down, right, method)

    def _alpha(self, rows: slice, columns: slice, level: int) -> NDArray[Any]:
        """Return the picture's own alpha; at a smaller size, that of some pixels."""
        centers = [
            ((np.arange(k.start, k.stop) + 0.5) * factor).astype(np.intp)
            for k, factor in zip(
                (rows, columns), self.light.factors(level), strict=True
            )
        ]
        return np.asarray(self.light.image[..., 3][np.ix_(*centers)])
