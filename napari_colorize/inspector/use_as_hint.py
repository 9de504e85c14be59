"""Likely colors of the pinned pixel, and bars of its charts, as hints."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari.utils.notifications import show_error

from napari_colorize.hints import Suggesting, hints_for
from napari_colorize.messages import describe

if TYPE_CHECKING:
    from colorize_engine import Hint
    from napari_colorize.inspector.panels import HintRow, PixelPanel
    from napari_colorize.runs import Place, Run


class UseAsHint:
    """The wire between the pinned pixel and the hints of its image.

    Parameters
    ----------
    panel
        The panel of the pinned pixel.
    row
        The line with its likely colors.
    """

    def __init__(self, panel: PixelPanel, row: HintRow) -> None:
        self._panel, self._row = panel, row
        self._run: Run | None = None
        self._place: Place | None = None
        self._asked: tuple[Hint, ...] | None = None
        self._suggesting = Suggesting()
        self._suggesting.answered.connect(row.swatches.offer)
        self._suggesting.failed.connect(_show)
        row.swatches.chosen.connect(self._give)
        for chart, channel in zip(panel.charts, "ab", strict=True):
            chart.chosen.connect(partial(self._give_one, channel))

    def show(self, run: Run | None, place: Place | None) -> None:
        """Show what can be a hint at a pixel; None if there is none.

        The nets are asked again when the pixel or the hints have changed.
        """
        if run is None or place is None or not run.results.steering.takes_hints:
            run = place = None
        if (run, place) != (self._run, self._place):
            self.release()
            self._row.swatches.offer([], 0)
            self._run, self._place = run, place
            self._row.setVisible(run is not None)
            for chart in self._panel.charts:
                chart.allow_clicks(run is not None)
        if (
            run is not None
            and place is not None
            and run.results.steering.hints != self._asked
        ):
            self._asked = run.results.steering.hints
            self._suggesting.ask(run, *self._position(run, place))

    def release(self, *_: object) -> None:
        """Wait for no likely colors any more."""
        self._asked = None
        self._suggesting.forget()

    def _position(self, run: Run, place: Place) -> tuple[tuple[int, ...], float, float]:
        """Return the place in the source; that of the hint at the pixel, if any."""
        start, (top, left) = run.results.source.start, run.results.source.corner
        hints = hints_for(run)
        point = None if hints is None else hints.position_at(place)
        row, column = point or (place.row, place.column)
        frame = tuple(k - first for k, first in zip(place.frame, start, strict=True))
        return frame, row - top, column - left

    def _give_one(self, channel: str, value: float) -> None:
        self._give(*((value, None) if channel == "a" else (None, value)))

    def _give(self, a: float | None, b: float | None) -> None:
        hints = None if self._run is None else hints_for(self._run)
        if hints is not None and self._place is not None:
            hints.give(self._place, a, b)


def _show(error: Exception) -> None:
    show_error(describe(error))
