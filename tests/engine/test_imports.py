"""The walls: no torch at import, no GUI at all, nothing of training or the plugin."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import colorize_engine

PACKAGE = Path(colorize_engine.__file__).parent
GUI = ("napari", "qtpy", "magicgui", "PyQt5", "PyQt6", "PySide2", "PySide6")
FORBIDDEN = {*GUI, "training", "napari_colorize"}

BLOCK = f"""
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {FORBIDDEN!r}:
            raise ModuleNotFoundError(f"blocked: {{name}}", name=name)
sys.meta_path.insert(0, Blocker())
"""


def run(code: str) -> None:
    """Run code in a fresh interpreter, where every warning is an error."""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=PACKAGE.parent,
    )
    assert result.returncode == 0, result.stderr


def test_importing_the_engine_imports_neither_torch_nor_a_gui() -> None:
    heavy = {"torch", "skimage", "safetensors", "scipy", *FORBIDDEN}
    run(
        "import colorize_engine, sys\n"
        f"found = {heavy!r} & set(sys.modules)\n"
        "assert not found, found"
    )


def test_the_parts_in_numpy_need_no_torch() -> None:
    run(
        "import sys; sys.modules['torch'] = None\n"
        "import numpy as np\n"
        "from colorize_engine import ChannelBins, Colorizer, list_models\n"
        "from colorize_engine.color import lightness\n"
        "bins = ChannelBins.unweighted([-50, 0, 50])\n"
        "def stand_in(light): return (np.stack([light * 0, light * 0, light]),) * 2\n"
        "gray = np.full((9, 13), 128, np.uint8)\n"
        "prediction = Colorizer(stand_in, bins, bins).predict(gray)\n"
        "rgb = prediction.colorize()\n"
        "assert rgb.shape == (9, 13, 3), rgb.shape\n"
        "red, _, blue = rgb.reshape(-1, 3).mean(0)\n"
        "assert red > blue + 50, rgb.mean((0, 1))\n"
        "list_models()"
    )


def test_the_engine_works_where_no_gui_can_be_imported(tiny_model: Path) -> None:
    run(
        f"{BLOCK}\n"
        "import numpy as np, colorize_engine\n"
        f"model = {str(tiny_model)!r}\n"
        "rgb = colorize_engine.colorize(np.full((20, 20), 0.5), model=model)\n"
        "assert rgb.shape == (20, 20, 3)\n"
        "assert np.ptp(rgb, axis=2).max() > 0.01\n"
        f"assert not {FORBIDDEN!r} & set(sys.modules)"
    )


def imported(path: Path) -> set[str]:
    """Top-level names that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


MODULES = sorted(PACKAGE.rglob("*.py*"))


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if path.suffix in (".py", ".pyi")],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_no_module_imports_gui_training_or_plugin(path: Path) -> None:
    assert not imported(path) & FORBIDDEN


def test_the_scan_sees_imports(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        "def f():\n    import napari.layers\n    from training import x\n"
    )
    assert imported(module) == {"napari", "training"}


def test_public_names_are_there() -> None:
    assert sorted(colorize_engine.__all__) == [
        "Card",
        "ChannelBins",
        "Colorizer",
        "Distribution",
        "ModelError",
        "Prediction",
        "colorize",
        "list_models",
    ]
    for name in colorize_engine.__all__:
        assert getattr(colorize_engine, name).__doc__
        assert name in dir(colorize_engine)
    assert colorize_engine.__version__.count(".") == 2


def test_an_unknown_name() -> None:
    with pytest.raises(AttributeError, match="colourise"):
        colorize_engine.colourise  # noqa: B018
