"""Time from a slider and from a hint to the canvas, compared with running the nets.

``xvfb-run -a -s "-screen 0 1600x1000x24" python benchmarks/live.py`` opens a real
window with a picture of one megapixel, colors it, and moves the temperature. The time
of a move ends when the canvas has drawn the new colors. After each move one prediction
of both nets is timed for comparison, and then a hint changes its color.
"""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

import napari
import numpy as np
from PIL import Image
from qtpy.QtWidgets import QApplication
from skimage import data

from colorize_engine import Hint
from napari_colorize.widget import ColorizeWidget

if TYPE_CHECKING:
    from collections.abc import Callable

SIDE, ROUNDS = 1000, 15


def wait(busy: Callable[[], bool]) -> None:
    """Process events of the window until something is no longer busy."""
    while busy():
        QApplication.processEvents()
        time.sleep(0.001)


def main() -> None:
    """Measure and print medians in milliseconds."""
    gray = np.asarray(Image.fromarray(data.camera()).resize((SIDE, SIDE)))
    viewer = napari.Viewer()
    viewer.add_image(gray, name="camera")
    widget = ColorizeWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Colorize")
    widget.colorize()
    wait(lambda: widget.busy)
    layer, canvas = viewer.layers["camera colorized"], viewer.window._qt_viewer.canvas
    colorizer = widget.run.results.colorizer
    changed: list[float] = []
    drawn: list[float] = []
    layer.events.set_data.connect(lambda: changed.append(time.perf_counter()))
    canvas._scene_canvas.events.draw.connect(
        lambda _: drawn.append(time.perf_counter()), position="last"
    )

    def until_drawn(change: Callable[[], None]) -> float:
        """Return the seconds from a change until the canvas has drawn it."""
        changed.clear()
        began = time.perf_counter()
        change()
        wait(lambda: not (changed and drawn and drawn[-1] > changed[-1]))
        return drawn[-1] - began

    slider = widget.sliders.temperature
    moves, nets, hints = [], [], []
    for step in range(ROUNDS):
        value, hint = 0.2 + 0.03 * step, Hint(500, 400, 20 + 2 * step, 20)
        moves.append(until_drawn(lambda to=value: setattr(slider, "value", to)))
        began = time.perf_counter()
        colorizer.predict(gray)
        nets.append(time.perf_counter() - began)
        hints.append(until_drawn(lambda new=hint: widget.run.hint([new])))
    print(f"slider to canvas at {SIDE} x {SIDE}: {1000 * median(moves):.0f} ms")
    print(f"one prediction of both nets: {1000 * median(nets):.0f} ms")
    print(f"ratio {median(moves) / median(nets):.2f}")
    print(f"hint to canvas: {1000 * median(hints):.0f} ms")
    viewer.close()


if __name__ == "__main__":
    main()
