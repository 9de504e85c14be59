"""Marks of written files: the program, model and settings behind the colors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colorize_engine.decode import DecodeSettings


@dataclass(frozen=True)
class Mark:
    """The record, in every written file, that its colors are computed.

    Attributes
    ----------
    software : str
        Program and version, such as ``"napari-colorize 0.2.0"``.
    model : str
        Name and version of the model.
    settings : mapping of str to object
        Everything else the colors depend on: temperature, rebalance, and so on.
    """

    software: str
    model: str
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def parameters(self) -> str:
        """Model and settings on one line, ``"model NAME; temperature 0.38; ..."``."""
        items = {"model": self.model, **self.settings}
        return "; ".join(f"{name} {value}" for name, value in items.items())

    @property
    def text(self) -> str:
        """One sentence for people, ASCII only."""
        sentence = f"Color computed by {self.software} ({self.parameters})"
        return sentence.encode("ascii", "replace").decode("ascii")


def mark_of(
    model: str, decoding: DecodeSettings, working_size: int, **more: float | str
) -> Mark:
    """Return the mark for a model and its settings.

    Parameters
    ----------
    model : str
        The `Card.label` of the model, or ``"custom"``.
    decoding : DecodeSettings
    working_size : int
        Short side in pixels at which the nets saw the picture.
    more
        Further settings that the colors depend on, by name.
    """
    from colorize_engine import __version__

    values = {
        "temperature": f"{decoding.temperature:g}",
        "rebalance": f"{decoding.rebalance:g}",
        "saturation": f"{decoding.saturation:g}",
        **({"caution": f"{decoding.caution:g}"} if decoding.caution else {}),
        "working size": f"{working_size:g}",
        **{k: v if isinstance(v, str) else f"{v:g}" for k, v in more.items()},
    }
    return Mark(f"napari-colorize {__version__}", model, values)
