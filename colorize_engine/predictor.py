"""Calls of a predictor: padding, batches, hints, and a check of what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from colorize_engine.resize import crop, pad
from colorize_engine.windows import LONGEST, Windows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from colorize_engine.bins import ChannelBins

    Floats: TypeAlias = NDArray[np.float32]

BATCH = 8
"""Largest number of pictures of one call."""


class Predictor(Protocol):
    """A callable from lightness to logits: the nets of a model folder, or your own.

    Attributes may say what else it can do. With ``batched = True`` it takes and returns
    a leading batch axis, too. With ``takes_hints = True`` it takes a second argument
    (4, h, w), see `hints.paint`. With ``by_channel = True`` it takes a third one, the
    channels to run (``"a"`` or ``"b"``), and returns a tuple of these.
    """

    def __call__(self, lightness: Floats, /) -> tuple[Floats, Floats]:
        """Turn L* (h, w) in 0..100 into logits of a and b.

        They have the shapes (Qa, h / s, w / s) and (Qb, h / s, w / s), where s is the
        head stride of the ``Colorizer``, by default 1.
        """


@dataclass(frozen=True)
class Caller:
    """A predictor, and what is known of its logits.

    Attributes
    ----------
    predictor : Predictor
    bins : (ChannelBins, ChannelBins)
        Bins of a and of b.
    stride : int
        Heights and widths given to the predictor are multiples of it.
    head_stride : int
        Height and width of the input divided by those of the logits.
    """

    predictor: Any
    bins: tuple[ChannelBins, ChannelBins]
    stride: int
    head_stride: int

    @property
    def batch(self) -> int:
        """Number of pictures to give to `run` at a time."""
        return BATCH if getattr(self.predictor, "batched", False) else 1

    @property
    def takes_hints(self) -> bool:
        """Whether it can be shown colors."""
        return bool(getattr(self.predictor, "takes_hints", False))

    def again(self, lightness: Floats, hints: Floats, channels: str) -> list[Floats]:
        """Predict one picture with several sets of hints, see `prediction.Nets`."""
        parts = [
            self.run([lightness] * len(some), list(some), channels)
            for first in range(0, len(hints), self.batch)
            if len(some := hints[first : first + self.batch])
        ]
        return [np.concatenate(each) for each in zip(*parts, strict=True)]

    def run(
        self,
        planes: Sequence[Floats],
        hints: Sequence[Floats | None],
        channels: str = "ab",
    ) -> list[list[Floats]]:
        """Predict pictures of one shape; long ones in windows, see `Windows`.

        Parameters
        ----------
        planes : sequence of (h, w) float32
            L* of each picture.
        hints : sequence of (4, h, w) float32 or None
            Painted hints of each picture.
        channels
            ``"ab"``, ``"a"`` or ``"b"``.

        Returns
        -------
        list of list of (Q, h', w') float32
            Of each channel, the logits of each picture.

        Raises
        ------
        ValueError
            If the predictor gives anything but finite logits of the right shapes.
        """
        height, width = planes[0].shape
        windows = Windows((height, width), self.stride, self.head_stride)
        if len(windows) == 1:
            return self._run(planes, hints, channels)
        found = [
            self._run_long(windows, *each, channels)
            for each in zip(planes, hints, strict=True)
        ]
        return [list(each) for each in zip(*found, strict=True)]

    def _run_long(
        self, windows: Windows, plane: Floats, hints: Floats | None, channels: str
    ) -> list[Floats]:
        """Predict one long picture; return the logits of each channel."""
        parts = list(windows.cut(plane))
        shown: list[Floats | None] = [None] * len(parts)
        if hints is not None:
            shown = list(windows.cut(hints))
        # As many pixels at a time as in a batch of pictures that are not long.
        most = max(1, self.batch // LONGEST)
        found: list[list[Floats]] = [[] for _ in channels]
        for first, last in _of_one_shape(parts, most):
            logits = self._run(parts[first:last], shown[first:last], channels)
            for channel, some in zip(found, logits, strict=True):
                channel += some
        return [windows.join(each) for each in found]

    def _run(
        self, planes: Sequence[Floats], hints: Sequence[Floats | None], channels: str
    ) -> list[list[Floats]]:
        """Predict pictures of one shape in one call, as `run` says."""
        padded = np.stack([self._pad(plane) for plane in planes])
        shown = self._pad_hints(hints)
        if len(planes) == 1:
            padded, shown = padded[0], None if shown is None else shown[0]
        results = self._call(padded, shown, channels)
        cells = tuple(side // self.head_stride for side in padded.shape[-2:])
        lead = padded.shape[:-2]
        found = []
        for channel, result in zip(channels, results, strict=True):
            logits = self._checked(channel, result, lead, cells)
            rows = logits if lead else logits[None]
            shape = (planes[0].shape[0], planes[0].shape[1])
            # Copied, so that no prediction keeps the others of its batch in memory.
            found.append(
                [crop(row, shape, self.stride, self.head_stride).copy() for row in rows]
            )
        return found

    def _pad(self, plane: Floats) -> Floats:
        return pad(plane, self.stride, self.head_stride)

    def _pad_hints(self, hints: Sequence[Floats | None]) -> Floats | None:
        """Return the planes of all pictures padded; None if no picture has hints."""
        some = next((planes for planes in hints if planes is not None), None)
        if some is None:
            return None
        empty = np.zeros_like(some)
        whole = [empty if planes is None else planes for planes in hints]
        return np.stack([[self._pad(plane) for plane in planes] for planes in whole])

    def _call(
        self, lightness: Floats, hints: Floats | None, channels: str
    ) -> Sequence[Floats]:
        """Call the predictor, with no more arguments than it may know."""
        if channels != "ab" and getattr(self.predictor, "by_channel", False):
            some: Sequence[Floats] = self.predictor(lightness, hints, channels)
            return some
        results = (
            self.predictor(lightness)
            if hints is None
            else self.predictor(lightness, hints)
        )
        if not isinstance(results, (tuple, list)) or len(results) != 2:
            raise ValueError(
                "expected the logits of a and of b from the predictor, got "
                f"{type(results).__name__}"
            )
        return [results["ab".index(channel)] for channel in channels]

    def _checked(
        self, channel: str, result: Any, lead: tuple[int, ...], cells: tuple[int, ...]
    ) -> Floats:
        """Return logits as float32; raise ValueError unless they are right."""
        logits = np.asarray(result, np.float32)
        expected = (*lead, len(self.bins["ab".index(channel)]), *cells)
        if logits.shape != expected:
            raise ValueError(
                f"expected logits of {channel} of shape {expected} from the "
                f"predictor, got {logits.shape}"
            )
        # -inf (probability 0) is allowed, but every cell needs one finite logit.
        if not np.isfinite(logits.max(-3)).all():
            raise ValueError(
                f"expected finite logits of {channel} from the predictor, got NaN or "
                "infinity"
            )
        return logits


def _of_one_shape(planes: Sequence[Floats], most: int) -> Iterator[tuple[int, int]]:
    """Yield first and last indices of neighbors of one shape, not too many at once."""
    first = 0
    for last in range(1, len(planes) + 1):
        ends = last == len(planes) or planes[last].shape != planes[first].shape
        if ends or last - first == most:
            yield first, last
            first = last
