"""Pictures that are gone from the viewer are gone from memory."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any
from weakref import ref

import pytest
from napari.qt.threading import WorkerBase
from qtpy.QtCore import QCoreApplication, QEvent
from skimage import data

from napari_colorize.inspector import Inspector
from napari_colorize.widget import ColorizeWidget

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari import Viewer
    from pytestqt.qtbot import QtBot

    Finish = Callable[[ColorizeWidget], None]
    Alive = Callable[[], set[str]]

PANELS = {"widget", "inspector"}


@pytest.fixture
def used(
    hinted_model: Path, finish: Finish, qtbot: QtBot, one_thread: None
) -> Callable[[Viewer], Alive]:
    """Do all there is to do with a picture in a viewer.

    What comes back tells which parts are still in memory.
    """

    def use(viewer: Viewer) -> Alive:
        widget, inspector = ColorizeWidget(viewer), Inspector(viewer)
        viewer.window.add_dock_widget(widget, name="Colorize")
        viewer.window.add_dock_widget(inspector, name="Inspector")
        widget.advanced.folder.value = hinted_model
        viewer.add_image(data.camera()[::8, ::8], name="scan")
        finish(widget)
        inspector.pin((20.0, 30.0))
        widget.hinting.begin()
        viewer.layers["scan hints"].add([[10, 12]])
        widget.palette.chosen.emit(40.0, 30.0)
        widget.varying.draw()
        widget.sliders.saturation.value = 0.5
        for _ in range(2):
            widget.comparing.split_button.click()
            viewer.screenshot(flash=False)
        qtbot.waitUntil(lambda: not WorkerBase._worker_set, timeout=60_000)
        run = widget.run
        things: dict[str, Any] = {layer.name: layer for layer in viewer.layers}
        things |= {"run": run, "results": run.results}
        things |= {"pixels": run.results.source.data, "viewer": viewer}
        things |= {"widget": widget, "inspector": inspector}
        parts = {name: ref(thing) for name, thing in things.items()}

        def alive() -> set[str]:
            # What was there before the test may be in a circle with what it made.
            gc.unfreeze()
            for _ in range(2):
                # Qt deletes later what was closed.
                QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
                QCoreApplication.processEvents()
                gc.collect()
            # napari collects at each layer that goes, and is not to walk through all.
            gc.freeze()
            return {name for name, part in parts.items() if part() is not None}

        return alive

    return use


def test_all_of_a_viewer_that_was_closed(
    make_napari_viewer: Callable[..., Viewer],
    used: Callable[[Viewer], Alive],
    qtbot: QtBot,
) -> None:
    viewer = make_napari_viewer()
    alive = used(viewer)
    assert {"scan", "scan colorized", "scan hints", "run", *PANELS} <= alive()
    viewer.close()
    del viewer
    # A thread may hold the pixels of its last work until it gets other work.
    qtbot.waitUntil(lambda: alive() <= {"pixels"}, timeout=30_000)


def test_what_was_replaced_removed_or_closed_while_the_viewer_stays(
    make_napari_viewer: Callable[..., Viewer],
    used: Callable[[Viewer], Alive],
    finish: Finish,
) -> None:
    viewer = make_napari_viewer()
    alive = used(viewer)
    there = alive()
    finish(viewer.window.dock_widgets["Colorize"])
    assert there - alive() == {"run", "results"}
    for layer in list(viewer.layers):
        viewer.layers.remove(layer)
    del layer
    assert alive() == {"viewer", *PANELS}
    for dock in list(viewer.window._wrapped_dock_widgets.values()):
        dock.destroyOnClose()
    del dock
    assert alive() == {"viewer"}
