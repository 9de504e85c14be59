"""Long pictures in overlapping windows, whose distributions are joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from colorize_engine.decode import softmax
from colorize_engine.resize import head_shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

LONGEST = 3
"""Largest long side of what the nets see at once, in short sides."""


class Windows:
    """Windows along a long picture, each as wide as its short side.

    A window is `LONGEST` times as long as it is wide, and overlaps the next one by a
    third of its length or more. A picture that is no longer has one window.

    Parameters
    ----------
    shape : (h, w)
        Size of the picture, at the working size.
    stride
        The nets take multiples of it.
    head_stride
        Side of a cell; windows begin with one.
    """

    def __init__(self, shape: tuple[int, int], stride: int, head_stride: int) -> None:
        short, long = min(shape), max(shape)
        self._shape, self._head_stride = shape, head_stride
        self._axis = shape.index(long)
        # Of whole strides, so that only the last window is ever padded along it.
        length = -(-LONGEST * short // stride) * stride
        count, rest = 1, long - length
        if rest > 0:
            count += -(-rest // max(1, length * (LONGEST - 1) // LONGEST))
        cells = np.linspace(0, max(0, rest) / head_stride, count)
        starts = [int(np.ceil(cell)) * head_stride for cell in cells]
        self._spans = [(start, min(start + length, long)) for start in starts]

    def __len__(self) -> int:
        return len(self._spans)

    def cut(self, planes: Floats) -> Iterator[Floats]:
        """Yield the windows of planes (..., h, w), one after the other."""
        for start, stop in self._spans:
            part = slice(start, stop)
            yield planes[..., part, :] if self._axis == 0 else planes[..., part]

    def join(self, logits: Sequence[Floats]) -> Floats:
        """Return the logits (Q, h', w') of the picture from those of its windows.

        Where windows overlap, their distributions are mixed; each counts less towards
        its ends, so that there are no seams.
        """
        height, width = head_shape(self._shape, self._head_stride)
        mixed = np.zeros((len(logits[0]), height, width), np.float32)
        weights = np.zeros((height, width), np.float32)
        for (start, _), part in zip(self._spans, logits, strict=True):
            count = part.shape[1 + self._axis]
            first = start // self._head_stride
            ramp = np.arange(count, dtype=np.float32) + np.float32(0.5)
            share = np.minimum(ramp, ramp[::-1])
            share = share[:, None] if self._axis == 0 else share[None]
            where = (slice(first, first + count), slice(None))[:: 1 - 2 * self._axis]
            mixed[:, *where] += share * softmax(part)
            weights[where] += share
        with np.errstate(divide="ignore"):
            # A probability of 0 becomes the logit -inf, which decoding accepts.
            return np.asarray(np.log(mixed / weights))
