"""Ways to enlarge chroma with a guide, to compare with the engine's own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from scipy.ndimage import uniform_filter

from colorize_engine.upsample import align, upsample

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    # (chroma (2, h, w), guide (h, w), lightness (H, W)) -> (2, H, W)
    Upsampler = Callable[[Floats, Floats, Floats], Floats]

_STRIP = 256


def engine(chroma: Floats, guide: Floats, lightness: Floats, method: str) -> Floats:
    """Enlarge as the engine does."""
    shape = lightness.shape
    return upsample(chroma, guide, lightness, (shape[0], shape[1]), method=method)


def aligned(chroma: Floats, guide: Floats, lightness: Floats) -> Floats:
    """Enlarge as ``Prediction.colorize`` does."""
    return engine(align(chroma, guide), guide, lightness, "guided")


def _resized(planes: NDArray[Any], shape: tuple[int, ...], filter_: int) -> Floats:
    """Resize (K, h, w) planes by Pillow."""
    size = shape[1], shape[0]
    single = planes.astype(np.float32)
    return np.stack(
        [
            np.asarray(Image.fromarray(plane).resize(size, Image.Resampling(filter_)))
            for plane in single
        ]
    )


def bicubic(chroma: Floats, guide: Floats, lightness: Floats) -> Floats:
    """Interpolate by cubic splines, without a guide."""
    return _resized(chroma, lightness.shape, Image.Resampling.BICUBIC)


def _coefficients(
    chroma: Floats, guide: Floats, radius: int, epsilon: float
) -> tuple[Floats, Floats]:
    """Return slopes and offsets of the guided filter, averaged over the windows."""
    size = 2 * radius + 1

    def mean(planes: Floats) -> Floats:
        axes = tuple(range(planes.ndim))[-2:]
        return np.asarray(uniform_filter(planes, size, mode="nearest", axes=axes))

    middle = mean(guide)
    variance = np.maximum(mean(guide * guide) - middle * middle, 0)
    slopes = (mean(chroma * guide) - mean(chroma) * middle) / (variance + epsilon)
    offsets = mean(chroma) - slopes * middle
    return mean(slopes), mean(offsets)


def fast_guided(
    chroma: Floats, guide: Floats, lightness: Floats, radius: int, epsilon: float
) -> Floats:
    """Filter at the working size: K. He, J. Sun, arXiv:1505.00996, 2015."""
    slopes, offsets = (
        _resized(planes, lightness.shape, Image.Resampling.BILINEAR)
        for planes in _coefficients(chroma, guide, radius, epsilon)
    )
    return slopes * lightness + offsets


def guided(
    chroma: Floats, guide: Floats, lightness: Floats, radius: float, epsilon: float
) -> Floats:
    """Filter the enlarged chroma: K. He, J. Sun, X. Tang, "Guided Image Filtering".

    The radius is in pixels of the working size.
    """
    enlarged = engine(chroma, guide, lightness, "bilinear")
    wide = max(1, round(radius * lightness.shape[0] / guide.shape[0]))
    slopes, offsets = _coefficients(enlarged, lightness, wide, epsilon)
    return slopes * lightness + offsets


def joint_bilateral(
    chroma: Floats, guide: Floats, lightness: Floats, spread: float, likeness: float
) -> Floats:
    """Mix the 5x5 nearest pixels of the working size: J. Kopf et al., SIGGRAPH 2007.

    Weights are Gaussians of the distance, with a standard deviation of ``spread``
    pixels of the working size, and of the difference in lightness, with ``likeness``
    units of L*.
    """
    (height, width), (h, w) = lightness.shape, guide.shape
    out = np.empty((2, height, width), np.float32)
    x = (np.arange(width, dtype=np.float32) + 0.5) * w / width - 0.5
    columns = np.rint(x).astype(int)
    for top in range(0, height, _STRIP):
        light = lightness[top : top + _STRIP]
        y = (np.arange(top, top + len(light), dtype=np.float32) + 0.5) * h / height
        y -= 0.5
        rows = np.rint(y).astype(int)
        total = np.full(light.shape, 1e-12, np.float32)
        mixed = np.zeros((2, *light.shape), np.float32)
        for dy in range(-2, 3):
            at_y = np.clip(rows + dy, 0, h - 1)
            near_y = np.exp(-((rows + dy - y) ** 2) / (2 * spread**2))
            for dx in range(-2, 3):
                at_x = np.clip(columns + dx, 0, w - 1)
                near_x = np.exp(-((columns + dx - x) ** 2) / (2 * spread**2))
                there = np.ix_(at_y, at_x)
                alike = (light - guide[there]) ** 2 / (-2 * likeness**2)
                weight = np.exp(alike) * near_y[:, None] * near_x
                total += weight
                mixed += weight * chroma[:, there[0], there[1]]
        out[:, top : top + len(light)] = mixed / total
    return out


UPSAMPLERS: dict[str, Upsampler] = {
    "bilinear": partial(engine, method="bilinear"),
    "bicubic": bicubic,
    "aligned, then guided (ours)": aligned,
    "guided": partial(engine, method="guided"),
    "fast guided filter, r 2": partial(fast_guided, radius=2, epsilon=25.0),
    "fast guided filter, r 4": partial(fast_guided, radius=4, epsilon=25.0),
    "fast guided filter, r 8": partial(fast_guided, radius=8, epsilon=25.0),
    "full guided filter, r 4": partial(guided, radius=4.0, epsilon=25.0),
    "joint bilateral, 5 L*": partial(joint_bilateral, spread=1.0, likeness=5.0),
}
