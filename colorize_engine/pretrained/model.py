"""Inference with the nets of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from colorize_engine.pretrained.design import HINTS, scaled_lightness

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from colorize_engine.pretrained.card import Card

    Floats = NDArray[np.float32]


class Nets(Protocol):
    """The two nets of a model in some runtime.

    Attributes
    ----------
    runtime, device, precision : str
        What runs them, for the record.
    batched : bool
        Whether to give them several pictures at once. False at reduced precision where
        the results of a batch are rounded differently from those of single pictures.
    concurrent : bool
        Whether it is faster to call them from several threads at once.
    """

    runtime: str
    device: str
    precision: str
    batched: bool
    concurrent: bool

    def __call__(self, planes: Floats, channels: str = "ab") -> tuple[Floats, ...]:
        """Predict logits.

        Parameters
        ----------
        planes : (n, C, h, w) float32
            The inputs of `design.INPUTS`, all that the nets take; h and w are multiples
            of the stride. A net that takes fewer gets the first of them.
        channels
            ``"ab"``, ``"a"`` or ``"b"``: the nets to run.

        Returns
        -------
        tuple of (n, Q, h / s, w / s) float32
            Logits of each channel; s is the head stride.
        """


class Model:
    """The two nets of a model folder, ready to run.

    Call it to turn lightness into calibrated logits of a and of b.

    Attributes
    ----------
    card : Card
    runtime, device, precision : str
        What runs the nets.
    batched, concurrent : bool
        As in `Nets`.
    stride : int
        Height and width of the input must be multiples of it.
    head_stride : int
        Height and width of the input divided by those of the logits.
    takes_hints : bool
        Whether both nets can be shown colors.
    by_channel : bool
        True: one of the nets can run alone.

    Parameters
    ----------
    card
        The model's card.
    nets
        Its nets.
    """

    by_channel = True

    def __init__(self, card: Card, nets: Nets) -> None:
        self.card, self._nets = card, nets
        self.runtime, self.device = nets.runtime, nets.device
        self.precision = nets.precision
        self.batched, self.concurrent = nets.batched, nets.concurrent
        designs = card.designs.values()
        # Strides are powers of two, so the largest is a multiple of the other.
        self.stride = max(design.stride for design in designs)
        self.head_stride = card.head_stride
        self.takes_hints = all(design.takes_hints for design in designs)
        self._inputs = max(len(design.inputs) for design in designs)

    def __call__(
        self, lightness: Floats, hints: Floats | None = None, channels: str = "ab"
    ) -> tuple[Floats, ...]:
        """Predict the logits of a and b.

        Parameters
        ----------
        lightness : (h, w) or (n, h, w) float32
            L* in 0..100; h and w are multiples of ``stride``.
        hints : (4, h, w) or (n, 4, h, w) float32, optional
            In the order of `design.HINTS`: a* / 110 where a is given, its mask (0 or
            1), b* / 110 where b is given, its mask. Where a mask is 0, the plane before
            it is 0. None by default: automatic color.
        channels
            ``"ab"``, ``"a"`` or ``"b"``: the nets to run.

        Returns
        -------
        a, b : (Qa, h / s, w / s) and (Qb, h / s, w / s) float32, or with a leading n
            Calibrated logits, to be decoded with the card's ``calibrated_bins``; s is
            ``head_stride``. Only those of the channels.

        Raises
        ------
        ValueError
            If hints are given to nets that take none.
        """
        single = lightness.ndim == 2
        batch = np.asarray(lightness[None] if single else lightness, np.float32)
        planes = np.zeros((len(batch), self._inputs, *batch.shape[1:]), np.float32)
        planes[:, 0] = scaled_lightness(batch)
        if hints is not None:
            if not self.takes_hints:
                raise ValueError(f"the model {self.card.name!r} takes no hints")
            planes[:, 1 : 1 + len(HINTS)] = hints[None] if single else hints
        logits = self._nets(planes, channels)
        calibrated = (
            each / np.float32(self.card.calibration[channel])
            for channel, each in zip(channels, logits, strict=True)
        )
        return tuple(each[0] if single else each for each in calibrated)
