"""A small picture, colored by tiny nets that take hints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from skimage import data

from colorize_engine.color import lightness, lightness_to_gray

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_colorize.widget import ColorizeWidget


@pytest.fixture
def small(
    widget: ColorizeWidget,
    hinted_model: Path,
    finish: Callable[[ColorizeWidget], None],
) -> ColorizeWidget:
    """Widget whose run has colored a picture of 100 x 150 pixels."""
    widget.advanced.folder.value = hinted_model
    gray = lightness_to_gray(lightness(data.coffee()))[::4, ::4]
    widget.viewer.add_image(gray, name="coffee")
    finish(widget)
    return widget
