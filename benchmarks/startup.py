"""Time that the plugin adds to the start of napari.

``xvfb-run -a python benchmarks/startup.py`` starts napari again and again, in turn with
the plugin and with its distribution hidden. Each start is a new process that ends when
the window is shown. Medians and their ratio are printed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from training.scoring import table

ROUNDS = 10
CODE = """
import importlib.metadata, sys
every = importlib.metadata.distributions
importlib.metadata.distributions = lambda **k: (
    found for found in every(**k) if found.name != sys.argv[1]
)
import napari
from qtpy.QtWidgets import QApplication
viewer = napari.Viewer()
QApplication.processEvents()
from npe2 import PluginManager
present = "napari-colorize" in PluginManager.instance()
assert present == (sys.argv[1] != "napari-colorize"), present
import os
os._exit(0)
"""


def seconds(hidden: str, folder: str) -> float:
    """Return the time from the start of a process until the window is shown."""
    settings = {"NAPARI_CONFIG": str(Path(folder, "settings.yaml"))}
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", CODE, hidden], check=True, env=os.environ | settings
    )
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    times: dict[str, list[float]] = {"napari-colorize": [], "nothing": []}
    with tempfile.TemporaryDirectory() as folder:
        for hidden in times:
            seconds(hidden, folder)  # fills the caches
        for _ in range(ROUNDS):
            for hidden, found in times.items():
                found.append(seconds(hidden, folder))
    without, with_plugin = (statistics.median(found) for found in times.values())
    lines = [
        ["napari", "seconds", "times as long"],
        ["without the plugin", f"{without:.2f}", "1.00"],
        ["with the plugin", f"{with_plugin:.2f}", f"{with_plugin / without:.2f}"],
    ]
    print(table(lines))
    print(f"\nMedians of {ROUNDS} starts each.")


if __name__ == "__main__":
    main()
