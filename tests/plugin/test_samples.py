"""Samples: gray, offline, of the lightness of the photo they come from."""

from __future__ import annotations

import socket
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from skimage import data

from colorize_engine.color import lightness
from napari_colorize import samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from npe2 import PluginManifest
    from pytestqt.qtbot import QtBot

KEYS = ("coffee", "astronaut", "cat", "rocket", "cameraman", "pan")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection to anything."""

    def refuse(*_: object) -> None:
        raise OSError("a sample wanted the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("key", KEYS)
def test_the_first_layer_is_gray_8_bit_and_needs_no_network(
    key: str, offline: None
) -> None:
    gray, about, kind = getattr(samples, key)()[0]
    assert gray.dtype == np.uint8
    assert gray.ndim == (3 if key == "pan" else 2)
    assert about["name"] == f"{key} gray"
    assert kind == "image"
    assert gray.std() > 10


@pytest.mark.parametrize(
    ("key", "photo"),
    [("coffee", "coffee"), ("astronaut", "astronaut"), ("cat", "chelsea")],
)
def test_gray_has_the_lightness_of_the_photo(key: str, photo: str) -> None:
    gray = getattr(samples, key)()[0][0]
    error = np.abs(lightness(gray) - lightness(getattr(data, photo)()))
    # Half the largest step from one gray level to the next.
    assert error.max() <= np.diff(lightness(np.arange(256, dtype=np.uint8)[None])).max()
    assert error.mean() < 0.15


def test_the_truth_of_the_coffee_lies_to_the_right_of_the_gray() -> None:
    (gray, _, _), (truth, about, _) = samples.coffee()
    np.testing.assert_array_equal(truth, data.coffee())
    assert about["rgb"]
    assert about["translate"][0] == 0
    assert about["translate"][1] > gray.shape[1]


def test_the_stack_pans_to_the_right_across_one_photo() -> None:
    ((stack, about, _),) = samples.pan()
    assert stack.shape == (10, 200, 200)
    assert about["axis_labels"] == ("t", "y", "x")
    assert about["scale"] == (0.2, 1, 1)
    whole = samples.rocket()[0][0][-200:]
    np.testing.assert_array_equal(stack[0], whole[:, :200])
    np.testing.assert_array_equal(stack[-1], whole[:, -200:])
    assert all((one != two).any() for one, two in pairwise(stack))


@pytest.mark.parametrize("key", KEYS)
def test_the_widget_takes_the_gray_layer_of_what_napari_opens(
    key: str, plugin: PluginManifest, qtbot: QtBot
) -> None:
    from napari.components import ViewerModel

    from napari_colorize.widget import ColorizeWidget
    from napari_colorize.widget.layer_lists import images_of

    assert key in {sample.key for sample in plugin.contributions.sample_data}
    viewer = ViewerModel()
    viewer.open_sample("napari-colorize", key)
    widget = ColorizeWidget(viewer)
    qtbot.addWidget(widget.native)
    assert widget.image.value.name == f"{key} gray"
    assert [name for name, _ in images_of(viewer)] == [f"{key} gray"]


def test_in_the_viewer_truth_and_gray_do_not_overlap(plugin: PluginManifest) -> None:
    from napari.components import ViewerModel

    viewer = ViewerModel()
    viewer.open_sample("napari-colorize", "coffee")
    gray, truth = (layer.extent.world for layer in viewer.layers)
    assert truth[0, 1] > gray[1, 1]
    np.testing.assert_allclose(truth[:, 0], gray[:, 0])


def test_the_stack_has_its_axes_and_units_in_the_viewer(
    plugin: PluginManifest,
) -> None:
    from napari.components import ViewerModel

    viewer = ViewerModel()
    (layer,) = viewer.open_sample("napari-colorize", "pan")
    assert layer.axis_labels == ("t", "y", "x")
    assert str(layer.units[0]) == "second"
    np.testing.assert_allclose(layer.scale, (0.2, 1, 1))


def test_opening_the_menu_item_adds_the_layers(
    plugin: PluginManifest, make_napari_viewer_proxy: Callable[[], Any]
) -> None:
    viewer = make_napari_viewer_proxy()
    from napari._app_model import get_app_model

    get_app_model().commands.execute_command("napari-colorize.coffee").result()
    names = [layer.name for layer in viewer.layers]
    assert names == ["coffee gray", "coffee in its own color"]
