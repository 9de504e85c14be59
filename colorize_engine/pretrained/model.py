"""Inference with the nets of a model."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

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
    head_stride : int
        Height and width of the input divided by those of the logits.
    batched : bool
        Whether to give it several pictures at once. False at reduced precision, where
        the results of a batch are rounded differently from those of single pictures.
    concurrent : bool
        Whether it is faster to call it from several threads at once, each with a share
        of the processors.
    takes_hints : bool
        Whether both nets can be shown colors.

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

    Raises
    ------
    ValueError
        If the head strides of the nets differ.
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
        self.head_stride = card.head_stride
        self.batched = dtype == torch.float32
        self.concurrent = device.type == "cpu"
        self.takes_hints = all(net.design.takes_hints for net in nets.values())

    def __call__(
        self, lightness: NDArray[np.float32], hints: NDArray[np.float32] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Predict the logits of a and b.

        Parameters
        ----------
        lightness : (h, w) or (n, h, w) float32
            L* in 0..100; h and w are multiples of ``stride``.
        hints : (4, h, w) or (n, 4, h, w) float32, optional
            Given colors and their masks, see `unet.net_input`; none by default.

        Returns
        -------
        a, b : (Qa, h / s, w / s) and (Qb, h / s, w / s) float32, or with a leading n
            Calibrated logits, to be decoded with the card's ``calibrated_bins``; s is
            ``head_stride``.

        Raises
        ------
        ValueError
            If hints are given to nets that take none.
        """
        single = lightness.ndim == 2
        batch = self._tensor(lightness[None] if single else lightness)
        shown = None
        if hints is not None:
            shown = self._tensor(hints[None] if single else hints)
        if self.concurrent:
            a, b = run_side_by_side(
                partial(self._run, "a", batch, shown),
                partial(self._run, "b", batch, shown),
            )
        else:
            a, b = self._run("a", batch, shown), self._run("b", batch, shown)
        return (a[0], b[0]) if single else (a, b)

    def _tensor(self, planes: NDArray[np.float32]) -> Tensor:
        import torch

        # Copied because torch warns about read-only arrays.
        return torch.from_numpy(np.array(planes, np.float32, order="C")).to(self.device)

    def _run(
        self, channel: str, lightness: Tensor, hints: Tensor | None
    ) -> NDArray[np.float32]:
        import torch

        from colorize_engine.pretrained.unet import net_input

        net = self.nets[channel]
        with torch.inference_mode():  # applies to this thread only
            x = net_input(lightness, hints, net.design.inputs).to(self.dtype)
            logits = net(x.contiguous(memory_format=torch.channels_last))
            scaled = logits.float() / self.card.calibration[channel]
            result: NDArray[np.float32] = scaled.contiguous().cpu().numpy()
        return result
