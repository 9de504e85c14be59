"""Swatches of the likely colors of a point, and a dialog for any other color."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from psygnal import Signal
from qtpy.QtCore import QSize
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QColorDialog,
    QFileDialog,
    QGridLayout,
    QGroupBox,
    QLabel,
    QPushButton,
    QToolButton,
)

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


class Palette(QGroupBox):
    """The button "Add hints", swatches, and any other color.

    Attributes
    ----------
    asked : Signal
        Emitted when a person wants to add hints.
    chosen : Signal
        Emitted with a color, (r, g, b) in 0..255, for the selected points.
    loaded : Signal
        Emitted with the path of a file with hints.
    add_button, other_button, load_button : QPushButton
    swatches : list of QToolButton
    colors : list of (int, int, int)
        Colors of the swatches.
    """

    asked = Signal()
    chosen = Signal(tuple)
    loaded = Signal(str)

    def __init__(self) -> None:
        super().__init__("Hints")
        self.add_button = QPushButton("Add hints")
        self.add_button.setToolTip(
            "Give colors at points: click a point in the picture, then a color here."
        )
        self.other_button = QPushButton("Other color...")
        self.other_button.setToolTip("Choose any color for the selected points.")
        self.text = QLabel("Click a thing that has the wrong color.")
        self.text.setWordWrap(True)
        self.swatches = [QToolButton() for _ in range(COUNT)]
        self.colors: list[tuple[int, ...]] = []
        grid = QGridLayout(self)
        grid.setContentsMargins(6, 6, 6, 6)
        self.load_button = QPushButton("Load...")
        self.load_button.setToolTip(
            "Load hints from a CSV file, or from a picture that was saved with hints."
        )
        grid.addWidget(self.add_button, 0, 0, 1, COUNT - 2)
        grid.addWidget(self.load_button, 0, COUNT - 2, 1, 2)
        grid.addWidget(self.text, 1, 0, 1, COUNT)
        for number, swatch in enumerate(self.swatches):
            swatch.setFixedSize(_SIDE + 8, _SIDE + 8)
            swatch.setIconSize(QSize(_SIDE, _SIDE))
            swatch.clicked.connect(lambda _=False, n=number: self._on_swatch(n))
            grid.addWidget(swatch, 2, number)
        grid.addWidget(self.other_button, 3, 0, 1, COUNT)
        self.add_button.clicked.connect(lambda: self.asked.emit())
        self.other_button.clicked.connect(self._on_other)
        self.load_button.clicked.connect(self._on_load)
        self.offer([], 0)
        self.open_for_points(False)

    def open_for_points(self, on: bool) -> None:
        """Show the colors while there is a layer of hints."""
        for widget in (self.text, self.other_button, *self.swatches):
            widget.setVisible(on)

    def offer(self, suggestions: Sequence[Suggestion], lightness: float) -> None:
        """Show the suggestions of a pixel; none disables the swatches."""
        self.colors = [shown(each, lightness) for each in suggestions]
        for number, swatch in enumerate(self.swatches):
            on = number < len(suggestions)
            swatch.setEnabled(on)
            pixmap = QPixmap(_SIDE, _SIDE)
            pixmap.fill(QColor(*self.colors[number]) if on else QColor("transparent"))
            swatch.setIcon(QIcon(pixmap))
            text = "A likely color of the point."
            if on:
                each = suggestions[number]
                text = (
                    f"Take a* {each.a:+.0f}, b* {each.b:+.0f}, of the probability "
                    f"{each.probability:.0%}."
                )
            swatch.setToolTip(text)
            swatch.setAccessibleName(f"color {number + 1}")
            swatch.setAccessibleDescription(text)
        self.other_button.setEnabled(bool(suggestions))
        self.text.setText(
            "Take a color for the point." if suggestions else "Click a point to color."
        )

    def _on_swatch(self, number: int) -> None:
        self.chosen.emit(self.colors[number])

    def _on_load(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self,
            "Load hints",
            "",
            "Hints (*.csv *.png *.tif *.tiff *.jpg *.jpeg *.webp)",
        )
        if path:
            self.loaded.emit(path)

    def _on_other(self) -> None:
        color = QColorDialog.getColor(QColor(*self.colors[0]), self)
        if color.isValid():
            self.chosen.emit((color.red(), color.green(), color.blue()))
