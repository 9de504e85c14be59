"""The coloring of several images of a viewer, one after the other, in one worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from napari_colorize.messages import describe
from napari_colorize.runs import Cancelled

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari.layers import Image

    from colorize_engine.decode import DecodeSettings
    from colorize_engine.pretrained import Backend
    from napari_colorize.runs import Reporter, Results, Worker

# Steps of the progress bar for each image.
_STEPS = 100
# Names that the closing summary holds.
_NAMES = 3


class ImageJob(Protocol):
    """Everything that a worker needs to color an image."""

    @property
    def layer(self) -> Image:
        """The layer of the image."""

    @property
    def settings(self) -> DecodeSettings:
        """Settings of the first decoding."""

    @property
    def model(self) -> str | Path:
        """Name of a shipped model, or a model folder."""

    @property
    def backend(self) -> Backend:
        """What runs the nets."""

    def work(self, worker: Reporter) -> tuple[Results, list[str]]:
        """Run the model; return the results and the available devices."""


class Outcome(NamedTuple):
    """The results of one job of a series, and the available devices."""

    name: str
    job: ImageJob
    results: Results
    devices: list[str]


class ImageSeries:
    """Jobs of several images.

    Parameters
    ----------
    jobs
        The jobs in their order, by the names of the images.
    refused
        Why other images cannot be colored, by their names.

    Attributes
    ----------
    refused : dict of str
        The same, and why images failed.
    colored : int
        Number of images that were shown in color; the receiver of the outcomes counts.
    """

    def __init__(
        self, jobs: Mapping[str, ImageJob], refused: Mapping[str, str]
    ) -> None:
        self._jobs, self.refused = dict(jobs), dict(refused)
        self._count = len(jobs) + len(refused)
        self.colored = 0

    @property
    def layers(self) -> list[Image]:
        """The layers of the jobs."""
        return [job.layer for job in self._jobs.values()]

    def work(self, worker: Worker) -> None:
        """Color the images; emit an `Outcome` for each that is done.

        An image that fails does not stop the others.

        Raises
        ------
        Cancelled
            If the worker is to stop.
        ModelError
            If the model cannot be loaded; then no image can be colored.
        """
        from colorize_engine import ModelError

        for number, (name, job) in enumerate(self._jobs.items()):
            part = _Part(worker, number, len(self._jobs), name)
            try:
                results, devices = job.work(part)
            except (Cancelled, ModelError):
                raise
            except Exception as error:
                self.refused[name] = describe(error)
                continue
            worker.emitted.emit(Outcome(name, job, results, devices))

    def summary(self, *, stopped: bool = False) -> str:
        """Return what was done and which images were not colored, as text."""
        done = f"Colored {self.colored} of {self._count} images."
        if stopped:
            return f"Stopped. {done} The others did not change."
        if not self.refused:
            return done
        names = [*self.refused][:_NAMES]
        more = len(self.refused) - len(names)
        tail = f" and {more} more" if more else ""
        return f"{done} Not colored: {', '.join(names)}{tail}."


class _Part:
    """The share of one image in the progress of a series."""

    def __init__(self, worker: Worker, number: int, count: int, name: str) -> None:
        self._worker, self._number, self._count = worker, number, count
        self._text = f"Coloring {number + 1} of {count}: {name}"

    def report(self, done: int, total: int, text: str) -> None:
        """Report the progress of the image; its text is that of the series."""
        del text
        here = _STEPS * done // total if total else 0
        frame = f", frame {min(done + 1, total)} of {total}" if total > 1 else ""
        self._worker.report(
            _STEPS * self._number + here,
            _STEPS * self._count,
            self._text + frame,
        )

    def check(self) -> None:
        """Stop the task here if it is to stop.

        Raises
        ------
        Cancelled
            If it is to stop.
        """
        self._worker.check()
