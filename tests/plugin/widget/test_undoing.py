"""Undo and redo of sliders and hints, by button and by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QSlider

from colorize_engine.decode import DecodeSettings
from napari_colorize.hints import hints_for
from napari_colorize.runs import Place, history_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from napari_colorize.widget import ColorizeWidget

    Finish = Callable[[ColorizeWidget], None]


@pytest.fixture
def settled(qtbot: QtBot) -> Callable[[ColorizeWidget], np.ndarray]:
    """Wait until the picture is that of the sliders and hints; return it."""

    def wait(widget: ColorizeWidget) -> np.ndarray:
        run = widget.run

        def is_shown() -> bool:
            if run.live.busy:
                return False
            expected = run.results.prediction(()).colorize(*run.settings.arguments)
            return np.array_equal(run.layers["colorized"].data, expected)

        qtbot.waitUntil(is_shown, timeout=60_000)
        assert widget.sliders.settings() == run.settings
        return np.array(run.layers["colorized"].data)

    return wait


def slide(widget: ColorizeWidget, name: str, *values: float) -> None:
    """Drag a slider through values and let it go for long enough."""
    for value in values:
        getattr(widget.sliders, name).value = value
    history_of(widget.run).settle()


def test_sliders_and_hints_are_steps_of_one_history(
    small: ColorizeWidget, settled: Callable[[ColorizeWidget], np.ndarray]
) -> None:
    sliders = small.sliders
    undo, redo = sliders.undo.native, sliders.redo.native
    assert not undo.isEnabled()
    pictures = [settled(small)]
    steps = (
        lambda: slide(small, "saturation", 1.2, 1.5, 1.8),
        lambda: hints_for(small.run).give(Place((), 30, 40), 50, 30),
        lambda: slide(small, "caution", 0.3, 0.6),
        lambda: slide(small, "caution", 0.9),
        lambda: sliders.reset.native.click(),
    )
    for step in steps:
        step()
        pictures.append(settled(small))
    assert not redo.isEnabled()
    for picture in reversed(pictures[:-1]):
        undo.click()
        np.testing.assert_array_equal(settled(small), picture)
    assert not undo.isEnabled()
    assert sliders.saturation.value == 1
    for picture in pictures[1:]:
        redo.click()
        np.testing.assert_array_equal(settled(small), picture)
    assert not redo.isEnabled()


def test_a_slider_that_rests_has_made_its_step(
    small: ColorizeWidget, qtbot: QtBot
) -> None:
    sliders, handle = small.sliders, small.sliders.saturation.native.findChild(QSlider)
    sliders.saturation.value = 1.2
    sliders.saturation.value = 1.4
    qtbot.wait(1300)
    sliders.saturation.value = 1.6
    handle.setSliderDown(True)
    qtbot.wait(1300)
    # A person who holds the handle has not ended.
    sliders.saturation.value = 1.8
    handle.setSliderDown(False)
    small.undoing.undo()
    assert sliders.saturation.value == 1.4
    small.undoing.undo()
    assert sliders.saturation.value == 1


@pytest.mark.all_layers
@pytest.mark.parametrize("kind", ["colorized", "a probability", "panel"])
def test_keys_undo_and_redo(small: ColorizeWidget, qtbot: QtBot, kind: str) -> None:
    viewer, window = small.viewer, small.viewer.window._qt_window
    window.show()
    qtbot.waitExposed(window)
    slide(small, "saturation", 1.7)
    if kind == "panel":
        target = small.saving.save_button.native
    else:
        viewer.layers.selection.active = small.run.layers[kind]
        target = viewer.window._qt_viewer.canvas.native
    target.setFocus()
    control, shift = (
        Qt.KeyboardModifier.ControlModifier,
        Qt.KeyboardModifier.ShiftModifier,
    )
    qtbot.keyClick(target, Qt.Key.Key_Z, control)
    qtbot.waitUntil(lambda: small.run.settings.saturation == 1)
    assert small.sliders.saturation.value == 1
    qtbot.keyClick(target, Qt.Key.Key_Z, control | shift)
    qtbot.waitUntil(lambda: small.run.settings.saturation == 1.7)
    window.hide()


def test_each_image_has_its_own_steps(small: ColorizeWidget, finish: Finish) -> None:
    slide(small, "saturation", 1.5)
    first = small.image.value
    small.viewer.add_image(np.array(first.data[::2]), name="other")
    small.image.value = small.viewer.layers["other"]
    finish(small)
    assert not small.sliders.undo.native.isEnabled()
    slide(small, "saturation", 0.5)
    small.image.value = first
    assert small.sliders.undo.native.isEnabled()
    small.undoing.undo()
    assert small.run.settings.saturation == small.sliders.saturation.value == 1
    small.image.value = small.viewer.layers["other"]
    assert small.sliders.saturation.value == 0.5


def test_coloring_again_is_no_step(small: ColorizeWidget, finish: Finish) -> None:
    slide(small, "saturation", 1.5)
    finish(small)
    small.undoing.undo()
    card = small.run.results.card
    assert small.run.settings == DecodeSettings(card.temperature, card.rebalance)
    assert not small.sliders.undo.native.isEnabled()
