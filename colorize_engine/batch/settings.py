"""Settings of a batch."""

from __future__ import annotations

from dataclasses import dataclass

from colorize_engine import files
from colorize_engine.decode import DecodeOptions


@dataclass(frozen=True)
class Settings(DecodeOptions):
    """Settings for reading, coloring and writing; None leaves it to the model.

    Attributes
    ----------
    not_finite : {"error", "blank"}
        What becomes of NaN and infinity, see `files.read`.
    precision : str
        As asked for, see `pretrained.Backend`; for the mark of the outputs.
    """

    working_size: int | None = None
    value_range: files.ValueRange = "full"
    max_pixels: int = files.MAX_PIXELS
    quality: int | None = None
    overwrite: bool = False
    skip_color: bool = False
    not_finite: files.NotFinite = "error"
    precision: str = "auto"
