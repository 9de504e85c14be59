"""The walls: no torch at import, no GUI at all, nothing of training or the plugin."""

from __future__ import annotations

import ast
import importlib
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
    heavy = {"torch", "onnxruntime", "skimage", "safetensors", "scipy", *FORBIDDEN}
    run(
        "import colorize_engine, sys\n"
        f"found = {heavy!r} & set(sys.modules)\n"
        "assert not found, found"
    )


FACES = sorted(
    ".".join(path.parent.relative_to(PACKAGE).parts)
    for path in PACKAGE.rglob("__init__.py")
    if path.parent != PACKAGE
)
"""Folders of the engine."""
HEAVY = {
    "torch",
    "onnxruntime",
    "dask",
    "distributed",
    "zarr",
    "skimage",
    "scipy",
    "safetensors",
    "av",
}
HEAVY |= {"numpy", "PIL", "tifffile", "imagecodecs", "click"}


@pytest.mark.parametrize("face", FACES)
def test_importing_a_folder_imports_nothing_heavy(face: str) -> None:
    run(
        f"import colorize_engine.{face}, sys\n"
        f"found = {HEAVY | FORBIDDEN!r} & set(sys.modules)\n"
        "assert not found, found"
    )


# What the documentation names, besides the names of the package itself.
DOCUMENTED = {
    "colorizer": "Colorizer Predictor Prediction colorize",
    "color": "lightness lightness_to_gray srgb_to_lab lab_to_srgb lab_to_rgb",
    "bins": "GAMUT_RANGE ChannelBins uniform_centers zero_centered lloyd_max smoothed "
    "class_weights",
    "decode": "softmax sharpened rebalanced annealed_mean entropy Distribution",
    "upsample": "METHODS align upsample check_method",
    "files": "read write storable check_target format_of parse_range Photo Picture "
    "Metadata Mark FileError TooLarge RangeError ValueRange MAX_PIXELS",
    "pretrained": "WEIGHTS load save find_folder list_models read_card Model Card "
    "ModelError",
    "stacks": "predict StackPrediction FrameModel ModelLike",
    "film": "CODECS FORMATS FilmSettings FilmStack check_extra color_film is_film",
    "stackfiles": "color_stack_file StackSettings is_stack_target open_stack",
    "exchange": "export_onnx",
    "cli": "main",
}


@pytest.mark.parametrize("module", DOCUMENTED)
def test_documented_names_are_where_they_were(module: str) -> None:
    found = importlib.import_module(f"colorize_engine.{module}")
    for name in DOCUMENTED[module].split():
        assert getattr(found, name) is not None


@pytest.mark.parametrize("face", FACES)
def test_a_face_holds_what_its_stub_says_and_hides_no_module(face: str) -> None:
    """A name of a module in the folder would stand for that module, too."""
    found = importlib.import_module(f"colorize_engine.{face}")
    modules = {path.stem for path in Path(found.__file__).parent.iterdir()}
    assert found.__all__
    assert not modules & set(found.__all__)
    for name in found.__all__:
        assert getattr(found, name) is not None
        assert name in dir(found)


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
        "Hint",
        "ModelError",
        "Prediction",
        "Suggestion",
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
