"""One press of the button: the job of a worker, and the summary of its results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_colorize.messages import sentence
from napari_colorize.runs import Results

if TYPE_CHECKING:
    from napari.layers import Image

    from colorize_engine.decode import DecodeSettings
    from colorize_engine.pretrained import Backend
    from napari_colorize.runs import Backdrop, Reporter, Source

_INITIALS = ("cpu", "cuda", "mps")


@dataclass(frozen=True)
class Job:
    """Everything that a worker needs to color a source.

    Attributes
    ----------
    layer : Image
        The layer of the source; the worker does not touch it.
    source : Source
        The frames to color.
    model : str or Path
        Name of a shipped model, or a model folder.
    backend : Backend
        What runs the nets.
    working_size : int
        Short side, in pixels, of the picture that the nets see.
    kinds : tuple of str
        Kinds of layers to make.
    settings : DecodeSettings
        Settings of the first decoding.
    smoothing : float
        Smoothing of a stack over time.
    backdrop : Backdrop or None
        What a region is painted on.
    """

    layer: Image
    source: Source
    model: str | Path
    backend: Backend
    working_size: int
    kinds: tuple[str, ...]
    settings: DecodeSettings
    smoothing: float = 0.0
    backdrop: Backdrop | None = None

    def work(self, worker: Reporter) -> tuple[Results, list[str]]:
        """Load the model and run it; return the results and the available devices.

        Raises
        ------
        Cancelled
            If the worker is to stop.
        """
        worker.report(0, 0, f"Loading the model {Path(self.model).name}")
        from colorize_engine.colorizer import loaded
        from colorize_engine.pretrained import available_devices

        try:
            colorizer = loaded(self.model, self.backend)
        except BaseException:
            if self.backdrop is not None:
                self.backdrop.close()
            raise
        results = Results(
            self.source,
            colorizer,
            self.working_size,
            self.kinds,
            self.smoothing,
            backdrop=self.backdrop,
        )
        results.compute(self.settings, worker)
        return results, available_devices()


def summary(results: Results) -> str:
    """Return what was done as text: size, time, model, device, smoothing.

    Where the values fill little of their type, or pixels are blank, it says so.
    """
    from colorize_engine.files import blank_note

    height, width = results.source.shape
    frames = f"{results.source.count} frames of " if results.source.is_stack else ""
    region = "" if results.source.region is None else "a region within "
    smoothing = f", smoothing {results.smoothing:g}" if results.smoothing else ""
    text = (
        f"Colored {region}{frames}{width} x {height} in "
        f"{max(0.1, results.seconds):.1f} s "
        f"({results.card.name}, {_plain_name(results.device)}{smoothing})."
    )
    if results.values.fills_little:
        (low, high), white = results.values.limits, results.values.white
        text += (
            f" Its values use only {low:g} to {high:g} of 0 to {white:g}, so the "
            "result is dark and pale."
        )
    for note in blank_note(results.source.blank):
        text += f" {sentence(note)}"
    return text


def _plain_name(device: str) -> str:
    """Return a device as people write it: ``CPU``, ``CUDA``, ``CUDA:1``."""
    return device.upper() if device.partition(":")[0] in _INITIALS else device
