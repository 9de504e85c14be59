"""Open napari with the plugin as it was installed, and color a sample with its widget.

Run it where the wheel is installed, under a display: ``xvfb-run -a python``. It exits
with an error if the plugin is not found, fails, or adds no layers.
"""

from __future__ import annotations

import sys
import time

import napari
from qtpy.QtWidgets import QApplication

PATIENCE = 300  # seconds
KINDS = ("colorized", "a", "b", "a probability", "b probability", "uncertainty")


def main() -> None:
    """Open a sample, press the button, and compare the layers."""
    viewer = napari.Viewer()
    viewer.open_sample("napari-colorize", "astronaut")
    (source,) = viewer.layers
    _, widget = viewer.window.add_plugin_dock_widget("napari-colorize", "Colorize")
    if "torch" in sys.modules:
        sys.exit("opening the widget imported torch")
    widget.run_button.native.click()
    end = time.monotonic() + PATIENCE
    while widget.busy or len(viewer.layers) == 1:
        QApplication.processEvents()
        time.sleep(0.01)
        if time.monotonic() > end:
            sys.exit(f"it did not end: {widget.status.value}")
    added = {layer.name for layer in viewer.layers} - {source.name}
    print(f"{widget.status.value}; added {', '.join(sorted(added))}")
    expected = {f"{source.name} {kind}" for kind in KINDS}
    if added != expected:
        sys.exit(f"expected the layers {sorted(expected)}")
    color = viewer.layers[f"{source.name} colorized"].data
    if (color.max(axis=-1) - color.min(axis=-1)).max() == 0:
        sys.exit("the picture is still gray")
    viewer.close()


if __name__ == "__main__":
    main()
