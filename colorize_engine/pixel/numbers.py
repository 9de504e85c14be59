"""The numbers behind one pixel's color, as the inspector shows and exports them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from colorize_engine.color import lab_to_rgb
from colorize_engine.decode import annealed_mean, entropy, rebalanced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from colorize_engine import Distribution
    from colorize_engine.decode import DecodeSettings
    from colorize_engine.pixel.pixel import Pixel

COLUMNS = (
    "pixel",
    "frame",
    "row",
    "column",
    "channel",
    "center",
    "probability",
    "decoded_probability",
    "lightness",
    "a",
    "b",
    "red",
    "green",
    "blue",
    "mean",
    "mode",
    "entropy",
    "temperature",
    "rebalance",
    "saturation",
)


@dataclass(frozen=True, eq=False)
class ChannelNumbers:
    """The prediction of one net for one pixel, and what is decoded from it.

    Attributes
    ----------
    name : {"a", "b"}
        The channel.
    centers : (Q,) float32
        Centers of the bins, a* or b*.
    probabilities : (Q,) float32
        Calibrated, class weights undone; the same for all settings.
    decoded : (Q,) float32
        The distribution whose mean is the color: rebalanced, then sharpened by the
        temperature. At temperature 0 only the mode is left; tied modes share equally.
    colors : (Q, 3) uint8
        sRGB of each center at the pixel's lightness, the other channel 0.
    mean, mode : float
        Annealed mean and most likely center of the rebalanced distribution. If several
        centers are equally likely, the mode is their mean.
    entropy : float
        Of ``probabilities``, in bits.
    """

    name: str
    centers: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    decoded: NDArray[np.float32]
    colors: NDArray[np.uint8]
    mean: float
    mode: float
    entropy: float


@dataclass(frozen=True, eq=False)
class PixelNumbers:
    """All numbers shown for one pixel.

    Attributes
    ----------
    pixel : Pixel
        Its place, lightness and logits.
    settings : DecodeSettings
        The settings of the decoding.
    a, b : ChannelNumbers
        The numbers of the two channels.
    chroma : (float, float)
        a* and b*: the annealed means times the saturation, less the caution.
    rgb : (int, int, int)
        sRGB of the pixel's lightness with this chroma, 0..255. The chroma is reduced
        where the color would leave the gamut.
    """

    pixel: Pixel
    settings: DecodeSettings
    a: ChannelNumbers
    b: ChannelNumbers
    chroma: tuple[float, float]
    rgb: tuple[int, int, int]


def _cautious(
    pixel: Pixel, chroma: tuple[float, float], caution: float
) -> tuple[float, float]:
    """Return chroma as the caution leaves it at a pixel."""
    from colorize_engine.decode import cautious

    bits = float(pixel.a.entropy()) + float(pixel.b.entropy())
    most = float(np.log2(len(pixel.a.bins)) + np.log2(len(pixel.b.bins)))
    planes = np.array(chroma, np.float32)[:, None, None]
    a, b = cautious(planes, np.full((1, 1), bits, np.float32), most, caution)
    return float(a[0, 0]), float(b[0, 0])


def describe(pixel: Pixel, settings: DecodeSettings) -> PixelNumbers:
    """Return all numbers shown for a pixel.

    Parameters
    ----------
    pixel
        The pixel.
    settings
        The settings.
    """
    values = (
        float(pixel.a.decode(settings.temperature, settings.rebalance)),
        float(pixel.b.decode(settings.temperature, settings.rebalance)),
    )
    chroma = _cautious(
        pixel,
        (values[0] * settings.saturation, values[1] * settings.saturation),
        settings.caution,
    )
    in_a, in_b, rgb = _colors(pixel, chroma)
    return PixelNumbers(
        pixel,
        settings,
        _channel("a", pixel.a, settings, values[0], in_a),
        _channel("b", pixel.b, settings, values[1], in_b),
        chroma,
        (int(rgb[0]), int(rgb[1]), int(rgb[2])),
    )


def _channel(
    name: str,
    distribution: Distribution,
    settings: DecodeSettings,
    mean: float,
    colors: NDArray[np.uint8],
) -> ChannelNumbers:
    bins, probabilities = distribution.bins, distribution.probabilities
    logits = rebalanced(distribution.logits, bins.weights, settings.rebalance)
    return ChannelNumbers(
        name,
        bins.centers,
        probabilities,
        distribution.sharpened(settings.temperature, settings.rebalance),
        colors,
        mean,
        float(annealed_mean(logits, bins.centers, 0)),
        float(entropy(probabilities)),
    )


def _colors(
    pixel: Pixel, chroma: tuple[float, float]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the colors of the bins of a, of the bins of b, and of the pixel itself.

    One call converts them all, as its buffers cost more than the few colors.
    """
    a, b = pixel.a.bins.centers, pixel.b.bins.centers
    points = np.zeros((2, 1, len(a) + len(b) + 1), np.float32)
    points[0, 0, : len(a)] = a
    points[1, 0, len(a) : -1] = b
    points[:, 0, -1] = chroma
    lightness = np.full(points.shape[1:], pixel.lightness, np.float32)
    colors = lab_to_rgb(lightness, points)[0]
    return colors[: len(a)], colors[len(a) : -1], colors[-1]


def write_csv(path: str | Path, shown: Mapping[str, PixelNumbers]) -> None:
    """Write the numbers of pixels as a CSV table, one row for each bin.

    Parameters
    ----------
    path
        The file; an existing one is replaced.
    shown
        The numbers of each pixel; the keys go into the column ``pixel``.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        for name, numbers in shown.items():
            for row in _rows(numbers):
                table.writerow({"pixel": name, **row})


def _rows(numbers: PixelNumbers) -> Iterator[dict[str, object]]:
    pixel, settings = numbers.pixel, numbers.settings
    common = {
        "frame": " ".join(map(str, pixel.frame)),
        "row": pixel.row,
        "column": pixel.column,
        "lightness": _digits(pixel.lightness),
        "a": _digits(numbers.chroma[0]),
        "b": _digits(numbers.chroma[1]),
        **dict(zip(("red", "green", "blue"), numbers.rgb, strict=True)),
        "temperature": _digits(settings.temperature),
        "rebalance": _digits(settings.rebalance),
        "saturation": _digits(settings.saturation),
    }
    for channel in (numbers.a, numbers.b):
        for center, probability, decoded in zip(
            channel.centers, channel.probabilities, channel.decoded, strict=True
        ):
            yield {
                **common,
                "channel": channel.name,
                "center": _digits(center),
                "probability": _digits(probability),
                "decoded_probability": _digits(decoded),
                "mean": _digits(channel.mean),
                "mode": _digits(channel.mode),
                "entropy": _digits(channel.entropy),
            }


def _digits(value: float) -> str:
    """Format a number with as many digits as float32 holds."""
    return f"{value:.7g}"
