"""A strip of small pictures to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal
from qtpy.QtCore import QSize
from qtpy.QtGui import QIcon, QImage, QPixmap
from qtpy.QtWidgets import QGridLayout, QGroupBox, QPushButton, QToolButton

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

COUNT = 6
_WIDTH, _HEIGHT, _COLUMNS = 84, 63, 3


class VariantStrip(QGroupBox):
    """The button "Variants" and six small pictures.

    Attributes
    ----------
    asked : Signal
        Emitted when a person wants (other) variants.
    chosen : Signal
        Emitted with the number of the picture that a person takes.
    button : QPushButton
    pictures : list of QToolButton
    """

    asked = Signal()
    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__("Variants")
        self.button = QPushButton("Variants")
        self.button.setToolTip("Show six plausible colorings. Click the one you like.")
        self.pictures = [QToolButton() for _ in range(COUNT)]
        grid = QGridLayout(self)
        grid.setContentsMargins(6, 6, 6, 6)
        grid.addWidget(self.button, 0, 0, 1, _COLUMNS)
        for number, picture in enumerate(self.pictures):
            picture.setIconSize(QSize(_WIDTH, _HEIGHT))
            picture.setAccessibleName(f"variant {number + 1}")
            picture.setToolTip("Use this coloring. Its points become hints.")
            picture.clicked.connect(lambda _=False, n=number: self.chosen.emit(n))
            grid.addWidget(picture, 1 + number // _COLUMNS, number % _COLUMNS)
        self.button.clicked.connect(lambda: self.asked.emit())
        self.show_pictures([])

    def show_pictures(self, pictures: Sequence[NDArray[np.uint8]]) -> None:
        """Show small pictures, (h, w, 3) uint8 each; none hides the strip."""
        for number, button in enumerate(self.pictures):
            button.setVisible(number < len(pictures))
            if number < len(pictures):
                button.setIcon(QIcon(_pixmap(pictures[number])))
        self.button.setText("More variants" if len(pictures) else "Variants")


def _pixmap(rgb: NDArray[np.uint8]) -> Any:
    rgb = np.ascontiguousarray(rgb[..., :3])
    height, width = rgb.shape[:2]
    kind = QImage.Format.Format_RGB888
    # Copied, because the image does not own the bytes of the array.
    return QPixmap(QImage(rgb.tobytes(), width, height, 3 * width, kind).copy())
