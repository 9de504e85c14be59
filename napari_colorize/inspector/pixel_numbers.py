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
    from napari_colorize.runs import Pixel

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
    """What one net says about one pixel.

    Attributes
    ----------
    name : {"a", "b"}
        The channel.
    centers : (Q,) float32
        Values of the bins, a* or b*.
    probabilities : (Q,) float32
        Calibrated, class weights undone, whatever the settings.
    decoded : (Q,) float32
        The distribution whose mean the color is: rebalanced, then sharpened by the
        temperature. At temperature 0 only the mode is left, or tied ones, equal.
    colors : (Q, 3) uint8
        sRGB of each center at the pixel's lightness, the other channel 0.
    mean, mode : float
        Annealed mean, and most likely center, of the rebalanced distribution; the mean
        of the modes where several are equally likely.
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
    """All that is shown of one pixel.

    Attributes
    ----------
    pixel : Pixel
        Where it is, its lightness and its logits.
    settings : DecodeSettings
        What it was decoded with.
    a, b : ChannelNumbers
        What the two nets say.
    chroma : (float, float)
        a* and b*: the annealed means times the saturation.
    rgb : (int, int, int)
        sRGB of the pixel's lightness with this chroma, 0..255; chroma is reduced where
        the color would leave the gamut.
    """

    pixel: Pixel
    settings: DecodeSettings
    a: ChannelNumbers
    b: ChannelNumbers
    chroma: tuple[float, float]
    rgb: tuple[int, int, int]


def describe(pixel: Pixel, settings: DecodeSettings) -> PixelNumbers:
    """Work out all that is shown of a pixel.

    Parameters
    ----------
    pixel
        As ``Run.pixel`` gives it.
    settings
        As the sliders stand.
    """
    values = (
        float(pixel.a.decode(settings.temperature, settings.rebalance)),
        float(pixel.b.decode(settings.temperature, settings.rebalance)),
    )
    chroma = (values[0] * settings.saturation, values[1] * settings.saturation)
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
    """Colors of the bins of a, of the bins of b, and of the pixel itself.

    In one call: its buffers cost more than the few colors.
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
        The file; one that exists is replaced.
    shown
        The pixels, by the name that goes into the column ``pixel``.

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
    """As many digits as float32 holds, without the noise beyond them."""
    return f"{value:.7g}"
