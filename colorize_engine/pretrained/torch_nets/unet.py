"""U-Net from lightness to logits over the bins of one channel.

There is one decoder and a choice of encoder: a plain one, or the inverted residual
blocks of EfficientNet-Lite.

U-Net: Ronneberger, Fischer, Brox 2015, https://arxiv.org/abs/1505.04597.
EfficientNet-Lite: EfficientNet (Tan, Le 2019, https://arxiv.org/abs/1905.11946)
without squeeze-and-excitation and with ReLU6.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from itertools import accumulate
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from colorize_engine.pretrained.design import HINTS, LITE, scaled_lightness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from colorize_engine.pretrained.design import NetDesign

# Per stage of EfficientNet-Lite0: expansion, channels, repeats, stride, kernel.
_STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
LITE_STEM = 32


class ConvNorm(nn.Sequential):
    """Convolution, batch norm and, if given, an activation.

    The output has the height and width of the input divided by the stride.
    """

    conv: nn.Module
    norm: nn.Module

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        *,
        stride: int = 1,
        groups: int = 1,
        eps: float = 1e-5,
        activation: nn.Module | None = None,
    ) -> None:
        layers: OrderedDict[str, nn.Module] = OrderedDict(
            conv=nn.Conv2d(
                inputs,
                outputs,
                kernel,
                stride,
                (kernel - 1) // 2,
                groups=groups,
                bias=False,
            ),
            norm=nn.BatchNorm2d(outputs, eps=eps),
        )
        if activation is not None:
            layers["act"] = activation
        super().__init__(layers)

    def fold(self) -> None:
        """Merge the batch norm into the convolution; for inference only."""
        if isinstance(self.norm, nn.BatchNorm2d) and isinstance(self.conv, nn.Conv2d):
            self.conv = fuse_conv_bn_eval(self.conv, self.norm)
            self.norm = nn.Identity()


def _double(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        ConvNorm(inputs, outputs, activation=nn.ReLU(inplace=True)),
        ConvNorm(outputs, outputs, activation=nn.ReLU(inplace=True)),
    )


class PlainEncoder(nn.Module):
    """Two 3x3 convolutions per level, max pooling in between; strides 1, 2, 4, ..."""

    def __init__(self, inputs: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.channels = widths
        before = (inputs, *widths[:-1])
        self.levels = nn.ModuleList(map(_double, before, widths))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the features of each level, finest first."""
        features: list[Tensor] = []
        for i, level in enumerate(self.levels):
            x = level(F.max_pool2d(x, 2) if i else x)
            features.append(x)
        return features


class InvertedResidual(nn.Module):
    """Block of MobileNetV2: expand, filter each channel separately, project."""

    def __init__(
        self, inputs: int, outputs: int, expansion: int, stride: int, kernel: int
    ) -> None:
        super().__init__()
        width = inputs * expansion
        eps = 1e-3
        self.expand = (
            ConvNorm(inputs, width, 1, eps=eps, activation=nn.ReLU6(inplace=True))
            if expansion > 1
            else nn.Identity()
        )
        self.depthwise = ConvNorm(
            width,
            width,
            kernel,
            stride=stride,
            groups=width,
            eps=eps,
            activation=nn.ReLU6(inplace=True),
        )
        self.project = ConvNorm(width, outputs, 1, eps=eps)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Run the block."""
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + y if self.residual else y


def _scaled_stages(size: str) -> list[tuple[int, int, int, int, int]]:
    """Scale the stages as EfficientNet does.

    Channels are rounded to the nearest multiple of 8, repeats are rounded up. The
    first and the last stage keep their single block in every EfficientNet-Lite.
    """
    wider, deeper = LITE[size]
    return [
        (
            expansion,
            int(channels * wider + 4) // 8 * 8,
            repeats if repeats == 1 else math.ceil(repeats * deeper),
            stride,
            kernel,
        )
        for expansion, channels, repeats, stride, kernel in _STAGES
    ]


class LiteEncoder(nn.Module):
    """EfficientNet-Lite up to its last block; strides 2, 4, 8, 16, 32."""

    def __init__(self, inputs: int, size: str = "lite0") -> None:
        super().__init__()
        stages = _scaled_stages(size)
        self.stem = ConvNorm(
            inputs, LITE_STEM, stride=2, eps=1e-3, activation=nn.ReLU6(inplace=True)
        )
        blocks: list[InvertedResidual] = []
        ends: dict[int, int] = {}
        width, scale = LITE_STEM, 2
        for expansion, channels, repeats, stride, kernel in stages:
            scale *= stride
            for i in range(repeats):
                step = stride if i == 0 else 1
                blocks.append(
                    InvertedResidual(width, channels, expansion, step, kernel)
                )
                width = channels
            # The last block at each stride feeds the decoder.
            ends[scale] = len(blocks) - 1
        self.blocks = nn.ModuleList(blocks)
        self.ends = tuple(ends.values())
        last = accumulate(s[2] for s in stages)
        width_at = {end - 1: s[1] for end, s in zip(last, stages, strict=True)}
        self.channels = tuple(width_at[end] for end in self.ends)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the features at each stride, finest first."""
        x = self.stem(x)
        features: list[Tensor] = []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in self.ends:
                features.append(x)
        return features


class Doubling(nn.Module):
    """Bilinear enlargement by two."""

    def forward(self, x: Tensor) -> Tensor:
        """Enlarge (N, C, h, w) to (N, C, 2 h, 2 w)."""
        return F.interpolate(x, scale_factor=2.0, mode="bilinear")


class UNet(nn.Module):
    """Encoder, decoder with skips, and a 1x1 head.

    Parameters
    ----------
    design
        Design of the net.

    Attributes
    ----------
    design : NetDesign
    """

    def __init__(self, design: NetDesign) -> None:
        super().__init__()
        self.design = design
        inputs = len(design.inputs)
        self.encoder: PlainEncoder | LiteEncoder = (
            PlainEncoder(inputs, design.encoder_widths)
            if design.encoder == "plain"
            else LiteEncoder(inputs, design.encoder)
        )
        channels = self.encoder.channels
        bottom = channels[-1]
        self.context = nn.Conv2d(bottom, bottom, 1) if design.context else None
        levels: list[nn.Module] = []
        for skip, width in zip(channels[-2::-1], design.decoder_widths, strict=False):
            levels.append(_double(bottom + skip, width))
            bottom = width
        self.decoder = nn.ModuleList(levels)
        self.doubling = Doubling()
        self.head = nn.Conv2d(bottom, design.outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Predict logits.

        Parameters
        ----------
        x : (N, C, h, w) float
            As from `net_input`; h and w are multiples of the stride.

        Returns
        -------
        (N, Q, h / head_stride, w / head_stride) float

        Raises
        ------
        ValueError
            If h or w is not a multiple of the stride.
        """
        stride = self.design.stride
        if x.shape[2] % stride or x.shape[3] % stride:
            raise ValueError(
                f"expected a height and a width that are multiples of {stride}, "
                f"got {x.shape[2]} x {x.shape[3]}"
            )
        *skips, y = self.encoder(x)
        if self.context is not None:
            y = y + self.context(y.mean((2, 3), keepdim=True))
        for skip, level in zip(reversed(skips), self.decoder, strict=False):
            y = level(torch.cat([self.doubling(y), skip], 1))
        logits: Tensor = self.head(y)
        return logits

    def fold(self) -> UNet:
        """Merge all batch norms into their convolutions, for inference; return self."""
        self.eval()
        for module in self.modules():
            if isinstance(module, ConvNorm):
                module.fold()
        return self


def net_input(
    lightness: Tensor, hints: Tensor | None = None, inputs: Sequence[str] = ("L",)
) -> Tensor:
    """Scale lightness, and put hints beside it, for a net.

    Parameters
    ----------
    lightness : (N, h, w) float
        L* in 0..100.
    hints : (N, 4, h, w) float, optional
        In the order of ``HINTS``: a* / 110 where a is given, its mask (0 or 1), b* /
        110 where b is given, its mask. Where a mask is 0, the plane before it is 0.
        None stands for zeros: the net colors automatically.
    inputs : sequence of str
        Of the net's design.

    Returns
    -------
    (N, C, h, w) float
        C is the number of inputs.

    Raises
    ------
    ValueError
        If hints are given to a net that takes none.
    """
    scaled: Tensor = scaled_lightness(lightness)[:, None]
    if len(inputs) == 1:
        if hints is not None:
            raise ValueError("this net takes no hints")
        return scaled
    if hints is None:
        hints = scaled.new_zeros(len(scaled), len(HINTS), *scaled.shape[2:])
    return torch.cat([scaled, hints.to(scaled.dtype)], 1)
