"""Likely colors of a pixel to click on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from psygnal import Signal
from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QHBoxLayout, QToolButton, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from colorize_engine import Suggestion

COUNT = 5
_SIDE = 28


def shown(suggestion: Suggestion, lightness: float) -> tuple[int, ...]:
    """Return a suggestion at the lightness of its pixel as RGB of 8 bits."""
    from colorize_engine.color import lab_to_rgb

    # Of black and white no color could be told from another.
    light = np.full((1, 1), np.clip(lightness, 25, 85), np.float32)
    chroma = np.array([[[suggestion.a]], [[suggestion.b]]], np.float32)
    return tuple(int(level) for level in lab_to_rgb(light, chroma)[0, 0])


class Swatches(QWidget):
    """Buttons with the suggestions of a pixel, each with its probability.

    Attributes
    ----------
    chosen : Signal
        Emitted with the a* and b* that a person takes.
    buttons : list of QToolButton
    colors : list of (int, int, int)
        Colors of the buttons.
    """

    chosen = Signal(float, float)

    def __init__(self) -> None:
        super().__init__()
        self.buttons = [QToolButton() for _ in range(COUNT)]
        self.colors: list[tuple[int, ...]] = []
        self._suggestions: list[Suggestion] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for number, button in enumerate(self.buttons):
            button.setIconSize(QSize(_SIDE, _SIDE))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.clicked.connect(lambda _=False, n=number: self._on_click(n))
            row.addWidget(button)
        row.addStretch()
        self.offer([], 0)

    def offer(self, suggestions: Sequence[Suggestion], lightness: float) -> None:
        """Show the suggestions of a pixel and its L*; none disables the buttons."""
        self._suggestions = list(suggestions)
        self.colors = [shown(each, lightness) for each in suggestions]
        for number, button in enumerate(self.buttons):
            on = number < len(suggestions)
            button.setEnabled(on)
            pixmap = QPixmap(_SIDE, _SIDE)
            pixmap.fill(QColor(*self.colors[number]) if on else QColor("transparent"))
            button.setIcon(QIcon(pixmap))
            button.setText(f"{suggestions[number].probability:.0%}" if on else "")
            text = "A likely color of the point."
            if on:
                each = suggestions[number]
                text = (
                    f"a* {each.a:+.0f}, b* {each.b:+.0f}, probability "
                    f"{each.probability:.0%}. Click to use this color."
                )
            button.setToolTip(text)
            button.setAccessibleName(f"color {number + 1}")
            button.setAccessibleDescription(text)

    def _on_click(self, number: int) -> None:
        suggestion = self._suggestions[number]
        self.chosen.emit(suggestion.a, suggestion.b)
