"""The coloring of all open images from the widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.utils.notifications import show_warning

from napari_colorize.batch import ImageSeries
from napari_colorize.hints import hints_for
from napari_colorize.runs import Cancelled, NotColorable, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari.layers import Image

    from napari_colorize.batch import ImageJob, Outcome
    from napari_colorize.runs import Results, Run
    from napari_colorize.widget.job import Job
    from napari_colorize.widget.layer_lists import LayerLists


class AllImages:
    """The wire between the widget and a series of all open images.

    Parameters
    ----------
    job_of
        Returns the job of an image, with its own settings; raises NotColorable.
    begin
        Starts a worker for the layers that it colors.
    add
        Shows the results of a job as layers, and the available devices; returns the
        run, or None if there is no place for them.
    lists
        Returns the lists of the widget.
    say
        Shows a sentence to the person.
    fail
        Called with an exception of the worker.
    """

    def __init__(
        self,
        job_of: Callable[[Image], Job],
        begin: Callable[[Worker, list[Image]], None],
        add: Callable[[ImageJob, Results, list[str]], Run | None],
        lists: Callable[[], LayerLists],
        say: Callable[[str], None],
        fail: Callable[[Exception], None],
    ) -> None:
        self._job_of, self._begin, self._add = job_of, begin, add
        self._lists, self._say, self._fail = lists, say, fail

    def color(self, images: Iterable[tuple[str, Image]]) -> None:
        """Color images, given with their names, one after the other."""
        jobs: dict[str, Job] = {}
        refused: dict[str, str] = {}
        for name, layer in images:
            try:
                jobs[name] = self._job_of(layer)
            except NotColorable as error:
                refused[name] = str(error)
        series = ImageSeries(jobs, refused)
        if not jobs:
            self._close(series)
            return
        worker = Worker(series.work)
        worker.emitted.connect(lambda outcome: self._on_outcome(series, outcome))
        worker.errored.connect(lambda error: self._on_error(series, error))
        worker.returned.connect(lambda _: self._close(series))
        self._begin(worker, series.layers)

    def _on_outcome(self, series: ImageSeries, outcome: Outcome) -> None:
        with self._lists().still():
            run = self._add(outcome.job, outcome.results, outcome.devices)
        if run is None:
            series.refused[outcome.name] = "It is no longer in the viewer."
            return
        series.colored += 1
        hints = hints_for(run)
        if hints is not None:
            hints.apply()

    def _on_error(self, series: ImageSeries, error: Exception) -> None:
        if isinstance(error, Cancelled):
            self._say(series.summary(stopped=True))
        else:
            self._fail(error)

    def _close(self, series: ImageSeries) -> None:
        self._say(series.summary())
        for name, why in series.refused.items():
            show_warning(f"{name} was not colored. {why}")
