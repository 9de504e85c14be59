"""The model that an option names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from colorize_engine.colorizer import Colorizer
    from colorize_engine.pretrained import Backend


def load(model: str, backend: Backend) -> Colorizer:
    """Load a model by its name, or from a folder.

    Raises
    ------
    click.UsageError
        If there is no such model or device, or the model is broken.
    """
    from colorize_engine.colorizer import loaded

    try:
        return loaded(name_or_path(model), backend)
    except (OSError, ValueError, RuntimeError) as error:
        raise click.UsageError(str(error)) from error


def name_or_path(model: str) -> str | Path:
    """Return a path if the text is one for certain, else the text, maybe a name."""
    return Path(model) if os.sep in model or "/" in model else model
