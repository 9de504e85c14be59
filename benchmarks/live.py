"""Time from a slider and from a hint to the canvas, for pictures of any size.

``xvfb-run -a -s "-screen 0 1600x1000x24" python benchmarks/live.py`` opens real windows
with pictures of 1, 12 and 50 megapixels and colors them. It moves the temperature of
each in turn, so that what else the machine does slows all of them alike, and then
changes the color of a hint. A time ends when the canvas has drawn the new colors. This
is done where the whole picture is seen, and again where a pixel of the picture is one
of the screen. Memory is that of a process of its own for each size.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
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

ASPECT = 4 / 3
WINDOW = 1600, 1000
VIEWS = ("whole", "1:1")


def wait(busy: Callable[[], bool]) -> None:
    """Process events of the windows until something is no longer busy."""
    while busy():
        QApplication.processEvents()
        time.sleep(0.001)


def settle(seconds: float = 0.5) -> None:
    """Process events of the windows for a while."""
    end = time.perf_counter() + seconds
    wait(lambda: time.perf_counter() < end)


class Bench:
    """A window with a colored picture.

    Parameters
    ----------
    megapixels
        Size of the picture.

    Attributes
    ----------
    times : dict of list of float
        Seconds from a change to the canvas, by what was changed and the view.
    """

    def __init__(self, megapixels: float) -> None:
        height = round((megapixels * 1e6 / ASPECT) ** 0.5)
        width = round(height * ASPECT)
        self.middle = height / 2, width / 2
        self.gray = np.asarray(Image.fromarray(data.camera()).resize((width, height)))
        self.viewer = napari.Viewer()
        self.viewer.window.resize(*WINDOW)
        self.viewer.add_image(self.gray, name="camera")
        self.widget = ColorizeWidget(self.viewer)
        self.viewer.window.add_dock_widget(self.widget, name="Colorize")
        settle()
        self.viewer.reset_view()
        self.widget.colorize()
        wait(lambda: self.widget.busy)
        settle()
        self.changed = self.drawn = 0.0
        layer = self.viewer.layers["camera colorized"]
        canvas = self.viewer.window._qt_viewer.canvas
        layer.events.set_data.connect(lambda: self.note("changed"))
        canvas._scene_canvas.events.draw.connect(
            lambda _: self.note("drawn"), position="last"
        )
        self.times: dict[tuple[str, str], list[float]] = {}

    def note(self, name: str) -> None:
        """Note when something happened."""
        setattr(self, name, time.perf_counter())

    def measure(self, name: str, view: str, change: Callable[[], None]) -> None:
        """Note the seconds from a change until the canvas has drawn it."""
        self.changed = self.drawn = 0.0
        began = time.perf_counter()
        change()
        wait(lambda: not self.drawn > self.changed > 0)
        self.times.setdefault((name, view), []).append(self.drawn - began)
        wait(lambda: self.widget.run.live.busy)

    def round(self, number: int, view: str) -> None:
        """Move the temperature, then color a hint anew."""
        value = 0.2 + 0.03 * number + 0.01 * VIEWS.index(view)
        hint = Hint(*self.middle, 20 + 2 * number + len(view), 20)
        slider = self.widget.sliders.temperature
        self.viewer.window._qt_window.raise_()
        settle()
        self.measure("slider", view, lambda: setattr(slider, "value", value))
        self.measure("hint", view, lambda: self.widget.run.hint([hint]))


def measure(sizes: list[float], rounds: int) -> list[Bench]:
    """Measure all sizes in turn."""
    benches = [Bench(megapixels) for megapixels in sizes]
    for view in VIEWS:
        for bench in benches:
            if view == "1:1":
                bench.viewer.scene.camera.zoom = 1.0
        settle(2)
        for number in range(rounds):
            for bench in benches:
                bench.round(number, view)
    return benches


def nets(bench: Bench, rounds: int) -> float:
    """Return the seconds of one prediction of both nets."""
    results, times = bench.widget.run.results, []
    light = results.prediction(()).lightness
    for _ in range(rounds):
        began = time.perf_counter()
        results.colorizer.caller.run([light], [None])
        times.append(time.perf_counter() - began)
    return median(times)


def peak() -> float:
    """Return the largest memory that this process has had, in MB."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (2**20 if sys.platform == "darwin" else 2**10)


def peak_of(megapixels: float) -> float:
    """Return the peak of memory of a process that colors a picture and moves it."""
    words = [sys.executable, __file__, "--peak", str(megapixels)]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.split()[-1])


def table(sizes: list[float], benches: list[Bench], peaks: list[float]) -> str:
    """Return the medians as a table, with their ratios to those of the first size."""
    lines = [
        "| MP | seen | slider to canvas, ms | of the first | hint to canvas, ms "
        "| of the first | peak of memory, MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for megapixels, bench, memory in zip(sizes, benches, peaks, strict=True):
        for view in VIEWS:
            cells = [f"{megapixels:g}", view]
            for name in ("slider", "hint"):
                here = median(bench.times[name, view])
                first = median(benches[0].times[name, view])
                cells += [f"{1000 * here:.0f}", f"{here / first:.2f}"]
            lines.append(f"| {' | '.join(cells)} | {memory:.0f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 12, 50])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--peak", type=float, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peak:
        bench = Bench(args.peak)
        bench.round(0, "whole")
        print(peak())
        bench.viewer.close()
        return
    # First, as what a process has had counts for those that it starts.
    peaks = [peak_of(megapixels) for megapixels in args.megapixels]
    benches = measure(args.megapixels, args.rounds)
    print(table(args.megapixels, benches, peaks))
    seconds = nets(benches[0], args.rounds)
    print(f"\nOne prediction of both nets takes {1000 * seconds:.0f} ms.")
    for bench in benches:
        bench.viewer.close()
    settle()


if __name__ == "__main__":
    main()
