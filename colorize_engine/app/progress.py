"""Work on many photos, with progress and Cancel."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from nicegui import ui

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# Seconds after which the bar looks for news.
_LOOK = 0.15


class Progress:
    """A bar with a text and a button; hidden while there is no work."""

    def __init__(self) -> None:
        self._stop: Callable[[], None] | None = None
        self.cancelled = False
        with ui.element("div").classes("progress") as self._row:
            self._text = ui.label().props("role=status")
            self._bar = ui.linear_progress(0, show_value=False)
            self._bar.props('instant-feedback aria-label="Progress"')
            self._cancel = ui.button("Cancel", on_click=self._on_cancel)
            self._cancel.props("flat dense no-caps")
        self._row.set_visibility(False)

    @property
    def busy(self) -> bool:
        """Whether there is work."""
        return self._stop is not None

    async def run(
        self, text: str, steps: Iterable[object], count: int, stop: Callable[[], None]
    ) -> bool:
        """Take all steps in a thread; return whether they came to their end.

        Parameters
        ----------
        text
            What is done, such as ``"Coloring"``.
        steps
            Something is done for each.
        count
            Number of steps.
        stop
            Called if a person cancels; the steps end soon then.

        Raises
        ------
        Exception
            That of a step.
        """
        self._stop, self.cancelled = stop, False
        done = 0

        def work() -> None:
            """Take all steps."""
            nonlocal done
            for _ in steps:
                done += 1

        self._row.set_visibility(True)
        task = asyncio.create_task(asyncio.to_thread(work))
        try:
            while not task.done():
                self._text.set_text(f"{text}: {done} of {count}")
                self._bar.set_value(done / max(count, 1))
                await asyncio.wait([task], timeout=_LOOK)
            task.result()
        finally:
            self._stop = None
            self._row.set_visibility(False)
        return not self.cancelled

    def _on_cancel(self) -> None:
        if self._stop is not None:
            self.cancelled = True
            self._text.set_text("Stopping …")
            self._stop()


class Stoppable:
    """Steps that end early after ``stop``.

    Parameters
    ----------
    steps
        The steps.
    """

    def __init__(self, steps: Iterable[object]) -> None:
        self._steps, self._stopped = steps, False

    def __iter__(self) -> Iterator[object]:
        for step in self._steps:
            yield step
            if self._stopped:
                return

    def stop(self) -> None:
        """End before the next step."""
        self._stopped = True
