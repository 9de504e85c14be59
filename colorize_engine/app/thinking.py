"""Charts of what the nets think of the pixel under the pointer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np
from nicegui import ui

from colorize_engine.app.hint_card import hint_places
from colorize_engine.pixel import RANGES, about_bins, value

if TYPE_CHECKING:
    from colorize_engine.app.stage import Stage
    from colorize_engine.app.tab import Tab
    from colorize_engine.pixel import ChannelNumbers, PixelNumbers

_WIDTH, _HEIGHT = 240.0, 84.0


class Thinking:
    """A switch, and below it a chart for a* and one for b*."""

    def __init__(self, tab: Tab, stage: Stage) -> None:
        self._tab, self._stage = tab, stage
        self._asking = False
        self._waiting: Any = None
        self._switch = ui.switch("What the networks think", on_change=self._on_switch)
        with ui.element("div").classes("thinking") as self._panel:
            self._text = ui.label("Move the pointer over the photo.")
            self._charts = {
                name: ui.html("", sanitize=False).classes("chart") for name in "ab"
            }
        self._panel.set_visibility(False)

    def _on_switch(self) -> None:
        on = bool(self._switch.value)
        self._panel.set_visibility(on)
        self._stage.set_watching(on)

    async def watch(self, place: Any) -> None:
        """Show the pixel at a place; of places that come too fast the last one."""
        self._waiting = place
        if self._asking:
            return
        self._asking = True
        try:
            while (place := self._waiting) is not None:
                self._waiting = None
                await self._show(place)
        finally:
            self._asking = False

    async def _show(self, place: Any) -> None:
        photo = self._tab.photo
        if photo is None:
            return
        row, column = (round(at) for at in hint_places(place))
        try:
            numbers = await asyncio.to_thread(photo.numbers, row, column)
        except Exception as error:
            self._text.set_text(str(error))
            return
        self._show_numbers(numbers)

    def _show_numbers(self, numbers: PixelNumbers) -> None:
        color = "#{:02x}{:02x}{:02x}".format(*numbers.rgb)
        pixel = numbers.pixel
        self._text.set_text(
            f"column {pixel.column}, row {pixel.row}: {color}, "
            f"L* {pixel.lightness:.0f}, a* {value(round(numbers.chroma[0]))}, "
            f"b* {value(round(numbers.chroma[1]))}"
        )
        for channel in (numbers.a, numbers.b):
            self._charts[channel.name].set_content(_svg(channel))


def _svg(channel: ChannelNumbers) -> str:
    """Return a bar chart: bars as decoded, dots as predicted, a line at the mean."""
    centers = channel.centers
    edges = np.r_[
        1.5 * centers[0] - 0.5 * centers[1],
        (centers[1:] + centers[:-1]) / 2,
        1.5 * centers[-1] - 0.5 * centers[-2],
    ]

    def x(at: float) -> float:
        return float((at - edges[0]) / (edges[-1] - edges[0]) * _WIDTH)

    top = max(float(channel.decoded.max()), float(channel.probabilities.max()), 1e-6)
    bars, dots = [], []
    for n, color in enumerate(channel.colors):
        left, right = x(edges[n]), x(edges[n + 1])
        high = float(channel.decoded[n]) / top * _HEIGHT
        red, green, blue = (int(level) for level in color)
        bars.append(
            f'<rect x="{left:.1f}" y="{_HEIGHT - high:.1f}" width="{right - left:.1f}" '
            f'height="{high:.1f}" fill="rgb({red},{green},{blue})"/>'
        )
        dot = _HEIGHT - float(channel.probabilities[n]) / top * _HEIGHT
        dots.append(f'<circle cx="{(left + right) / 2:.1f}" cy="{dot:.1f}" r="1.5"/>')
    mean = x(channel.mean)
    low, high_end = value(float(centers[0])), value(float(centers[-1]))
    return (
        f'<svg viewBox="0 0 {_WIDTH:g} {_HEIGHT + 14:g}" role="img" '
        f'aria-label="{channel.name}*: {about_bins(channel)}">{"".join(bars)}'
        f'<line class="zero" x1="{x(0):.1f}" x2="{x(0):.1f}" y1="0" y2="{_HEIGHT:g}"/>'
        f'<line class="mean" x1="{mean:.1f}" x2="{mean:.1f}" y1="0" y2="{_HEIGHT:g}"/>'
        f"{''.join(dots)}"
        f'<text x="0" y="{_HEIGHT + 11:g}">{low}</text>'
        f'<text x="{_WIDTH / 2:g}" y="{_HEIGHT + 11:g}" text-anchor="middle">'
        f"{channel.name}*: {RANGES[channel.name]}</text>"
        f'<text x="{_WIDTH:g}" y="{_HEIGHT + 11:g}" text-anchor="end">{high_end}</text>'
        "</svg>"
    )
