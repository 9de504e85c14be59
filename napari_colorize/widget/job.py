"""One press of the button: what is colored with what, and how it ends in words."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_colorize.runs import NotColorable, Results, load_colorizer

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_colorize.runs import DecodeSettings, Source, Worker

_log = logging.getLogger(__name__)


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
        from colorize_engine.pretrained import available_devices

        colorizer = load_colorizer(self.model, self.device)
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


def describe(error: Exception) -> str:
    """Say in plain words what went wrong, and what to do where that is known.

    Parameters
    ----------
    error
        What ended the work.

    Returns
    -------
    str
        Whole sentences, without names of Python's types.
    """
    from colorize_engine import ModelError

    if isinstance(error, NotColorable):
        return str(error)
    text = reason(error)
    if isinstance(error, MemoryError) or "out of memory" in text.lower():
        return (
            "There is not enough memory. Under Advanced, choose a smaller working "
            "size, a region or another device, and press Colorize again."
        )
    if isinstance(error, ModelError):
        return f"The model cannot be used: {text}. Choose another one."
    if isinstance(error, OSError):
        return f"Coloring failed: {text}. Look for room and rights on the disk."
    if isinstance(error, (RuntimeError, ValueError)):
        return (
            f"Coloring failed: {text}. If that happens again, choose another device "
            "under Advanced."
        )
    _log.error("coloring failed", exc_info=error)
    return (
        "Coloring failed because of a fault in the program. Please report it, with "
        "what was printed in the terminal."
    )


def reason(error: Exception) -> str:
    """Say why something failed: the first line of an error, without a full stop."""
    text = error.strerror if isinstance(error, OSError) else None
    lines = (text or str(error)).strip().splitlines()
    return lines[0].rstrip(". ") if lines else "no reason was given"
