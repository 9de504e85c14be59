"""Colors for the points of an image: likely ones, any other, one channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from psygnal import Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QColorDialog,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QGroupBox,
    QLabel,
    QPushButton,
)

from napari_colorize.hints.swatches import Swatches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from colorize_engine import Suggestion
    from napari_colorize.hints.point_color import PointColor

# The channel that is left open, for each entry of the list.
_CHANNELS = {"a and b": "", "only a (green-red)": "b", "only b (blue-yellow)": "a"}


class Palette(QGroupBox):
    """The button "Add hints", swatches, any other color, channels.

    Attributes
    ----------
    asked : Signal
        Emitted when a person wants to add hints.
    chosen : Signal
        Emitted with the a* and b* for the selected points.
    opened : Signal
        Emitted with the channel that the selected points leave open: "a", "b" or "".
    loaded : Signal
        Emitted with the path of a file with hints.
    add_button, other_button, load_button : QPushButton
    channels : QComboBox
    swatches : list of QToolButton
    colors : list of (int, int, int)
        Colors of the swatches.
    """

    asked = Signal()
    chosen = Signal(float, float)
    opened = Signal(str)
    loaded = Signal(str)

    def __init__(self) -> None:
        super().__init__("Hints")
        self.add_button = _button(
            "Add hints",
            "Set colors at points: click a point in the picture, then a color here.",
        )
        self.load_button = _button(
            "Load...",
            "Load hints from a CSV file, or from a picture that was saved with hints.",
        )
        self.text = QLabel()
        self.text.setWordWrap(True)
        self._row = Swatches()
        self.swatches = self._row.buttons
        self.other_button = _button(
            "Other color...", "Choose any color for the selected points."
        )
        self.channels = QComboBox()
        self.channels.addItems(list(_CHANNELS))
        self.channels.setAccessibleName("channels of the point")
        self.channels.setToolTip(
            "Give the nets both a* and b* of the selected points, or only one of them "
            "and leave the other to the nets."
        )
        self._lay_out()
        self.add_button.clicked.connect(lambda: self.asked.emit())
        self.load_button.clicked.connect(self._on_load)
        self._row.chosen.connect(self.chosen.emit)
        self.other_button.clicked.connect(self._on_other)
        self.channels.textActivated.connect(
            lambda text: self.opened.emit(_CHANNELS[text])
        )
        self.offer([], 0)
        self.show_color(None)
        self.open_for_points(False)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(6, 6, 6, 6)
        rows = (
            (self.add_button, self.load_button),
            (self.text,),
            (self._row,),
            (self.other_button, self.channels),
        )
        for number, row in enumerate(rows):
            for column, widget in enumerate(row):
                grid.addWidget(widget, number, column, 1, 2 // len(row))

    @property
    def colors(self) -> list[tuple[int, ...]]:
        """Colors of the swatches."""
        return self._row.colors

    def open_for_points(self, on: bool) -> None:
        """Show what is for points while there are some."""
        for widget in (
            self.text,
            self._row,
            self.other_button,
            self.channels,
        ):
            widget.setVisible(on)

    def offer(self, suggestions: Sequence[Suggestion], lightness: float) -> None:
        """Show the suggestions of a pixel; none disables the swatches."""
        self._row.offer(suggestions, lightness)
        self.other_button.setEnabled(bool(suggestions))
        self.text.setText(
            "Choose a color for the point."
            if suggestions
            else "Click a point to color."
        )

    def show_color(self, color: PointColor | None) -> None:
        """Show which channels a point gives; None disables the list."""
        self.channels.setEnabled(color is not None)
        opened = "" if color is None else color.open
        self.channels.setCurrentIndex(list(_CHANNELS.values()).index(opened))

    def _on_load(self) -> None:
        from colorize_engine.files import FORMATS

        path, _ = QFileDialog.getOpenFileName(
            self,
            "Load hints",
            "",
            f"Hints (*.csv *{' *'.join(FORMATS)})",
        )
        if path:
            self.loaded.emit(path)

    def _on_other(self) -> None:
        from colorize_engine.color import srgb_to_lab

        color = QColorDialog.getColor(QColor(*self.colors[0]), self)
        if color.isValid():
            rgb = np.array([[color.getRgb()[:3]]], np.uint8)
            _, a, b = srgb_to_lab(rgb)[0, 0]
            self.chosen.emit(float(a), float(b))


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button
