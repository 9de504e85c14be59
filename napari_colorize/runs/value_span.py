"""The values of a source as read: from where to where, and of what their type holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_colorize.runs.source import Source


class ValueSpan:
    """Smallest and largest value of the frames of a source.

    Parameters
    ----------
    source
        The frames.

    Attributes
    ----------
    limits : (float, float)
        Of all frames that were added.
    white : float
        White level of their type.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.limits, self.white = (np.inf, -np.inf), 1.0

    def add(self, image: NDArray[Any]) -> None:
        """Take a frame into account."""
        from colorize_engine.color import full_scale

        self.white = full_scale(image.dtype)
        low, high = self.limits
        self.limits = min(low, float(image.min())), max(high, float(image.max()))

    @property
    def fills_little(self) -> bool:
        """Whether the display range may be what is meant as black and white."""
        from colorize_engine.files import fills_little

        if self._source.limits is not None or self._source.rgb:
            return False
        return fills_little(self.limits, (0.0, self.white))
