"""Results that become layers, in place of those of the run before."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from napari_colorize.reader import colors_of
from napari_colorize.runs import Run, registry
from napari_colorize.runs.bin_overlay import attach

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Image

    from napari_colorize.batch import ImageJob
    from napari_colorize.runs import Results


class Adding:
    """What shows the results of jobs in a viewer.

    Parameters
    ----------
    viewer
        The viewer.
    fail
        Called with the exception that ended a decoding.

    Attributes
    ----------
    jobs : mapping of Run to job
        What each run was made from.
    """

    def __init__(self, viewer: ViewerModel, fail: Callable[[Exception], None]) -> None:
        self._viewer, self._fail = viewer, fail
        self.jobs: WeakKeyDictionary[Run, ImageJob] = WeakKeyDictionary()

    def add(
        self, job: ImageJob, results: Results, *, keep: bool
    ) -> tuple[Run, Run | None]:
        """Show results as layers; return their run, and that before it.

        Parameters
        ----------
        job
            What they were made from.
        results
            Computed results.
        keep
            Whether the layers of the run before stay.
        """
        earlier = {}
        before = self._before(job.layer)
        if before is not None and keep:
            before.keep()
        elif before is not None:
            before.live.close()
            earlier = before.layers
        earlier = earlier or colors_of(self._viewer, job.layer)
        run = Run(self._viewer, job.layer, results, job.settings, earlier)
        run.failed.connect(self._fail)
        self.jobs[run] = job
        registry.add(self._viewer, run)
        attach(self._viewer)
        return run, before

    def _before(self, layer: Image) -> Run | None:
        """Return the latest run of a source, kept runs left out."""
        runs = [run for run in registry.of(self._viewer) if run.layer is layer]
        return next((run for run in reversed(runs) if not run.kept), None)
