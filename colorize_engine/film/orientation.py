"""Stored pictures turned upright, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_UPRIGHT = (1, 0, 0, 1)


@dataclass(frozen=True)
class Orientation:
    """The display matrix of a film.

    Attributes
    ----------
    matrix : tuple of int, or None
        Nine numbers as FFmpeg has them, row by row; None if the film has none. Of a
        turn by other angles than 90, 180 and 270 degrees the pictures stay as stored.
    """

    matrix: tuple[int, ...] | None = None

    @property
    def turned(self) -> bool:
        """Whether the rows of the stored picture are upright columns."""
        return not self._directions[0]

    def upright(self, image: NDArray[Any]) -> NDArray[Any]:
        """Return a view of a stored picture (H, W, ...) as it is shown."""
        a, b, c, d = self._directions
        if not self.turned:
            return image[::d, ::a]
        return image.swapaxes(0, 1)[::b, ::c]

    def stored(self, image: NDArray[Any]) -> NDArray[Any]:
        """Return a view of a picture that is upright as it is stored."""
        a, b, c, d = self._directions
        if not self.turned:
            return image[::d, ::a]
        return image[::b, ::c].swapaxes(0, 1)

    @property
    def _directions(self) -> tuple[int, int, int, int]:
        """Signs of a, b, c, d: x' = a x + c y, y' = b x + d y."""
        if self.matrix is None:
            return _UPRIGHT
        a, b, _, c, d = (int(np.sign(n)) for n in self.matrix[:5])
        one_way = (a and d and not (b or c)) or (b and c and not (a or d))
        return (a, b, c, d) if one_way else _UPRIGHT
