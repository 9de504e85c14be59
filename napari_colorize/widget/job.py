"""One press of the button: what is colored with what, and how it ends in words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_colorize.runs import Results

if TYPE_CHECKING:
    from napari.layers import Image

    from colorize_engine.decode import DecodeSettings
    from napari_colorize.runs import Source, Worker


@dataclass(frozen=True)
class Job:
    """All that a worker needs to color a source.

    Attributes
    ----------
    layer : Image
        The source's layer; not touched by the worker.
    source : Source
        Its frames.
    model : str or Path
        Name of a shipped model, or a model folder.
    device : str
        As in ``Colorizer.from_pretrained``.
    working_size : int
        Short side in pixels that the nets see.
    kinds : tuple of str
        Kinds of layers to make.
    settings : DecodeSettings
        What the first colors are decoded with.
    """

    layer: Image
    source: Source
    model: str | Path
    device: str
    working_size: int
    kinds: tuple[str, ...]
    settings: DecodeSettings

    def work(self, worker: Worker) -> tuple[Results, list[str]]:
        """Load the model and run it: the results, and the devices that there are.

        Raises
        ------
        Cancelled
            If the worker is to stop.
        """
        worker.report(0, 0, f"Loading the model {Path(self.model).name}")
        from colorize_engine.colorizer import loaded
        from colorize_engine.pretrained import available_devices

        colorizer = loaded(self.model, self.device)
        results = Results(self.source, colorizer, self.working_size, self.kinds)
        results.compute(self.settings, worker)
        return results, available_devices()


def summary(results: Results) -> str:
    """Say what was done: model, device, time, size."""
    height, width = results.source.shape
    frames = f"{results.source.count} frames, " if results.source.is_stack else ""
    return (
        f"{results.card.name} on {results.device}, {results.seconds:.2f} s, "
        f"{frames}{width} x {height}"
    )
