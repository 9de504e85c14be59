"""Frames in color, always the whole of them, whether a region is colored or all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_colorize.runs.backdrop import Backdrop
from napari_colorize.runs.large_picture import LARGE, LargePicture, displayed

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from colorize_engine import Prediction
    from colorize_engine.rendering import Colors
    from napari_colorize.runs.large_picture import Prepared
    from napari_colorize.runs.source import Source

    Index = tuple[int, ...]


class Coloring:
    """What turns chroma into the colors of the frames of a source.

    Parameters
    ----------
    source
        The frames.
    backdrop
        What lies around a region; gray by default.

    Attributes
    ----------
    backdrop : Backdrop
    picture : LargePicture or None
        The colors, if they are those of a single picture of more than `LARGE` pixels.
        ``begin`` sets it.
    """

    def __init__(self, source: Source, backdrop: Backdrop | None = None) -> None:
        self._source = source
        self.backdrop = backdrop or Backdrop()
        self.picture: LargePicture | None = None
        self._around: Colors | None = None

    def begin(self, first: Prediction) -> None:
        """Look at the first frame, to see how the colors are to be kept."""
        source = self._source
        height, width = source.whole
        if source.is_stack or height * width <= LARGE:
            return
        image = first.image
        if source.region is not None:
            image = source.read_whole((0,) * len(source.frames))
        light = self.backdrop.light(image)
        if source.region is not None:
            self._around = self.backdrop.colors(source, light)
            if self._around is None:
                return
        channels = channels_of(first)
        self.picture = LargePicture(light, channels, len(source.frames))

    def frame_type(self, first: Prediction) -> tuple[tuple[int, ...], DTypeLike]:
        """Return the shape and type of a frame in color, as napari shows it."""
        dtype: DTypeLike = first.image.dtype
        if dtype != np.uint8:
            dtype = np.float16 if self._source.is_stack else np.float32
        return (*self._source.whole, channels_of(first)), dtype

    def color(
        self, index: Index, prediction: Prediction, chroma: NDArray[np.float32]
    ) -> NDArray[Any] | Prepared:
        """Return the colors of a frame, of a large picture those that are seen."""
        from colorize_engine.color import lightness
        from colorize_engine.rendering import Patched, mix

        source, region = self._source, self._source.region
        if self.picture is not None:
            light, corner = self.picture.light, source.corner
            patch = prediction.rendering(chroma, light=light, corner=corner)
            if region is None or self._around is None:
                return self.picture.prepare(patch)
            return self.picture.prepare(Patched(self._around, patch, region))
        part = displayed(prediction.render(chroma))
        if region is None:
            return part
        frame = self.backdrop.frame(source, index, part.dtype)
        weights = region.weights(*source.box, source.whole)
        mix(frame[source.box], part, weights, lightness(prediction.image))
        return frame


def channels_of(prediction: Prediction) -> int:
    """Return the number of channels of a picture in color: 3, or 4 with alpha."""
    image = prediction.image
    return 4 if image.ndim == 3 and image.shape[2] == 4 else 3
