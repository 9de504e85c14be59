"""Inference with the nets of a model."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from colorize_engine.decode import Distribution
from colorize_engine.pretrained.torch_threads import run_side_by_side

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from colorize_engine.pretrained.card import Card
    from colorize_engine.pretrained.unet import UNet


class Model:
    """The two nets of a model folder, ready to run.

    Call it to turn lightness into calibrated logits of a and of b.

    Attributes
    ----------
    stride : int
        Height and width of the input must be multiples of it.
    batched : bool
        Whether to give it several pictures at once. False at reduced precision, where
        the results of a batch are rounded differently from those of single pictures.
    concurrent : bool
        Whether it is faster to call it from several threads at once, each with a share
        of the processors.

    Parameters
    ----------
    card
        The model's card.
    nets
        Nets ``a`` and ``b`` with their weights; their batch norms are folded in place.
    device
        Device to run them on.
    dtype
        Precision to run them in.
    """

    def __init__(
        self,
        card: Card,
        nets: Mapping[str, UNet],
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        import torch

        self.card, self.device, self.dtype = card, device, dtype
        self.nets = {
            channel: net.fold().to(device, dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
            for channel, net in nets.items()
        }
        # Strides are powers of two, so the largest is a multiple of the other.
        self.stride = max(net.stride for net in nets.values())
        self.batched = dtype == torch.float32
        self.concurrent = device.type == "cpu"

    def __call__(
        self, lightness: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Predict the logits of a and b.

        Parameters
        ----------
        lightness : (h, w) or (n, h, w) float32
            L* in 0..100; h and w are multiples of ``stride``.

        Returns
        -------
        a, b : (Qa, h, w) and (Qb, h, w) float32, or with a leading n
            Calibrated logits, to be decoded with the card's ``calibrated_bins``.
        """
        import torch

        # Copied because torch warns about read-only arrays.
        planes = torch.from_numpy(np.array(lightness, np.float32, order="C"))
        planes = planes.to(self.device)
        single = planes.ndim == 2
        batch = planes[None] if single else planes
        if "a" in self.nets["b"].design.inputs:
            a = self._run("a", batch)
            guess = torch.from_numpy(self._decode_a(a)).to(self.device)
            b = self._run("b", batch, guess)
        elif self.concurrent:
            a, b = run_side_by_side(
                partial(self._run, "a", batch), partial(self._run, "b", batch)
            )
        else:
            a, b = self._run("a", batch), self._run("b", batch)
        return (a[0], b[0]) if single else (a, b)

    def _run(
        self, channel: str, lightness: Tensor, a: Tensor | None = None
    ) -> NDArray[np.float32]:
        import torch

        from colorize_engine.pretrained.unet import net_input

        with torch.inference_mode():  # applies to this thread only
            x = net_input(lightness, a).to(self.dtype)
            logits = self.nets[channel](x.contiguous(memory_format=torch.channels_last))
            scaled = logits.float() / self.card.calibration[channel]
            result: NDArray[np.float32] = scaled.contiguous().cpu().numpy()
        return result

    def _decode_a(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Decode logits (n, Qa, h, w) to a*, the input of a b-net with the chain rule.

        Temperature and rebalancing are the card's.
        """
        bins, card = self.card.calibrated_bins["a"], self.card
        return np.stack(
            [
                Distribution(one, bins).decode(card.temperature, card.rebalance)
                for one in logits
            ]
        )
