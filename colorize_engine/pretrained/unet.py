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
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

if TYPE_CHECKING:
    from collections.abc import Sequence

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
# Width and depth multipliers relative to Lite0.
LITE = {"lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2)}
LITE_STEM = 32
HINTS = ("a-hint", "a-mask", "b-hint", "b-mask")
"""Planes in which a net is shown colors, and masks of where it is shown them."""
INPUTS = (("L",), ("L", *HINTS))


@dataclass(frozen=True)
class NetDesign:
    """Everything needed to build a net; stored in the model card.

    Attributes
    ----------
    encoder : {"plain", "lite0", "lite1", "lite2"}
        Two 3x3 convolutions per level, or the inverted residual blocks of
        EfficientNet-Lite0, 1 or 2.
    encoder_widths : tuple of int
        Channels of each level of the plain encoder; unused by the others.
    decoder_widths : tuple of int
        Channels of each level of the decoder, from the bottom up: one for each skip.
        With fewer, the finest skips are left out and the logits stay coarser.
    context : bool
        Whether the mean over the whole picture is added at the coarsest level.
    inputs : tuple of str, one of ``INPUTS``
        Input channels: lightness alone, or with the four planes of ``HINTS``.
    outputs : int
        Number of logits, one for each bin.

    Raises
    ------
    ValueError
        If this module cannot build a net from the values.
    """

    encoder: str
    encoder_widths: tuple[int, ...]
    decoder_widths: tuple[int, ...]
    context: bool
    inputs: tuple[str, ...]
    outputs: int

    def __post_init__(self) -> None:
        for name in ("encoder_widths", "decoder_widths", "inputs"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.encoder not in ("plain", *LITE):
            known = ", ".join(("plain", *LITE))
            raise ValueError(f"expected the encoder {known}, got {self.encoder!r}")
        if self.inputs not in INPUTS:
            raise ValueError(
                f"expected the inputs L, or L and {', '.join(HINTS)}, got "
                f"{', '.join(map(str, self.inputs)) or 'none'}"
            )
        widths = (*self.encoder_widths, *self.decoder_widths, self.outputs)
        if not all(isinstance(width, int) and width > 0 for width in widths):
            raise ValueError(
                f"expected widths and outputs to be whole numbers > 0, got {widths}"
            )
        levels = len(self.encoder_widths) if self.encoder == "plain" else 5
        if levels == 0:
            raise ValueError("expected at least one encoder width, got none")
        if not (levels > 1) <= len(self.decoder_widths) < levels:
            raise ValueError(
                f"expected at most {levels - 1} decoder widths for the {levels} levels "
                f"of the encoder, and at least one, got {len(self.decoder_widths)}"
            )

    @property
    def takes_hints(self) -> bool:
        """Whether the net can be shown colors."""
        return len(self.inputs) > 1

    def to_json(self) -> dict[str, Any]:
        """Return the design as plain JSON values."""
        return asdict(self)


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
        self.first_stride = 1
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
        self.first_stride = 2
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
    stride : int
        Height and width of the input must be multiples of it.
    head_stride : int
        Height and width of the input divided by those of the logits.
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
        self.stride = self.encoder.first_stride * 2 ** (len(channels) - 1)
        bottom = channels[-1]
        self.context = nn.Conv2d(bottom, bottom, 1) if design.context else None
        levels: list[nn.Module] = []
        for skip, width in zip(channels[-2::-1], design.decoder_widths, strict=False):
            levels.append(_double(bottom + skip, width))
            bottom = width
        self.decoder = nn.ModuleList(levels)
        self.doubling = Doubling()
        self.head = nn.Conv2d(bottom, design.outputs, 1)
        self.head_stride = self.stride >> len(levels)

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
        if x.shape[2] % self.stride or x.shape[3] % self.stride:
            raise ValueError(
                f"expected a height and a width that are multiples of {self.stride}, "
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
    scaled = (lightness * 0.02 - 1)[:, None]
    if len(inputs) == 1:
        if hints is not None:
            raise ValueError("this net takes no hints")
        return scaled
    if hints is None:
        hints = scaled.new_zeros(len(scaled), len(HINTS), *scaled.shape[2:])
    return torch.cat([scaled, hints.to(scaled.dtype)], 1)
