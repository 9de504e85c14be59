"""What the inspector shows in words and numbers: none of it by color alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_colorize.inspector.pixel_numbers import ChannelNumbers, PixelNumbers

# What lies below and above 0.
RANGES = {"a": "green to red", "b": "blue to yellow"}
_MOST = 3  # bins named


def summary(numbers: PixelNumbers) -> str:
    """Say the numbers of a pixel in a few short lines.

    Parameters
    ----------
    numbers
        Of the pixel.

    Returns
    -------
    str
        Where it is; its color; its lightness and decoded chroma; for each channel the
        mode, with the probability that the net gave it, and the annealed mean; the
        entropies.
    """
    pixel, (a, b) = numbers.pixel, numbers.chroma
    place = f"row {pixel.row}, column {pixel.column}"
    if pixel.frame:
        place = f"frame {', '.join(map(str, pixel.frame))}, {place}"
    return "\n".join(
        [
            f"{place}, RGB {', '.join(map(str, numbers.rgb))}",
            f"L* {pixel.lightness:.1f}, decoded a* {_signed(a)}, b* {_signed(b)}",
            _modes(numbers.a),
            _modes(numbers.b),
            f"uncertainty: a* {numbers.a.entropy:.2f} bits, "
            f"b* {numbers.b.entropy:.2f} bits",
        ]
    )


def _modes(channel: ChannelNumbers) -> str:
    given = float(channel.probabilities[channel.decoded.argmax()])
    return (
        f"{channel.name}*: most likely {value(channel.mode)} ({_percent(given)}), "
        f"mean {_signed(channel.mean)}"
    )


def about_bin(channel: ChannelNumbers, number: int) -> str:
    """Say the numbers of one bin, by its place in the channel's arrays."""
    return (
        f"{channel.name}* = {value(float(channel.centers[number]))}: "
        f"{_percent(float(channel.probabilities[number]))} as predicted, "
        f"{_percent(float(channel.decoded[number]))} as decoded"
    )


def about_bins(channel: ChannelNumbers) -> str:
    """Say what a chart of a channel shows: its axis and its highest bins."""
    ends = (value(float(channel.centers[0])), value(float(channel.centers[-1])))
    order = np.argsort(-channel.decoded, kind="stable")[:_MOST]
    high = "; ".join(about_bin(channel, int(n)) for n in order if channel.decoded[n])
    return (
        f"{len(channel.centers)} bins from {ends[0]} to {ends[1]}, "
        f"{RANGES[channel.name]}. Highest: {high}."
    )


def value(number: float) -> str:
    """Value of a bin, with its sign; a true minus, and none on 0."""
    text = f"{number + 0.0:+.4g}" if number else "0"
    return text.replace("-", "\N{MINUS SIGN}")


def _signed(number: float) -> str:
    """One decimal, with a true minus sign, and never a negative zero."""
    return f"{round(number, 1) + 0.0:.1f}".replace("-", "\N{MINUS SIGN}")


def _percent(share: float) -> str:
    return "under 1 %" if 0 < share < 0.005 else f"{share * 100:.0f} %"
