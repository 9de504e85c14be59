"""Variation of L as prints, scans and cameras have it: tone, sharpness, grain, JPEG.

Photos of one source share their sharpness, tone and compression, and a net takes these
for clues to color. Where all of them vary in training, it cannot.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

if TYPE_CHECKING:
    from torch import Tensor

    from training.photos.dice import Dice

_RADIUS = 4
# Luminance of JPEG at quality 50 (ISO/IEC 10918-1, table K.1).
_QUANTA = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)


def vary(lightness: Tensor, dice: Dice) -> Tensor:
    """Vary tone, fading, sharpness, grain and compression of L, each by chance.

    Parameters
    ----------
    lightness : (n, h, w) float in 0..1
    dice
        Source of all that is random.

    Returns
    -------
    (n, h, w) float in 0..1
    """
    at = iter(dice.table(13).to(lightness.device, non_blocking=True).T)

    def chosen(share: float, values: Tensor, neutral: float) -> Tensor:
        """Return values for a share of the photos, a neutral one for the others."""
        return torch.where(next(at) < share, values, neutral)[:, None, None]

    # Tone curve: gamma from 0.6 to 1.6.
    gamma = chosen(0.4, torch.exp(next(at) - 0.5), 1.0)
    varied = lightness.clamp(1e-4, 1) ** gamma
    # Fading: black up to 0.15, white down to 0.8.
    faded = next(at)
    black, white = next(at) * 0.15, 0.8 + 0.2 * next(at)
    black = torch.where(faded < 0.25, black, 0.0)[:, None, None]
    white = torch.where(faded < 0.25, white, 1.0)[:, None, None]
    varied = black + (white - black) * varied
    varied = _sharpness(varied, next(at), next(at), next(at))
    # Grain: each pixel by itself, or as large as a lens or scanner leaves it.
    grain = dice.normal(tuple(lightness.shape[1:]), lightness.device)
    soft = blur(grain, torch.full_like(faded, 0.7)) * 2.2
    grain = torch.where((next(at) < 0.5)[:, None, None], soft, grain)
    varied = (varied + grain * chosen(0.35, next(at) * 0.05, 0.0)).clamp(0, 1)
    quality = 20 + 70 * next(at)
    compressed = (next(at) < 0.3)[:, None, None]
    return torch.where(compressed, jpeg(varied, quality), varied).clamp(0, 1)


def _sharpness(
    lightness: Tensor, kind: Tensor, strength: Tensor, width: Tensor
) -> Tensor:
    """Blur 35 % of the photos, sharpen 25 %, leave the rest."""
    blurred = kind < 0.35
    sharpened = ~blurred & (kind < 0.6)
    sigma = torch.where(blurred, 0.3 + 1.3 * width**1.5, 0.7 + 0.8 * width)
    amount = torch.where(sharpened, 1.2 * strength, torch.where(blurred, -1.0, 0.0))
    detail = lightness - blur(lightness, sigma)
    return lightness + amount[:, None, None] * detail


def blur(planes: Tensor, sigma: Tensor) -> Tensor:
    """Blur each plane by a Gaussian of its own.

    Parameters
    ----------
    planes : (n, h, w) float
    sigma : (n,) float
        Standard deviations in pixels; the kernels end at a distance of 4.

    Returns
    -------
    (n, h, w) float
    """
    at = torch.arange(-_RADIUS, _RADIUS + 1, device=planes.device)
    kernel = torch.exp(-0.5 * (at / sigma.clamp(min=0.05)[:, None]) ** 2)
    kernel = kernel / kernel.sum(1, keepdim=True)
    padded = F.pad(planes[None], (_RADIUS,) * 4, "reflect")
    rows = F.conv2d(padded, kernel[:, None, :, None], groups=len(planes))
    return F.conv2d(rows, kernel[:, None, None, :], groups=len(planes))[0]


@cache
def _transform(device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the matrix of the discrete cosine transform of 8, and the quanta."""
    rows = [
        [
            (math.sqrt(1 / 8) if k == 0 else 0.5)
            * math.cos((2 * n + 1) * k * math.pi / 16)
            for n in range(8)
        ]
        for k in range(8)
    ]
    quanta = torch.tensor(_QUANTA, dtype=torch.float32, device=device)
    return torch.tensor(rows, device=device), quanta


def jpeg(planes: Tensor, quality: Tensor) -> Tensor:
    """Quantize planes as JPEG does the luminance.

    Parameters
    ----------
    planes : (n, h, w) float in 0..1
    quality : (n,) float
        1..100, as libjpeg scales its table; here it is not rounded to whole numbers.

    Returns
    -------
    (n, h, w) float
        May lie a little outside 0..1.
    """
    matrix, quanta = _transform(planes.device)
    n, height, width = planes.shape
    padded = F.pad(planes[None], (0, -width % 8, 0, -height % 8), "replicate")[0]
    down, across = padded.shape[1] // 8, padded.shape[2] // 8
    blocks = (padded * 255 - 128).reshape(n, down, 8, across, 8).transpose(2, 3)
    scale = torch.where(quality < 50, 50 / quality, 2 - quality / 50)
    steps = (quanta * scale[:, None, None, None, None]).clamp(min=1)
    rounded = ((matrix @ blocks @ matrix.T) / steps).round() * steps
    back = (matrix.T @ rounded @ matrix).transpose(2, 3).reshape(padded.shape)
    return ((back + 128) / 255)[:, :height, :width]
