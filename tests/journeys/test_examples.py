"""Every example does what its docstring says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr
from PIL import Image
from skimage import data

from colorize_engine import Colorizer, files
from colorize_engine.color import lightness, srgb_to_lab
from colorize_engine.exchange import export_onnx

EXAMPLES = Path(__file__).parents[2] / "examples"
GRAY = data.camera()[::4, ::4]
TESTED = (
    "colorize_folder",
    "colorize_stack",
    "exported_nets",
    "other_program",
    "own_model",
    "plot_pixel",
    "sweep_temperature",
)

pytestmark = pytest.mark.usefixtures("one_thread")


def run(name: str, *words: object, folder: Path) -> str:
    """Call an example as a person would; give what it prints."""
    assert name in TESTED
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py"), *map(str, words)],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def colorizer(tiny_model: Path) -> Colorizer:
    return Colorizer.from_folder(tiny_model, "cpu")


def colors_alike(one: np.ndarray, other: np.ndarray) -> None:
    """Two runs of a net may round differently, by a level at most."""
    np.testing.assert_allclose(one.astype(float), other.astype(float), atol=1)


def test_every_example_is_tested() -> None:
    # demo.py is what `make demo` runs.
    names = {path.stem for path in EXAMPLES.glob("*.py")} - {"demo"}
    assert names == set(TESTED)
    for name in names:
        text = (EXAMPLES / f"{name}.py").read_text("utf-8")
        assert f"``python examples/{name}.py " in text
        assert len(text.splitlines()) <= 65


def test_colorize_folder(
    tmp_path: Path, tiny_model: Path, colorizer: Colorizer
) -> None:
    (tmp_path / "in").mkdir()
    flat = np.full((40, 60), 128, np.uint8)
    Image.fromarray(GRAY).save(tmp_path / "in" / "camera.png")
    pages = [Image.fromarray(page) for page in (GRAY[:50], flat)]
    pages[0].save(tmp_path / "in" / "scan.tif", save_all=True, append_images=pages[1:])
    (tmp_path / "in" / "notes.txt").write_text("not a photo")
    words = ("in", "out", "--model", tiny_model)
    printed = run("colorize_folder", *words, folder=tmp_path)
    out = tmp_path / "out"
    assert {path.name for path in out.iterdir()} == {"camera.png", "scan.tif"}
    expected = {"camera.png": [GRAY], "scan.tif": [GRAY[:50], flat]}
    bits = {}
    for name, images in expected.items():
        predictions = [colorizer.predict(image) for image in images]
        bits[name] = np.mean([p.entropy().mean() for p in predictions])
        assert f"{name}: {bits[name]:.2f} bits" in printed
        written = files.read(out / name)
        for page, prediction in zip(written, predictions, strict=True):
            colors_alike(page.image, prediction.colorize())
    assert f"least certain: {max(bits, key=bits.get)}" in printed
    with Image.open(out / "camera.png") as picture:
        assert "tiny" in " ".join(map(str, picture.info.values()))


def test_plot_pixel(tmp_path: Path, tiny_model: Path, colorizer: Colorizer) -> None:
    Image.fromarray(GRAY).save(tmp_path / "gray.png")
    row, column = 100, 30
    words = ("gray.png", row, column, "plot.png", "--model", tiny_model)
    printed = run("plot_pixel", *words, folder=tmp_path)
    prediction = colorizer.predict(GRAY)
    # Of 32 x 32 pixels, two by two.
    at = row * 16 // 128, column * 16 // 128
    for name, said, decoded in zip(
        "ab", (prediction.a, prediction.b), prediction.decode(), strict=True
    ):
        likely = said.bins.centers[said.probabilities[:, *at].argmax()]
        assert (
            f"{name}*: most likely {likely:.1f}, decoded {decoded[at]:.1f}" in printed
        )
    with Image.open(tmp_path / "plot.png") as plot:
        drawn = np.asarray(plot.convert("RGB")).astype(int)
    # Bars in color, on both halves.
    for half in np.array_split(drawn, 2, axis=1):
        assert (np.ptp(half, axis=-1) > 20).mean() > 0.005


def test_sweep_temperature(
    tmp_path: Path, tiny_model: Path, colorizer: Colorizer
) -> None:
    Image.fromarray(GRAY).save(tmp_path / "gray.png")
    words = ("gray.png", "strip.png", "--model", tiny_model)
    steps = (0, 0.38, 1)
    words = (*words, "--temperatures", *steps)
    printed = run("sweep_temperature", *words, folder=tmp_path)
    assert [line.split(":")[0] for line in printed.splitlines()] == [
        f"T = {step:g}" for step in steps
    ]
    strip = np.asarray(Image.open(tmp_path / "strip.png"))
    assert strip.shape == (128, 3 * 128 + 2 * 8, 3)
    assert (strip[:, 128:136] == 255).all()
    prediction = colorizer.predict(GRAY)
    for number, step in enumerate(steps):
        part = strip[:, number * 136 :][:, :128]
        # The mode may jump where two bins are nearly equal.
        expected = prediction.colorize(step).astype(int)
        assert (np.abs(part - expected).max(axis=-1) > 1).mean() < 0.01


def test_own_model_learns_from_a_photo_without_torch(tmp_path: Path) -> None:
    # Dark is orange, light is blue.
    light = np.linspace(0, 1, 64)[None, :, None] * np.ones((32, 1, 1))
    like = (1 - light) * (200, 90, 0) + light * (150, 190, 255)
    Image.fromarray(like.astype(np.uint8)).save(tmp_path / "like.png")
    Image.fromarray(GRAY).save(tmp_path / "gray.png")
    words = ["own_model", "gray.png", "like.png", "out.png"]
    script = (
        f"import runpy, sys; sys.argv = {words}; "
        f"runpy.run_path({str(EXAMPLES / 'own_model.py')!r}, run_name='__main__'); "
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("out.png: ")
    colored = np.asarray(Image.open(tmp_path / "out.png"))
    level = lightness(GRAY)
    np.testing.assert_allclose(lightness(colored), level, atol=1)
    blue_yellow = srgb_to_lab(colored)[..., 2]
    levels = lightness(like.astype(np.uint8))
    dark = (level > levels.min() + 2) & (level < levels.min() + 10)
    bright = (level > levels.max() - 10) & (level < levels.max() - 2)
    assert dark.any() and bright.any()
    assert blue_yellow[dark].mean() > 10
    assert blue_yellow[bright].mean() < -5


def test_colorize_stack(tmp_path: Path, tiny_model: Path, colorizer: Colorizer) -> None:
    # A scene at rest, with noise: what smoothing is for.
    noise = np.random.default_rng(0).integers(-15, 16, (3, *GRAY.shape))
    frames = np.clip(GRAY + noise, 0, 255).astype(np.uint8)
    zarr.save_array(str(tmp_path / "frames.zarr"), frames)
    words = ("frames.zarr", "out.zarr", "--model", tiny_model)
    printed = run("colorize_stack", *words, folder=tmp_path)
    assert printed == "color: (3, 128, 128, 3) uint8\nbits: (3, 16, 16) float32\n"
    group = zarr.open_group(str(tmp_path / "out.zarr"), mode="r")
    assert group["color"].chunks == (1, 128, 128, 3)
    for index, frame in enumerate(frames):
        prediction = colorizer.predict(frame)
        colors_alike(group["color"][index], prediction.colorize())
        np.testing.assert_allclose(
            group["bits"][index], prediction.entropy(), atol=0.01
        )
    # Smoothed, a frame takes from the one before it.
    words = ("frames.zarr", "steady.zarr", "--model", tiny_model, "--smoothing", 0.6)
    run("colorize_stack", *words, folder=tmp_path)
    steady = zarr.open_group(str(tmp_path / "steady.zarr"), mode="r")
    assert not np.array_equal(steady["color"][1], group["color"][1])
    np.testing.assert_array_equal(steady["color"][0], group["color"][0])


@pytest.mark.parametrize("model", ["default", "reference-10"])
def test_another_program_gives_nearly_the_same_colors(
    tmp_path: Path, model: str
) -> None:
    from colorize_engine.pretrained import find_folder

    gray = data.coffee()[..., 1][::2, ::2]
    Image.fromarray(gray).save(tmp_path / "gray.png")
    folder = find_folder(model)
    run("other_program", folder, "gray.png", "color.png", folder=tmp_path)
    found = srgb_to_lab(np.asarray(Image.open(tmp_path / "color.png")))
    assert np.abs(found[..., 0] - lightness(gray)).mean() < 0.5
    prediction = Colorizer.from_pretrained(model).predict(gray)
    expected = srgb_to_lab(prediction.colorize(method="bilinear"))
    chroma = np.abs(expected[..., 1:]).mean()
    assert np.abs(found - expected)[..., 1:].mean() < 0.15 * chroma


@pytest.mark.parametrize("model", ["default", "reference-10"])
def test_exported_nets_give_nearly_the_same_colors_without_torch(
    tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_onnx(model, tmp_path / "nets")
    # The example has these files alone, and three parts of the engine.
    for path in (tmp_path / "nets").glob("*/*"):
        if path.suffix != ".onnx":
            path.unlink()
    source = (EXAMPLES / "exported_nets.py").read_text("utf-8")
    assert set(re.findall(r"colorize_engine[\w.]*", source)) == {
        f"colorize_engine.{part}" for part in ("bins", "color", "decode")
    }
    (tmp_path / "site").mkdir()
    blocked = "import sys; sys.modules['torch'] = None\n"
    (tmp_path / "site" / "sitecustomize.py").write_text(blocked)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    missing = [sys.executable, "-c", "import torch"]
    assert subprocess.run(missing, capture_output=True).returncode
    gray = data.coffee()[..., 1][::2, ::2]
    Image.fromarray(gray).save(tmp_path / "gray.png")
    run("exported_nets", "nets", "gray.png", "color.png", folder=tmp_path)
    found = srgb_to_lab(np.asarray(Image.open(tmp_path / "color.png")))
    assert np.abs(found[..., 0] - lightness(gray)).mean() < 0.5
    colorizer = Colorizer.from_pretrained(model, precision="float32")
    prediction = colorizer.predict(gray)
    expected = srgb_to_lab(prediction.colorize(method="bilinear"))
    chroma = np.abs(expected[..., 1:]).mean()
    assert np.abs(found - expected)[..., 1:].mean() < 0.15 * chroma
