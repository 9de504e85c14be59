"""The symbols of the charts differ in shape, and the legend has words for each."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtGui import QImage
from qtpy.QtWidgets import QLabel

from napari_colorize.inspector.chart_symbols import MEANINGS, Legend, Symbol

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QWidget


def grays(widget: QWidget) -> np.ndarray:
    """Picture of a widget as somebody sees it who sees no colors."""
    widget.resize(widget.sizeHint())
    image = QImage(widget.size(), QImage.Format.Format_Grayscale8)
    widget.render(image)
    rows = image.constBits().asarray(image.sizeInBytes())
    return np.array(rows).reshape(image.height(), -1)[:, : image.width()]


def test_no_two_symbols_are_alike_without_color(qtbot: QtBot) -> None:
    pictures = {}
    for kind in MEANINGS:
        symbol = Symbol(kind)
        qtbot.addWidget(symbol)
        pictures[kind] = grays(symbol)
        assert np.ptp(pictures[kind]) > 100, f"{kind} is not seen"
    for one, two in combinations(pictures, 2):
        differing = np.abs(pictures[one].astype(int) - pictures[two]) > 100
        assert differing.sum() > 10, (one, two)


def test_each_symbol_of_the_legend_has_its_words(qtbot: QtBot) -> None:
    legend = Legend()
    qtbot.addWidget(legend)
    words = {label.text() for label in legend.findChildren(QLabel)}
    assert {"as decoded", "as predicted", "annealed mean", "0 (gray)"} < words
    assert len(words) == len(legend.findChildren(Symbol)) == len(MEANINGS)
