"""Check of the installed plugin: its widget colors samples in napari.

Run it where the wheel is installed, under a display: ``xvfb-run -a python``. It exits
with an error if the plugin is not found, fails, or adds no layers.
"""

from __future__ import annotations

import importlib.util
import sys
import time

import napari
from qtpy.QtWidgets import QApplication

PATIENCE = 300  # seconds
KINDS = ("colorized", "a probability", "b probability")


def color(sample: str, viewer: napari.Viewer) -> None:
    """Open a sample, press the button, and compare the layers."""
    viewer.layers.clear()
    viewer.open_sample("napari-colorize", sample)
    (source,) = viewer.layers
    _, widget = viewer.window.add_plugin_dock_widget("napari-colorize", "Colorize")
    widget.run_button.native.click()
    end = time.monotonic() + PATIENCE
    while widget.busy or len(viewer.layers) == 1:
        QApplication.processEvents()
        time.sleep(0.01)
        if time.monotonic() > end:
            sys.exit(f"the run did not end: {widget.status.value}")
    added = {layer.name for layer in viewer.layers} - {source.name}
    print(f"{widget.status.value}; added {', '.join(sorted(added))}")
    expected = {f"{source.name} {kind}" for kind in KINDS}
    if added != expected:
        sys.exit(f"expected the layers {sorted(expected)}")
    colored = viewer.layers[f"{source.name} colorized"].data[:]
    if colored.shape != (*source.data.shape, 3):
        sys.exit(f"the colored layer has the shape {colored.shape}")
    if (colored.max(axis=-1) - colored.min(axis=-1)).max() == 0:
        sys.exit("the picture is still gray")


def main() -> None:
    """Color a picture and a stack."""
    viewer = napari.Viewer()
    viewer.window.add_plugin_dock_widget("napari-colorize", "Colorize")
    if "onnxruntime" in sys.modules:
        sys.exit("opening the widget loaded the nets")
    if importlib.util.find_spec("torch") is not None:
        sys.exit("torch is installed")
    for sample in ("astronaut", "pan"):
        color(sample, viewer)
    viewer.close()


if __name__ == "__main__":
    main()
