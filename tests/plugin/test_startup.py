"""Start-up: finding the plugin imports nothing of it, opening its widget no nets."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

OURS = ("torch", "colorize_engine", "napari_colorize")


def run(code: str, folder: Path) -> None:
    """Run code in a fresh interpreter, with settings of napari of its own."""
    result = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}"],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "NAPARI_CONFIG": str(folder / "settings.yaml")},
    )
    assert result.returncode == 0, result.stderr


def test_discovery_imports_nothing_of_the_plugin(tmp_path: Path) -> None:
    run(
        "from npe2 import PluginManager\n"
        "manager = PluginManager.instance()\n"
        "manager.discover()\n"
        "assert 'napari-colorize' in manager\n"
        f"found = set({OURS!r}) & set(sys.modules)\n"
        "assert not found, found\n",
        tmp_path,
    )


def test_napari_with_its_menus_imports_nothing_of_the_plugin(tmp_path: Path) -> None:
    run(
        "import napari\n"
        "viewer = napari.Viewer()\n"
        "from napari._app_model import get_app_model\n"
        "assert 'napari-colorize.colorize' in get_app_model().commands\n"
        f"found = set({OURS!r}) & set(sys.modules)\n"
        "assert not found, found\n"
        "viewer.close()\n",
        tmp_path,
    )


def test_opening_the_widgets_and_a_sample_loads_no_nets(tmp_path: Path) -> None:
    run(
        "import napari\n"
        "viewer = napari.Viewer()\n"
        "viewer.open_sample('napari-colorize', 'coffee')\n"
        "for name in ('Colorize', 'Colorize inspector'):\n"
        "    viewer.window.add_plugin_dock_widget('napari-colorize', name)\n"
        "assert 'napari_colorize.widget.colorize_widget' in sys.modules\n"
        "assert not {'torch', 'onnxruntime'} & set(sys.modules)\n"
        "viewer.close()\n",
        tmp_path,
    )


def test_reading_the_preferences_loads_no_nets(tmp_path: Path) -> None:
    run(
        "from napari_colorize.widget.preferences import read\n"
        "assert read().model == 'default'\n"
        "assert not {'torch', 'onnxruntime'} & set(sys.modules)\n",
        tmp_path,
    )


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("runs", {"torch", "qtpy", "napari", "numpy", "zarr", "dask"}),
        ("widget", {"torch", "qtpy", "napari", "numpy", "magicgui"}),
        ("inspector", {"torch", "qtpy", "napari", "numpy"}),
        ("batch", {"torch", "qtpy", "napari", "numpy"}),
        ("samples", {"torch", "qtpy", "skimage"}),
        ("writer", {"torch", "qtpy", "tifffile", "PIL"}),
    ],
)
def test_importing_a_part_imports_nothing_heavy(
    tmp_path: Path, module: str, heavy: set[str]
) -> None:
    run(
        f"import napari_colorize.{module}\n"
        f"found = {heavy!r} & set(sys.modules)\n"
        "assert not found, found\n",
        tmp_path,
    )
