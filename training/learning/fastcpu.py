"""Fast training steps on a CPU with bfloat16 instructions.

With them PyTorch multiplies matrices ten times as fast as in float32. But its gradient
of a depthwise convolution is slower than in float32, and batch norm, activation,
doubling and loss take most of the remaining time. ``fastcpu.cpp`` computes each of
these in few passes over memory; ``benchmarks/training_step.py`` compares the times. It
is built on first use, with a compiler that PyTorch finds (``c++`` and ``ninja``).
Without a compiler, or on any other device or precision, nets train with PyTorch's own
functions.
"""

from __future__ import annotations

import sys
import zlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils import cpp_extension

from colorize_engine.pretrained.torch_nets import ConvNorm, Doubling

if TYPE_CHECKING:
    from torch import Tensor

    from colorize_engine.pretrained.torch_nets import UNet

_SOURCE = Path(__file__).with_suffix(".cpp")
_FLAGS = ["-O3", "-march=native", "-fopenmp", "-fno-math-errno"]
# Channels that the gradient of a depthwise convolution processes at once.
_LANES = 16
# Values of `top` for no activation, and for ReLU, which has no upper limit.
_LINEAR, _NO_TOP = -1.0, 1e30


def _name() -> str:
    """Return the name of the built library; it depends on the CPU's instructions."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.is_file() else []
    flags = next((line for line in lines if line.startswith("flags")), "")
    return f"napari_colorize_fastcpu_{zlib.crc32(flags.encode()):08x}"


@cache
def available() -> bool:
    """Return whether ``fastcpu.cpp`` was built and loaded; if not, say so on stderr."""
    name = _name()
    try:
        cpp_extension.load(
            name, [str(_SOURCE)], extra_cflags=_FLAGS, is_python_module=False
        )
    except (OSError, RuntimeError, ImportError) as error:
        reason = str(error).strip().splitlines()[0]
        print(f"training without the fast kernels for CPUs: {reason}", file=sys.stderr)
        return False
    return True


def _dense(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


class Depthwise(torch.autograd.Function):
    """Depthwise convolution of (N, C, h, w) bfloat16 with padding (k - 1) / 2."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: int) -> Tensor:
        """Convolve; ``weight`` (C, 1, k, k) float32, k 3 or 5, ``stride`` 1 or 2."""
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        kernel = weight.to(x.dtype)
        return F.conv2d(
            x, kernel, None, stride, weight.shape[-1] // 2, groups=len(weight)
        )

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        """Return the gradients of x and of the weight."""
        of_x, of_weight = torch.ops.napari_colorize.depthwise_backward(
            ctx.saved_tensors[0], _dense(gradients[0]), ctx.saved_tensors[1], ctx.stride
        )
        return of_x, of_weight, None


class NormAct(torch.autograd.Function):
    """Batch norm by the batch's statistics, then a clamp to 0..top (ReLU, ReLU6)."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float, top: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the normalized x, and the mean and variance of each channel."""
        y, mean, scale, variance = torch.ops.napari_colorize.norm_forward(
            x, weight, bias, eps, top
        )
        ctx.save_for_backward(x, y, weight, mean, scale)
        ctx.mark_non_differentiable(mean, variance)
        ctx.top = top
        return y, mean, variance

    @staticmethod
    def backward(
        ctx: Any, *gradients: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, None, None]:
        """Return the gradients of x, weight and bias."""
        found = torch.ops.napari_colorize.norm_backward(
            _dense(gradients[0]), *ctx.saved_tensors, ctx.top
        )
        return (*found, None, None)


class CrossEntropy(torch.autograd.Function):
    """The weighted cross-entropy of `training.learning.losses` for bfloat16 logits."""

    @staticmethod
    def forward(
        ctx: Any,
        logits: Tensor,
        values: Tensor,
        centers: Tensor,
        weights: Tensor,
        counted: Tensor,
        soft: bool,
    ) -> Tensor:
        """Return the loss, a float32 scalar."""
        sums, gradient = torch.ops.napari_colorize.cross_entropy(
            logits, values.contiguous(), centers, weights, counted.contiguous(), soft
        )
        ctx.save_for_backward(gradient)
        ctx.total = max(float(sums[1]), 1e-12)
        return torch.tensor(float(sums[0]) / ctx.total)

    @staticmethod
    def backward(
        ctx: Any, *gradients: Tensor
    ) -> tuple[Tensor, None, None, None, None, None]:
        """Return the gradient of the logits."""
        factor = float(gradients[0]) / ctx.total
        return ctx.saved_tensors[0] * factor, None, None, None, None, None


class Double(torch.autograd.Function):
    """Bilinear enlargement of (N, C, h, w) bfloat16 by two."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Enlarge."""
        return F.interpolate(x, scale_factor=2.0, mode="bilinear")

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Return the gradient of x."""
        dense = _dense(gradients[0])
        found: Tensor = torch.ops.napari_colorize.double_backward(dense)
        return found


class FastDoubling(Doubling):
    """A `Doubling` with the fast gradient under bfloat16 autocast."""

    def forward(self, x: Tensor) -> Tensor:
        """Enlarge (N, C, h, w) to (N, C, 2 h, 2 w)."""
        if not (self.training and x.dtype == torch.bfloat16):
            return super().forward(x)
        y: Tensor = Double.apply(_dense(x))
        return y


class FastConvNorm(ConvNorm):
    """A `ConvNorm` with fast training steps under bfloat16 autocast."""

    conv: nn.Conv2d
    norm: nn.BatchNorm2d

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, normalize, clamp."""
        if not (self.training and torch.is_autocast_enabled("cpu")):
            return super().forward(x)
        conv, norm = self.conv, self.norm
        if conv.groups > 1:
            y = Depthwise.apply(_dense(x.bfloat16()), conv.weight, conv.stride[0])
        else:
            y = conv(x)
        act = getattr(self, "act", None)
        top = _LINEAR if act is None else getattr(act, "max_val", _NO_TOP)
        y, mean, variance = NormAct.apply(
            _dense(y), norm.weight, norm.bias, norm.eps, top
        )
        count = y.numel() // y.shape[1]
        with torch.no_grad():
            norm.running_mean.lerp_(mean, norm.momentum)
            unbiased = variance * (count / max(1, count - 1))
            norm.running_var.lerp_(unbiased, norm.momentum)
            norm.num_batches_tracked.add_(1)
        return y


def accelerate(net: UNet) -> bool:
    """Switch a net's layers to the fast steps; return whether that was possible.

    Names and values of its weights stay the same. So do its results, to the precision
    of bfloat16.
    """
    layers = [module for module in net.modules() if type(module) is ConvNorm]
    fits = all(
        layer.conv.groups == 1 or layer.conv.groups % _LANES == 0 for layer in layers
    )
    if not (fits and available()):
        return False
    for layer in layers:
        layer.__class__ = FastConvNorm
    net.doubling.__class__ = FastDoubling
    return True
