"""A person's choices in napari's Preferences, under Colorize."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_colorize.runs import KINDS

if TYPE_CHECKING:
    from colorize_engine.files import NotFinite

DEFAULT = frozenset({"colorized", "a probability", "b probability"})


@dataclass(frozen=True)
class Preferences:
    """The choices that the widget opens with.

    Attributes
    ----------
    model : str
        Name of a shipped model.
    device : str
        As in ``Colorizer.from_pretrained``. It is not checked, so this machine may not
        have it.
    runtime, precision : str
        As in ``Colorizer.from_pretrained``.
    working_size : int
        Short side, in pixels, of the image that the nets see; 0 for the model's own.
    layers : frozenset of str
        The kinds of layers to add, out of `KINDS`.
    not_finite : {"blank", "error"}
        What becomes of pixels with NaN or infinity.
    """

    model: str = "default"
    device: str = "auto"
    runtime: str = "auto"
    precision: str = "auto"
    working_size: int = 0
    layers: frozenset[str] = DEFAULT
    not_finite: NotFinite = "blank"


def read() -> Preferences:
    """Return the current choices; napari saves them by itself.

    If there are none, because the plugin is not registered or napari is older than 0.9,
    return the defaults of `Preferences`.
    """
    try:
        from napari.settings import get_plugin_settings
    except ImportError:
        return Preferences()
    try:
        found = get_plugin_settings("napari-colorize")
    except KeyError:
        return Preferences()
    chosen = found.layers.model_dump()
    return Preferences(
        model=found.run.model,
        device=found.run.device.strip() or "auto",
        runtime=found.run.runtime,
        precision=found.run.precision,
        working_size=found.run.working_size,
        layers=frozenset(kind for kind in KINDS if chosen[kind.replace(" ", "_")]),
        not_finite=found.run.not_finite,
    )
