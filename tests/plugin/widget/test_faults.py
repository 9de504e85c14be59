"""Nothing breaks the plugin: each fault is one notice, and the button works again."""

from __future__ import annotations

import gc
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from napari.qt.threading import WorkerBase
from napari.utils.notifications import notification_manager
from skimage import data

from napari_colorize.runs import registry
from napari_colorize.widget import ColorizeWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    Finish = Callable[[ColorizeWidget], None]

GRAY = data.camera()[100:150, 100:160]


def all_workers_ended() -> bool:
    """Return whether no worker is left; napari has no public list of them."""
    return not WorkerBase._worker_set


@pytest.fixture(autouse=True)
def notices(qtbot: QtBot) -> Iterator[list[str]]:
    """Texts of the notifications of a test, which must leave no worker behind."""
    found: list[str] = []

    def remember(notice: object) -> None:
        found.append(str(getattr(notice, "message", notice)))

    notification_manager.records.clear()
    notification_manager.notification_ready.connect(remember)
    yield found
    notification_manager.notification_ready.disconnect(remember)
    qtbot.waitUntil(all_workers_ended, timeout=20_000)


def ready(widget: ColorizeWidget) -> bool:
    return (
        widget.run_button.native.isEnabled()
        and not widget.state.cancel.native.isVisible()
        and not widget.busy
    )


def started(widget: ColorizeWidget, slow_nets, qtbot: QtBot) -> None:
    """Press the button and wait until the nets run."""
    slow_nets.go.clear()
    widget.run_button.native.click()
    qtbot.waitUntil(slow_nets.running.is_set, timeout=20_000)


def test_without_an_image_a_notice_says_so(
    widget: ColorizeWidget, notices: list[str]
) -> None:
    widget.viewer.add_labels(np.zeros((5, 5), int))
    widget.run_button.native.click()
    assert len(notices) == 1
    assert "no image" in notices[0]
    assert ready(widget)


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (np.array([[0.0, 7.0]]), "display range"),
        (np.zeros((4, 4), np.int64), "display range"),
    ],
    ids=["range", "type"],
)
def test_data_that_cannot_be_colored_end_in_one_notice(
    widget: ColorizeWidget,
    finish: Finish,
    notices: list[str],
    picture: np.ndarray,
    words: str,
) -> None:
    widget.viewer.add_image(picture, name="bad", contrast_limits=(0, 1))
    finish(widget)
    assert len(notices) == 1
    assert words in notices[0]
    assert widget.status.value == notices[0]
    assert [layer.name for layer in widget.viewer.layers] == ["bad"]
    assert ready(widget)
    widget.viewer.layers.clear()
    widget.viewer.add_image(GRAY, name="good")
    finish(widget)
    assert "good colorized" in widget.viewer.layers


def test_a_constant_image_is_colored(
    widget: ColorizeWidget, finish: Finish, notices: list[str]
) -> None:
    widget.viewer.add_image(np.full((7, 3), 90, np.uint8), name="flat")
    finish(widget)
    assert widget.viewer.layers["flat colorized"].data.shape == (7, 3, 3)
    assert not notices


def test_three_dimensional_display_is_refused(
    widget: ColorizeWidget, notices: list[str]
) -> None:
    widget.viewer.add_image(np.zeros((3, 8, 8), np.uint8))
    widget.viewer.dims.ndisplay = 3
    widget.run_button.native.click()
    assert len(notices) == 1
    assert "2-D display" in notices[0]
    assert ready(widget)


def test_out_of_memory_says_what_helps(
    widget: ColorizeWidget, finish: Finish, slow_nets, notices: list[str]
) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    slow_nets.error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")
    finish(widget)
    assert len(notices) == 1
    assert "smaller working size" in notices[0]
    assert ready(widget)
    slow_nets.error = None
    finish(widget)
    assert "scan colorized" in widget.viewer.layers


def test_a_plain_runtime_error_is_not_swallowed(
    widget: ColorizeWidget, finish: Finish, slow_nets, notices: list[str]
) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    slow_nets.error = RuntimeError("the device went away\nwith details")
    finish(widget)
    assert len(notices) == 1
    assert notices[0].startswith("Coloring failed: the device went away. ")
    assert ready(widget)


def test_a_broken_model_folder_ends_in_one_notice(
    widget: ColorizeWidget,
    finish: Finish,
    notices: list[str],
    tiny_model: Path,
    tmp_path: Path,
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(tiny_model, broken)
    (broken / "a.safetensors").write_bytes(b"nothing")
    widget.advanced.folder.value = broken
    widget.viewer.add_image(GRAY, name="scan")
    finish(widget)
    assert len(notices) == 1
    assert "a.safetensors" in notices[0]
    assert ready(widget)
    shutil.copy(tiny_model / "a.safetensors", broken)
    finish(widget)
    assert "scan colorized" in widget.viewer.layers


def test_cancel_takes_effect_within_one_forward_pass(
    widget: ColorizeWidget, slow_nets, qtbot: QtBot, notices: list[str]
) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    started(widget, slow_nets, qtbot)
    assert not widget.run_button.native.isEnabled()
    widget.state.cancel.native.click()
    slow_nets.go.set()
    qtbot.waitUntil(lambda: ready(widget), timeout=20_000)
    assert slow_nets.calls == 1
    assert [layer.name for layer in widget.viewer.layers] == ["scan"]
    assert widget.status.value.startswith("Stopped.")
    assert not notices


@pytest.mark.all_layers
def test_cancel_leaves_earlier_results_as_they_are(
    widget: ColorizeWidget, finish: Finish, slow_nets, qtbot: QtBot
) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    finish(widget)
    before = np.array(widget.viewer.layers["scan a"].data)
    slow_nets.running.clear()
    widget.advanced.working_size.value = 16
    started(widget, slow_nets, qtbot)
    widget.state.cancel.native.click()
    slow_nets.go.set()
    qtbot.waitUntil(lambda: ready(widget), timeout=20_000)
    np.testing.assert_array_equal(widget.viewer.layers["scan a"].data, before)
    widget.sliders.saturation.value = 0
    qtbot.waitUntil(lambda: not widget.viewer.layers["scan a"].data.any())


def test_the_window_goes_on_while_the_nets_run(
    widget: ColorizeWidget, slow_nets, qtbot: QtBot
) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    started(widget, slow_nets, qtbot)
    widget.viewer.dims.ndisplay = 3
    widget.viewer.dims.ndisplay = 2
    widget.sliders.saturation.value = 2
    slow_nets.go.set()
    qtbot.waitUntil(lambda: ready(widget), timeout=20_000)
    run = widget.run
    assert run.settings.saturation == 2, "moved while the nets ran"


def test_a_layer_removed_while_running_stops_the_run(
    widget: ColorizeWidget, slow_nets, qtbot: QtBot, notices: list[str]
) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    started(widget, slow_nets, qtbot)
    widget.viewer.layers.remove("scan")
    slow_nets.go.set()
    qtbot.waitUntil(lambda: ready(widget), timeout=20_000)
    assert list(widget.viewer.layers) == []
    assert len(notices) == 1
    assert "scan was removed" in notices[0]


def test_a_layer_renamed_while_running_gives_its_new_name(
    widget: ColorizeWidget, slow_nets, qtbot: QtBot
) -> None:
    layer = widget.viewer.add_image(GRAY, name="scan")
    started(widget, slow_nets, qtbot)
    layer.name = "portrait"
    slow_nets.go.set()
    qtbot.waitUntil(lambda: ready(widget), timeout=20_000)
    assert "portrait colorized" in widget.viewer.layers


@pytest.mark.all_layers
def test_two_widgets_do_not_color_one_layer_at_once(
    widget: ColorizeWidget, slow_nets, qtbot: QtBot, notices: list[str]
) -> None:
    viewer = widget.viewer
    second = ColorizeWidget(viewer)
    viewer.window.add_dock_widget(second, name="Colorize 2")
    viewer.add_image(GRAY, name="scan")
    started(widget, slow_nets, qtbot)
    second.run_button.native.click()
    assert len(notices) == 1
    assert "scan is being colored already" in notices[0]
    slow_nets.go.set()
    qtbot.waitUntil(lambda: ready(widget), timeout=20_000)
    second.run_button.native.click()
    qtbot.waitUntil(lambda: ready(second), timeout=20_000)
    assert len(viewer.layers) == 7, "the second run replaced the first's results"
    assert len(registry.of(viewer)) == 1
    # Either one's sliders decode what is shown.
    widget.sliders.saturation.value = 0
    qtbot.waitUntil(lambda: not viewer.layers["scan a"].data.any(), timeout=20_000)


def test_a_viewer_closed_while_running_leaves_no_worker(
    make_napari_viewer: Callable[..., object], slow_nets, qtbot: QtBot, tiny_model: Path
) -> None:
    viewer = make_napari_viewer()
    widget = ColorizeWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Colorize")
    widget.advanced.folder.value = tiny_model
    viewer.add_image(GRAY, name="scan")
    started(widget, slow_nets, qtbot)
    viewer.close()
    slow_nets.go.set()
    qtbot.waitUntil(all_workers_ended, timeout=20_000)
    assert slow_nets.calls == 1


def test_a_closed_widget_no_longer_listens(
    widget: ColorizeWidget, finish: Finish, qtbot: QtBot, notices: list[str]
) -> None:
    viewer = widget.viewer
    viewer.add_image(GRAY, name="scan")
    finish(widget)
    viewer.window.remove_dock_widget(widget.native)
    with qtbot.waitSignal(widget.native.destroyed, timeout=5_000):
        widget.native.deleteLater()
    viewer.add_image(GRAY, name="other")
    viewer.layers["other"].name = "renamed"
    viewer.layers.remove("renamed")
    gc.collect()
    assert not notices
    assert "scan colorized" in viewer.layers
