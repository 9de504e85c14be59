"""The inspector's numbers as text, so that nothing is told by color alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from colorize_engine.pixel.numbers import ChannelNumbers, PixelNumbers

# Colors below and above 0.
RANGES = {"a": "green to red", "b": "blue to yellow"}
_NAMED_BINS = 3


def summary(numbers: PixelNumbers) -> str:
    """Return the numbers of a pixel as a few short lines.

    Parameters
    ----------
    numbers
        The numbers of the pixel.

    Returns
    -------
    str
        Its place and color; its lightness and decoded chroma; for each channel the
        mode, with its predicted probability, and the annealed mean; the entropies.
    """
    pixel, (a, b) = numbers.pixel, numbers.chroma
    place = f"row {pixel.row}, column {pixel.column}"
    if pixel.frame:
        place = f"frame {', '.join(map(str, pixel.frame))}, {place}"
    return "\n".join(
        [
            place,
            f"RGB {', '.join(map(str, numbers.rgb))}",
            f"L* {pixel.lightness:.1f}, a* {_signed(a)}, b* {_signed(b)}",
            _modes(numbers.a),
            _modes(numbers.b),
            f"uncertainty a* {numbers.a.entropy:.2f}, b* {numbers.b.entropy:.2f} bits",
        ]
    )


def _modes(channel: ChannelNumbers) -> str:
    given = float(channel.probabilities[channel.decoded.argmax()])
    return (
        f"{channel.name}*: mode {value(channel.mode)} ({_percent(given)}), "
        f"mean {_signed(channel.mean)}"
    )


def about_bin(channel: ChannelNumbers, number: int) -> str:
    """Return the numbers of one bin as text; ``number`` is its index."""
    return (
        f"{channel.name}* = {value(float(channel.centers[number]))}: "
        f"{_percent(float(channel.probabilities[number]))} as predicted, "
        f"{_percent(float(channel.decoded[number]))} as decoded"
    )


def about_bins(channel: ChannelNumbers) -> str:
    """Return what a channel's chart shows as text: its axis and its highest bins."""
    ends = (value(float(channel.centers[0])), value(float(channel.centers[-1])))
    order = np.argsort(-channel.decoded, kind="stable")[:_NAMED_BINS]
    high = "; ".join(about_bin(channel, int(n)) for n in order if channel.decoded[n])
    return (
        f"{len(channel.centers)} bins from {ends[0]} to {ends[1]}, "
        f"{RANGES[channel.name]}. Highest: {high}."
    )


def value(number: float) -> str:
    """Format the value of a bin with its sign, a true minus; 0 has no sign."""
    text = f"{number + 0.0:+.4g}" if number else "0"
    return text.replace("-", "\N{MINUS SIGN}")


def _signed(number: float) -> str:
    """Format a number with one decimal and a true minus sign, never as -0."""
    return f"{round(number, 1) + 0.0:.1f}".replace("-", "\N{MINUS SIGN}")


def _percent(share: float) -> str:
    return "under 1 %" if 0 < share < 0.005 else f"{share * 100:.0f} %"
