"""The coloring of a folder in a worker, by the pipeline of the command."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from napari_colorize.runs import Worker

if TYPE_CHECKING:
    from pathlib import Path

    from colorize_engine import Card
    from colorize_engine.batch import Settings
    from colorize_engine.decode import DecodeSettings
    from colorize_engine.files import NotFinite
    from colorize_engine.pretrained import Backend

_NEAR = 1e-4  # sliders are rounded


@dataclass(frozen=True)
class Setup:
    """A model and the settings of the widget, as the command would get them.

    Attributes
    ----------
    model : str or Path
        Name of a shipped model, or a model folder.
    card : Card
        Its card.
    backend : Backend
        What runs the nets.
    settings : Settings
        None where they are the model's own.
    """

    model: str | Path
    card: Card
    backend: Backend
    settings: Settings

    @classmethod
    def of(
        cls,
        model: str | Path,
        card: Card,
        backend: Backend,
        decoding: DecodeSettings,
        working_size: int,
        not_finite: NotFinite = "blank",
    ) -> Setup:
        """Return the setup for the sliders and the working size of the widget."""
        from colorize_engine.batch import Settings

        def wanted(value: float, own: float) -> float | None:
            return None if abs(value - own) <= _NEAR else value

        settings = Settings(
            temperature=wanted(decoding.temperature, card.temperature),
            rebalance=wanted(decoding.rebalance, card.rebalance),
            saturation=decoding.saturation,
            caution=decoding.caution,
            working_size=None if working_size == card.working_size else working_size,
            not_finite=not_finite,
            precision=backend.precision,
        )
        return cls(model, card, backend, settings)

    @property
    def text(self) -> str:
        """What the photos will be colored with, in one sentence."""
        from colorize_engine.decode import DecodeOptions

        own = DecodeOptions()
        changed = [
            f"{field.name} {getattr(self.settings, field.name):g}"
            for field in fields(DecodeOptions)
            if getattr(self.settings, field.name) != getattr(own, field.name)
        ]
        size = self.settings.working_size or self.card.working_size
        how = ", ".join(changed) or "the model's own settings"
        return f"Model {self.card.name} at working size {size}, with {how}."

    def with_options(self, *, overwrite: bool, skip_color: bool) -> Setup:
        """Return the setup with two more options of the command."""
        settings = replace(self.settings, overwrite=overwrite, skip_color=skip_color)
        return replace(self, settings=settings)


class FolderRun:
    """One run over the photos in a folder and below it.

    Parameters
    ----------
    folder
        The folder.
    output
        The output folder, as typed.
    setup
        Model and settings.

    Attributes
    ----------
    worker : Worker
        Does the work. It reports the number of photos that are done and, before, what
        it does; it returns nothing.
    tally : Tally
        The records so far.
    stopped : bool
        Whether `stop` was called before the run had ended.
    """

    def __init__(self, folder: Path, output: str, setup: Setup) -> None:
        from colorize_engine.batch import Pipeline, Tally

        self._folder, self._output, self._setup = folder, output, setup
        self._pipeline: Pipeline | None = None
        self.tally = Tally()
        self.stopped = False
        self.worker = Worker(self._work)

    @property
    def summary(self) -> str:
        """Counts of the photos that were colored, skipped and failed, as text."""
        counts = self.tally.statuses
        text = (
            f"{counts['done']:,} colored, {counts['skipped']:,} skipped, "
            f"{counts['failed']:,} failed."
        )
        reasons = [f"{n:,} {why}" for why, n in sorted(self.tally.reasons.items())]
        if reasons:
            text += f" Skipped: {', '.join(reasons)}."
        if self.stopped:
            text = f"Stopped. {text} Color the folder again to continue."
        return text

    def stop(self) -> None:
        """Start no more photos; finish those being written, drop the others.

        Any thread may call this.
        """
        self.stopped = True
        self.worker.cancel()
        if self._pipeline is not None:
            self._pipeline.stop()

    def _work(self, worker: Worker) -> None:
        """Plan the run, load the model, color the photos.

        Raises
        ------
        TargetError
            If there are no photos, or the output does not fit to the folder.
        ModelError
            If there is no such model, or if it is broken.
        Cancelled
            If the run is to stop before the first photo.
        """
        from colorize_engine.batch import Pipeline, color_jobs, plan_jobs, ready_jobs
        from colorize_engine.colorizer import loaded

        setup = self._setup
        worker.report(0, 0, "Looking for photos")
        plan = plan_jobs([self._folder], self._output)
        ready = ready_jobs(plan, setup.settings, self.tally)
        if not ready:
            return
        worker.report(0, 0, f"Loading the model {setup.card.name}")
        self._pipeline = Pipeline(loaded(setup.model, setup.backend), setup.settings)
        worker.report(0, len(ready), f"0 of {len(ready)}")
        with closing(color_jobs(self._pipeline, ready)) as done:
            for number, record in enumerate(done, 1):
                self.tally.add(record)
                # napari asks the worker to stop when it is closed.
                if worker.cancelled:
                    self._pipeline.stop()
                # No report, which would leave the others before they are finished.
                worker.progressed.emit(number, len(ready), f"{number} of {len(ready)}")
