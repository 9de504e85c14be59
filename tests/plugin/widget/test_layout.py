"""What the panel looks like: one left edge, equal sliders, plain labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QLabel, QSlider
from superqt import QCollapsible

from colorize_engine.decode import DecodeSettings
from colorize_engine.pretrained import list_models

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot
    from qtpy.QtWidgets import QWidget

    from napari_colorize.widget import ColorizeWidget

    Finish = Callable[[ColorizeWidget], None]


@pytest.fixture(params=["dark", "light"])
def shown(
    request: pytest.FixtureRequest, widget: ColorizeWidget, qtbot: QtBot
) -> ColorizeWidget:
    """Show the widget in a window, with all sections unfolded."""
    viewer = widget.viewer
    viewer.theme = request.param
    viewer.window._qt_window.resize(1366, 768)
    viewer.window._qt_window.show()
    widget.native.findChild(QCollapsible).expand(animate=False)
    qtbot.waitExposed(viewer.window._qt_window)
    qtbot.wait(200)
    return widget


def left(widget: QWidget, root: QWidget) -> int:
    return widget.mapTo(root, QPoint(0, 0)).x()


def test_one_left_edge_and_sliders_of_one_length(shown: ColorizeWidget) -> None:
    root, advanced = shown.native, shown.advanced
    handles = shown.sliders.native.findChildren(QSlider)
    assert len({handle.width() for handle in handles}) == 1
    fields = [shown.image, shown.model, *shown.sliders.all]
    fields += [advanced.device, advanced.working_size, advanced.frames]
    # A section that unfolds has a frame of one pixel.
    edges = [left(field.native, root) for field in fields]
    assert max(edges) - min(edges) <= 1, edges
    starts = [shown.run_button, shown.state.text, shown.sliders.undo]
    starts += [shown.saving.save_button, shown.keep]
    texts = ("image", "model", "vivid - careful", "caution", "device")
    labels = [
        label
        for label in root.findChildren(QLabel)
        if label.text().replace("&", "") in texts
    ]
    assert len(labels) == len(texts)
    edges = [left(w, root) for w in (*(s.native for s in starts), *labels)]
    assert max(edges) - min(edges) <= 1, edges


def test_values_snap_to_the_step(widget: ColorizeWidget) -> None:
    sliders = widget.sliders
    sliders.temperature.value = 0.4372
    assert sliders.temperature.value == pytest.approx(0.44)
    sliders.rebalance.value = -0.4372
    assert sliders.rebalance.value == pytest.approx(-0.45)
    assert sliders.settings() == DecodeSettings(0.44, -0.45)


def test_sliders_end_where_pictures_do(widget: ColorizeWidget, finish: Finish) -> None:
    sliders = widget.sliders
    assert (sliders.rebalance.min, sliders.rebalance.max) == (-1, 0.5)
    assert (sliders.saturation.min, sliders.saturation.max) == (0, 2)
    # Settings from elsewhere are shown as they are.
    sliders.set(DecodeSettings(0.333, 0.8, 3.5, 0))
    assert sliders.settings() == DecodeSettings(0.333, 0.8, 3.5, 0)


def test_plain_labels_with_the_term_of_the_field_in_the_tooltip(
    widget: ColorizeWidget,
) -> None:
    sliders, boxes = widget.sliders, widget.layer_choice.boxes
    assert sliders.temperature.label.replace("&", "") == "vivid - careful"
    assert sliders.temperature.tooltip.startswith("Temperature: ")
    assert sliders.rebalance.label.replace("&", "") == "rare colors"
    assert sliders.rebalance.tooltip.startswith("Rebalance: ")
    assert boxes["a"].text == "a* (green - red)"
    assert boxes["b"].text == "b* (blue - yellow)"
    shown = [widget.model.native.itemText(k) for k in range(2)]
    assert shown == ["default (for photos)", "reference-10 (for comparison)"]
    assert widget.model.value == "default"
    for card in list_models():
        assert f"{card.name}: {card.purpose}\n" in widget.model.tooltip
        assert card.description in widget.model.tooltip


def test_both_docks_fit_a_small_window(
    small: ColorizeWidget, plugin: object, qtbot: QtBot
) -> None:
    viewer, window = small.viewer, small.viewer.window._qt_window
    window.resize(1100, 700)
    window.show()
    viewer.window.add_plugin_dock_widget("napari-colorize", "Colorize inspector")
    small.palette.add_button.click()
    window.resize(1100, 700)
    qtbot.wait(300)
    assert window.width() <= 1100
    assert window.height() <= 700
