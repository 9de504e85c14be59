"""What a person has chosen in napari's Preferences, under Colorize."""

from __future__ import annotations

from dataclasses import dataclass

from napari_colorize.runs import KINDS


@dataclass(frozen=True)
class Preferences:
    """The choices with which the widget opens.

    Attributes
    ----------
    model : str
        Name of a shipped model.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:N"`` or ``"mps"``; as typed, so it
        may be one that this machine does not have.
    working_size : int
        Short side in pixels at which the nets see an image; 0 for the model's own.
    layers : frozenset of str
        Which of `KINDS` to add.
    """

    model: str = "default"
    device: str = "auto"
    working_size: int = 0
    layers: frozenset[str] = frozenset(KINDS)


def read() -> Preferences:
    """Return the choices as they stand, which napari saves by itself.

    Where there are none, because the plugin is not registered or napari is older than
    0.9, those of `Preferences` hold.
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
        working_size=found.run.working_size,
        layers=frozenset(kind for kind in KINDS if chosen[kind.replace(" ", "_")]),
    )
