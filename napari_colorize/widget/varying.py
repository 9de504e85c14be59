"""Variants of the chosen image: drawn in a worker, taken over as hints."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import ref

from napari_colorize.hints import hints_for
from napari_colorize.hints.variant_strip import COUNT
from napari_colorize.runs import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from colorize_engine import Hint
    from napari_colorize.hints import VariantStrip
    from napari_colorize.runs import Run
    from napari_colorize.runs.steering import Variant
    from napari_colorize.widget.controls import Status


class Varying:
    """The wire between a run, the strip of variants and the hints of its image.

    Parameters
    ----------
    strip
        The strip of the widget.
    run
        Returns the run of the chosen image, or None.
    state
        Shows the progress.
    fail
        Called with an exception of the worker.
    """

    def __init__(
        self,
        strip: VariantStrip,
        run: Callable[[], Run | None],
        state: Status,
        fail: Callable[[Exception], None],
    ) -> None:
        self._strip, self._run, self._state, self._fail = strip, run, state, fail
        self._worker: Worker | None = None
        # A run that is over must not live on because of its variants.
        self._of: Callable[[], Run | None] = lambda: None
        self._seed = -1
        self._drawn: list[Variant] = []
        self._taken: tuple[Hint, ...] = ()
        strip.asked.connect(self.draw)
        strip.chosen.connect(self.take)

    @property
    def busy(self) -> bool:
        """Whether variants are being drawn."""
        return self._worker is not None

    def draw(self) -> None:
        """Draw six variants, others than before."""
        run = self._run()
        if self.busy:
            return
        if run is None or not run.results.steering.takes_hints:
            self._state.text.value = (
                "Press Colorize first; variants are for models that take hints."
            )
            return
        if run is not self._of():
            self._of, self._seed, self._taken = ref(run), -1, ()
        self._seed += 1
        seed, settings = self._seed, run.settings
        # Those of an earlier variant are not the person's own.
        frame, taken = run.shown_frame(), self._taken
        worker = Worker(
            lambda worker: run.results.steering.variants(
                frame, taken, COUNT, seed, settings, worker
            )
        )
        worker.progressed.connect(self._state.show_progress)
        worker.returned.connect(self._on_drawn)
        worker.errored.connect(self._fail)
        worker.finished.connect(self._on_finished)
        self._worker = worker
        self._state.running(True)
        worker.start()

    def cancel(self) -> None:
        """Stop drawing."""
        if self._worker is not None:
            self._worker.cancel()

    def take(self, number: int) -> None:
        """Show a variant at full size; its points become hints, in place of others."""
        run = self._run()
        hints = None if run is None or run is not self._of() else hints_for(run)
        if hints is not None and number < len(self._drawn):
            new = self._drawn[number].hints
            hints.replace(self._taken, new)
            self._taken = new

    def forget(self) -> None:
        """Hide the strip, as another image was chosen."""
        run = self._run()
        if run is None or run is not self._of():
            self._drawn = []
            self._strip.show_pictures([])

    def _on_drawn(self, drawn: Sequence[Variant]) -> None:
        self._drawn = list(drawn)
        self._strip.show_pictures([each.picture for each in drawn])
        self._state.text.value = "Click the coloring that you like best."

    def _on_finished(self) -> None:
        self._worker = None
        self._state.running(False)
