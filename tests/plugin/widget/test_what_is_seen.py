"""What a person sees is right: limits, dark data, the list, the camera, settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
import tifffile
from qtpy.QtWidgets import QApplication, QDockWidget, QPushButton
from skimage import data

from colorize_engine import Colorizer
from colorize_engine.decode import DecodeSettings
from napari_colorize.widget import ColorizeWidget

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    Finish = Callable[[ColorizeWidget], None]

GRAY = data.camera()[100:200, 100:250]


def seen(widget: ColorizeWidget) -> np.ndarray:
    """Return the pixels of the canvas that show the picture, RGB in 0..1."""
    for layer in widget.viewer.layers:
        layer.visible = layer.name.endswith("colorized")
    widget.viewer.window.show()
    QApplication.processEvents()
    shot = widget.viewer.screenshot(canvas_only=True, flash=False)[..., :3]
    height, width = shot.shape[:2]
    part = np.s_[height // 3 : height * 2 // 3, width // 3 : width * 2 // 3]
    return shot[part].astype(np.float32) / 255


# -- limits


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_stack_that_gets_brighter_is_not_white_at_its_end(
    widget: ColorizeWidget, finish: Finish, dtype: Any
) -> None:
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    fade = np.stack([GRAY / 255 * share for share in (0.2, 0.5, 0.9)])
    widget.viewer.add_image((fade * top).astype(dtype), name="fade")
    finish(widget)
    layer = widget.viewer.layers["fade colorized"]
    white = 255 if dtype == np.uint8 else 1
    assert layer.contrast_limits == layer.contrast_limits_range == [0, white]
    axis = widget.viewer.dims.ndim - 3
    widget.viewer.dims.set_current_step(axis, 2)
    truth = np.asarray(layer.data[2], np.float32) / white
    middle = truth[33:66, 50:100].mean()
    assert seen(widget).mean() == pytest.approx(middle, abs=0.1)


def test_what_is_seen_is_saved_with_the_display_range_too(
    widget: ColorizeWidget, finish: Finish, tmp_path: Path
) -> None:
    dim = (GRAY.astype(np.uint16) * 14)[..., :]
    widget.viewer.add_image(dim, name="cells", contrast_limits=(0, 255 * 14))
    finish(widget)
    dark = seen(widget).mean()
    widget.saving.save(str(tmp_path / "dark.tif"))
    widget.state.stretch.native.click()
    assert widget.advanced.display_range.value
    finish(widget)
    bright = seen(widget).mean()
    widget.saving.save(str(tmp_path / "bright.tif"))
    saved = [
        tifffile.imread(tmp_path / f"{n}.tif")[33:66, 50:100]
        for n in ("dark", "bright")
    ]
    means = [picture.mean() / 65535 for picture in saved]
    assert [dark, bright] == pytest.approx(means, abs=0.1)
    assert dark < 0.1 < 0.2 < bright


# -- data that fill little of their type


@pytest.mark.parametrize(
    ("values", "offered"),
    [
        (GRAY, False),
        (GRAY.astype(np.uint16) * 14, True),
        (GRAY // 7, True),
        (GRAY / np.float32(255), False),
        (np.stack([GRAY] * 3, -1) // 7, False),
    ],
)
def test_the_display_range_is_offered_for_dark_data(
    widget: ColorizeWidget, finish: Finish, values: np.ndarray, offered: bool
) -> None:
    widget.viewer.add_image(values, name="cells")
    finish(widget)
    assert widget.state.stretch.native.isHidden() is not offered
    assert ("dark and pale" in widget.status.value) is offered


@pytest.mark.all_layers
def test_one_click_takes_the_display_range(
    widget: ColorizeWidget, finish: Finish, qtbot: QtBot, tiny_model: Path
) -> None:
    dark = GRAY // 7
    widget.viewer.add_image(dark, name="scan")
    finish(widget)
    widget.state.stretch.native.click()
    qtbot.waitUntil(lambda: not widget.busy, timeout=60_000)
    assert widget.state.stretch.native.isHidden()
    low, high = map(float, (dark.min(), dark.max()))
    assert widget.run.results.source.limits == (low, high)
    stretched = (dark.astype(np.float32) - np.float32(low)) / np.float32(high - low)
    expected = Colorizer.from_folder(tiny_model, "cpu").predict(stretched, 32)
    chroma = expected.decode(*widget.sliders.settings().arguments)
    np.testing.assert_allclose(
        widget.viewer.layers["scan a"].data, chroma[0], atol=1e-3
    )


# -- the panel, the list, the camera


def test_the_x_of_the_dock_stops_the_run(
    widget: ColorizeWidget, slow_nets: Any, qtbot: QtBot
) -> None:
    viewer = widget.viewer
    viewer.add_image(np.stack([GRAY] * 5), name="film")
    slow_nets.go.clear()
    widget.run_button.native.click()
    qtbot.waitUntil(slow_nets.running.is_set, timeout=20_000)
    dock = next(
        dock
        for dock in viewer.window._qt_window.findChildren(QDockWidget)
        if dock.widget() is widget.native
    )
    dock.titleBarWidget().findChild(QPushButton, "QTitleBarCloseButton").click()
    slow_nets.go.set()
    qtbot.waitUntil(lambda: not widget.busy, timeout=20_000)
    assert slow_nets.calls == 1
    assert [layer.name for layer in viewer.layers] == ["film"]
    # A new panel can color at once.
    again = ColorizeWidget(viewer)
    viewer.window.add_dock_widget(again, name="Colorize")
    again.run_button.native.click()
    qtbot.waitUntil(lambda: again.run is not None and not again.busy, timeout=60_000)
    assert "film colorized" in viewer.layers


@pytest.mark.all_layers
def test_the_list_stays_at_the_image_that_was_colored(
    widget: ColorizeWidget, finish: Finish
) -> None:
    first = widget.viewer.add_image(GRAY, name="first")
    second = widget.viewer.add_image(GRAY[::-1], name="second")
    widget.viewer.layers.selection.active = first
    widget.image.value = second
    finish(widget)
    assert widget.image.value is second
    assert widget.viewer.layers.selection.active.name == "second colorized"
    assert widget.run is not None
    # Selecting a result chooses its image.
    widget.image.value = first
    finish(widget)
    widget.viewer.layers.selection.active = widget.viewer.layers["second a"]
    assert widget.image.value is second


def test_points_stay_selected(widget: ColorizeWidget, finish: Finish) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    points = widget.viewer.add_points([[3, 4]])
    finish(widget)
    assert widget.viewer.layers.selection.active is points


@pytest.mark.parametrize("shape", [(100, 150), (3, 100, 150)])
def test_the_camera_stays(
    widget: ColorizeWidget, finish: Finish, shape: tuple[int, ...]
) -> None:
    widget.viewer.add_image(np.broadcast_to(GRAY, shape).copy(), name="scan")
    camera = widget.viewer.scene.camera
    camera.zoom, camera.center = 4.0, (0.0, 20.0, 30.0)
    finish(widget)
    assert camera.zoom == 4.0
    assert camera.center == (0.0, 20.0, 30.0)


# -- settings belong to a picture


def test_settings_do_not_leak_to_the_next_picture(
    widget: ColorizeWidget, finish: Finish
) -> None:
    first = widget.viewer.add_image(GRAY, name="first")
    finish(widget)
    own = widget.sliders.settings()
    widget.sliders.saturation.value = 2.0
    widget.sliders.caution.value = 0.5
    changed = widget.sliders.settings()
    second = widget.viewer.add_image(GRAY[::-1], name="second")
    assert widget.image.value is second
    assert widget.sliders.settings() == own
    assert widget.status.value == "Press Colorize."
    finish(widget)
    assert widget.run.settings == own
    widget.image.value = first
    assert widget.sliders.settings() == changed
    assert widget.status.value.startswith("Colored 150 x 100 in ")
    widget.image.value = second
    assert widget.sliders.settings() == own


def test_a_changed_model_says_what_to_do(
    widget: ColorizeWidget, finish: Finish
) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    finish(widget)
    before = widget.run.settings
    widget.advanced.folder.value = None
    assert widget.status.value == (
        "Colored with tiny. Press Colorize to apply default."
    )
    assert widget.run.settings == before
    finish(widget)
    card = widget.run.results.card
    assert widget.run.settings == DecodeSettings(card.temperature, card.rebalance)
    assert "(default, " in widget.status.value


# -- errors


def test_a_lazy_source_that_cannot_be_read_is_no_fault_of_the_disk(
    widget: ColorizeWidget, qtbot: QtBot
) -> None:
    def broken(block_info: Any = None) -> np.ndarray:
        raise OSError("truncated page 3")

    lazy = da.map_blocks(broken, chunks=((100,), (150,)), dtype=np.uint8, meta=GRAY[:0])
    layer = widget.viewer.add_image(GRAY, name="scan")
    layer._data = lazy
    widget.run_button.native.click()
    qtbot.waitUntil(lambda: not widget.busy, timeout=20_000)
    assert "could not be read: truncated page 3" in widget.status.value
    assert "disk" not in widget.status.value
    widget.viewer.layers.clear()
