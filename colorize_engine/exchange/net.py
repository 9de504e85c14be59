"""One net of a model: what another program must know to run it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from colorize_engine.hints.painting import SCALE
from colorize_engine.pretrained import HINTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from colorize_engine.bins import ChannelBins
    from colorize_engine.pretrained import Card, NetDesign

    Floats = NDArray[np.float32]

# Gain and offset that bring a plane from its own unit to what a net takes.
_SCALES = {
    "L": (0.02, -1.0),
    **{name: (1 / SCALE if "hint" in name else 1.0, 0.0) for name in HINTS},
}
# Of the example: rows and columns in strides; a*, mask, b* and mask of its hint.
_EXAMPLE, _RED = (4, 6), (60, 1, 40, 1)


@dataclass(frozen=True)
class Net:
    """One net of a model.

    Attributes
    ----------
    card : Card
        Of the model.
    channel : str
        ``a`` or ``b``.
    """

    card: Card
    channel: str

    @property
    def design(self) -> NetDesign:
        """Design of the net."""
        return self.card.designs[self.channel]

    @property
    def bins(self) -> ChannelBins:
        """Bins of the net, for logits before they are divided."""
        return self.card.bins[self.channel]

    @property
    def gains(self) -> list[float]:
        """Factor of each input plane."""
        return [_SCALES[name][0] for name in self.design.inputs]

    @property
    def offsets(self) -> list[float]:
        """Addend of each input plane, after the factor."""
        return [_SCALES[name][1] for name in self.design.inputs]

    @property
    def metadata(self) -> dict[str, str]:
        """All that decoding takes, and where it is from; numbers and lists are JSON."""
        card, design = self.card, self.design
        content = json.loads(card.to_json())
        numbers = {
            "inputs": design.inputs,
            "input_gains": self.gains,
            "input_offsets": self.offsets,
            "stride": design.stride,
            "head_stride": design.head_stride,
            **content["bins"][self.channel],
            "divisor": card.calibration[self.channel],
            "temperature": card.temperature,
            "rebalance": card.rebalance,
            "working_size": card.working_size,
        }
        return {
            "model": card.name,
            "version": card.version,
            "hash": card.model_hash,
            "description": card.description,
            "channel": self.channel,
            **{name: json.dumps(value) for name, value in numbers.items()},
        }

    def example(self) -> Floats:
        """Return an input that shows every plane in use.

        Returns
        -------
        (1, C, h, w) float32
            L* of a drawn scene, and a hint of a red square if the net takes hints, each
            in its own unit.
        """
        height, width = (strides * self.design.stride for strides in _EXAMPLE)
        y, x = np.mgrid[:height, :width]
        hills = height * (0.6 + 0.1 * np.sin(7 * x / width))
        planes = np.zeros((1, len(self.design.inputs), height, width), np.float32)
        planes[0, 0] = np.where(y > hills, 35 + y % 7, 80 - 20 * y / height)
        square = np.s_[height // 4 : height // 2, width // 4 : width // 2]
        for plane, value in zip(planes[0, 1:], _RED, strict=False):
            plane[square] = value
        return planes

    def scaled(self, planes: Floats) -> Floats:
        """Return planes (n, C, h, w), each in its own unit, as the net takes them."""
        gains, offsets = (
            np.reshape(values, (-1, 1, 1)) for values in (self.gains, self.offsets)
        )
        return np.asarray(planes * gains + offsets, np.float32)
