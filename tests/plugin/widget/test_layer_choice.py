"""Boxes of layers: three by default, added and removed at once, without the nets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from skimage import data

from napari_colorize.runs import KINDS
from napari_colorize.widget.preferences import DEFAULT, Preferences

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from napari_colorize.widget import ColorizeWidget

    Finish = Callable[[ColorizeWidget], None]

GRAY = data.camera()[100:200, 100:250]


def settle(widget: ColorizeWidget, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not widget.run.live.busy, timeout=60_000)
    # What the worker has sent arrives with the next events.
    qtbot.wait(50)


def names(widget: ColorizeWidget) -> set[str]:
    return {layer.name for layer in widget.viewer.layers}


def test_three_layers_by_default_two_of_them_hidden(
    widget: ColorizeWidget, finish: Finish
) -> None:
    assert Preferences().layers == DEFAULT
    widget.layer_choice.tick(DEFAULT)
    widget.viewer.add_image(GRAY, name="scan")
    finish(widget)
    kinds = ("colorized", "a probability", "b probability")
    assert names(widget) == {"scan", *(f"scan {kind}" for kind in kinds)}
    shown = {layer.name for layer in widget.viewer.layers if layer.visible}
    assert shown == {"scan", "scan colorized"}


def test_boxes_add_and_remove_layers_without_the_nets(
    widget: ColorizeWidget, finish: Finish, slow_nets, qtbot: QtBot
) -> None:
    widget.layer_choice.tick(KINDS)
    stack = np.stack([GRAY, GRAY[::-1], GRAY[:, ::-1]])
    for name, values in (("scan", GRAY), ("film", stack)):
        widget.viewer.add_image(values, name=name)
        finish(widget)
        layers = widget.viewer.layers
        full = {kind: np.array(layers[f"{name} {kind}"].data) for kind in KINDS}
        calls = slow_nets.calls
        for kind in KINDS:
            box = widget.layer_choice.boxes[kind]
            box.value = False
            assert f"{name} {kind}" not in layers
            box.value = True
            settle(widget, qtbot)
            found = np.asarray(layers[f"{name} {kind}"].data, np.float32)
            # Of a stack it comes from the float16 probabilities now.
            atol = 1e-3 if kind == "uncertainty" else 0
            np.testing.assert_allclose(found, full[kind], rtol=0, atol=atol)
        assert slow_nets.calls == calls
        widget.sliders.saturation.value = 0
        settle(widget, qtbot)
        assert not np.asarray(layers[f"{name} a"].data).any(), "new layers follow"


def test_the_last_layer_stays_and_a_removed_one_clears_its_box(
    widget: ColorizeWidget, finish: Finish, qtbot: QtBot
) -> None:
    widget.layer_choice.tick(("colorized", "uncertainty"))
    widget.viewer.add_image(GRAY, name="scan")
    finish(widget)
    widget.viewer.layers.remove("scan uncertainty")
    assert widget.layer_choice.kinds() == ("colorized",)
    widget.layer_choice.boxes["colorized"].value = False
    assert widget.layer_choice.kinds() == ("colorized",)
    assert names(widget) == {"scan", "scan colorized"}
    # Without a probability layer nothing has bins.
    assert widget.viewer.dims.ndim == 2
    widget.layer_choice.boxes["b"].value = True
    widget.layer_choice.boxes["colorized"].value = False
    settle(widget, qtbot)
    assert names(widget) == {"scan", "scan b"}


def test_boxes_show_the_layers_of_the_chosen_image(
    widget: ColorizeWidget, finish: Finish
) -> None:
    first = widget.viewer.add_image(GRAY, name="first")
    widget.layer_choice.tick(("colorized",))
    finish(widget)
    widget.viewer.add_image(GRAY[::-1], name="second")
    widget.layer_choice.tick(("a", "b"))
    finish(widget)
    assert widget.layer_choice.kinds() == ("a", "b")
    widget.image.value = first
    assert widget.layer_choice.kinds() == ("colorized",)


def test_one_press_shows_what_the_nets_think_and_one_hides_it(
    widget: ColorizeWidget, finish: Finish
) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    button = widget.layer_choice.think
    button.native.click()
    assert widget.status.value == "Press Colorize first."
    widget.layer_choice.tick(("colorized",))
    finish(widget)
    button.native.click()
    layer = widget.viewer.layers["scan a probability"]
    assert layer.visible
    assert widget.viewer.layers.selection.active is layer
    assert button.text == "Hide what the nets think"
    assert widget.layer_choice.boxes["a probability"].value
    button.native.click()
    assert not layer.visible
    colored = widget.viewer.layers["scan colorized"]
    assert widget.viewer.layers.selection.active is colored
    assert button.text == "Show what the nets think"
    layer.visible = True
    assert button.text == "Hide what the nets think"
    layer.visible = False
    assert button.text == "Show what the nets think"


def test_the_boxes_come_back_when_all_layers_were_removed(
    widget: ColorizeWidget, finish: Finish
) -> None:
    widget.layer_choice.tick(["colorized", "uncertainty"])
    widget.viewer.add_image(GRAY, name="scan")
    finish(widget)
    widget.viewer.layers.clear()
    assert widget.layer_choice.kinds() == ("colorized", "uncertainty")
    widget.viewer.add_image(GRAY, name="other")
    finish(widget)
    assert set(widget.run.layers) == {"colorized", "uncertainty"}
