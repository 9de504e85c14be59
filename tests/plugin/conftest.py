"""What tests of the plugin share: a widget in a viewer, and nets that wait."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari import Viewer
    from pytestqt.qtbot import QtBot

    from napari_colorize.widget import ColorizeWidget


@pytest.fixture(autouse=True)
def few_objects(request: pytest.FixtureRequest) -> None:
    """Leave what is there before a viewer out of the many collections of its test.

    napari collects all garbage at each layer that goes, and keeps actions of windows
    that were closed. Without this, half of the time goes into walking through those.
    """
    if "make_napari_viewer" in request.fixturenames:
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def manifests_read_once() -> Iterator[None]:
    """Have napari read the manifests of plugins once, not again for each viewer."""
    from npe2 import PluginManifest

    found = list(PluginManifest.discover())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PluginManifest, "discover", lambda *_, **__: iter(found))
        yield


@pytest.fixture
def widget(
    request: pytest.FixtureRequest,
    make_napari_viewer: Callable[..., Viewer],
    tiny_model: Path,
    one_thread: None,
) -> ColorizeWidget:
    """Widget docked in a real viewer that is not shown, with a tiny model chosen.

    Its runs add a layer in color; those of a test marked `all_layers` add every kind,
    each of which takes napari longer than the nets.
    """
    from napari_colorize.runs import KINDS
    from napari_colorize.widget import ColorizeWidget

    viewer = make_napari_viewer()
    widget = ColorizeWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Colorize")
    widget.advanced.folder.value = tiny_model
    widget.advanced.working_size.value = 32
    marked = request.node.get_closest_marker("all_layers")
    widget.layer_choice.tick(KINDS if marked else ("colorized",))
    return widget


@pytest.fixture
def finish(qtbot: QtBot) -> Callable[[ColorizeWidget], None]:
    """Press the button, wait until all is done, decoding included."""

    def press_and_wait(widget: ColorizeWidget) -> None:
        widget.run_button.native.click()
        qtbot.waitUntil(lambda: not widget.busy, timeout=60_000)
        run = widget.run
        if run is not None:
            qtbot.waitUntil(lambda: not run.live.busy, timeout=60_000)

    return press_and_wait


@pytest.fixture
def small(
    widget: ColorizeWidget,
    hinted_model: Path,
    finish: Callable[[ColorizeWidget], None],
) -> ColorizeWidget:
    """Widget whose run has colored a picture of 100 x 150 pixels."""
    from skimage import data

    from colorize_engine.color import lightness, lightness_to_gray

    widget.advanced.folder.value = hinted_model
    gray = lightness_to_gray(lightness(data.coffee()))[::4, ::4]
    widget.viewer.add_image(gray, name="coffee")
    finish(widget)
    return widget


class SlowNets:
    """Nets that wait until they are let go, count their calls, and may fail."""

    batched = False

    def __init__(self) -> None:
        self.calls, self.error = 0, None
        self.go, self.running = threading.Event(), threading.Event()
        self.go.set()

    def __call__(self, lightness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give logits that follow the lightness."""
        self.calls += 1
        self.running.set()
        self.go.wait(60)
        if self.error is not None:
            raise self.error
        wave = np.stack([lightness * k / 50 for k in range(7)]).astype(np.float32)
        return wave, wave[::-1].copy()


@pytest.fixture
def slow_nets(monkeypatch: pytest.MonkeyPatch, tiny_model: Path) -> SlowNets:
    """Stand-ins for the nets of whatever model is chosen."""
    from colorize_engine import ChannelBins, Colorizer
    from colorize_engine.pretrained import read_card

    nets = SlowNets()
    centers = np.arange(-60, 61, 20, dtype=np.float32)
    share = np.full(7, 1 / 7, np.float32)
    bins = ChannelBins(centers, share, np.ones(7, np.float32))
    fake = Colorizer(nets, bins, bins, card=read_card(tiny_model))
    monkeypatch.setattr("colorize_engine.colorizer.loaded", lambda *_: fake)
    return nets
