"""The nets in ONNX Runtime: the same as in torch, from any thread and process."""

from __future__ import annotations

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from forked import expect_in_a_fork
from skimage import data

from colorize_engine import Colorizer, ModelError
from colorize_engine.pretrained import Backend, Model, load, write_files
from colorize_engine.pretrained.card import read_card
from training.graphs import add_graphs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHAPES = ((1, 4, 4), (1, 20, 12), (3, 8, 16), (8, 32, 32))


@pytest.fixture(scope="session")
def graphs(torch_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the tiny model with graphs; do not change it."""
    folder = shutil.copytree(torch_model, tmp_path_factory.mktemp("graphs") / "tiny")
    add_graphs(folder)
    return folder


@pytest.fixture(scope="session")
def hinted(graphs: Path, hinted_model: Path) -> Path:
    """Folder of a tiny model with hints and graphs; do not change it."""
    folder = shutil.copytree(hinted_model, graphs.parent / "hinted")
    add_graphs(folder)
    return folder


def both(folder: Path | str, precision: str = "float32") -> tuple[Model, Model]:
    models = [load(folder, Backend("cpu", r, precision)) for r in ("onnx", "torch")]
    assert [model.runtime for model in models] == ["onnx", "torch"]
    return models[0], models[1]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("shown", [False, True])
def test_both_runtimes_give_the_same_logits(
    hinted: Path, shape: tuple[int, ...], shown: bool
) -> None:
    random = np.random.default_rng(len(shape))
    light = random.uniform(0, 100, shape).astype(np.float32)
    hints = None
    if shown:
        hints = np.zeros((shape[0], 4, *shape[1:]), np.float32)
        hints[:, :, 1, :2] = random.uniform(-1, 1, (shape[0], 4, 2))
    models = both(hinted)
    for one, other in zip(*(model(light, hints) for model in models), strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, atol=1e-3)


@pytest.mark.parametrize("name", ["default", "reference-10"])
@pytest.mark.parametrize("cut", [np.s_[:], np.s_[:100, :301]], ids=["square", "wide"])
def test_shipped_models_color_alike_in_both_runtimes(
    name: str, cut: tuple[slice, ...]
) -> None:
    gray = data.camera()[cut]
    one, other = (
        Colorizer.from_pretrained(name, runtime=runtime, precision="float32")
        for runtime in ("onnx", "torch")
    )
    first, second = one.predict(gray), other.predict(gray)
    for channel in "ab":
        logits = [getattr(found, channel).logits for found in (first, second)]
        np.testing.assert_allclose(*logits, atol=1e-3)
    levels = [found.colorize().astype(int) for found in (first, second)]
    assert np.abs(levels[0] - levels[1]).max() <= 1
    assert np.ptp(levels[0], axis=2).mean() > 3


@pytest.mark.parametrize("precision", ["auto", "float32"])
def test_one_and_many_and_any_thread_give_the_same_bits(precision: str) -> None:
    model = load("default", Backend("cpu", "onnx", precision))
    assert model.precision == ("int8" if precision == "auto" else "float32")
    light = np.random.default_rng(1).uniform(0, 100, (3, 64, 96)).astype(np.float32)
    together = model(light)
    with ThreadPoolExecutor(3) as pool:
        singles = list(pool.map(model, light))
    for row, single in enumerate(singles):
        for one, batch in zip(single, together, strict=True):
            np.testing.assert_array_equal(batch[row], one)


def test_the_number_of_threads_changes_nothing_but_time(graphs: Path) -> None:
    light = np.random.default_rng(2).uniform(0, 100, (64, 64)).astype(np.float32)
    found = [load(graphs, Backend("cpu", "onnx"), n)(light) for n in (1, 2, 8)]
    for a, b in found[1:]:
        np.testing.assert_array_equal(a, found[0][0])
        np.testing.assert_array_equal(b, found[0][1])


def test_eight_bits_are_close_to_float32() -> None:
    exact = Colorizer.from_pretrained(precision="float32").predict(data.camera())
    small = Colorizer.from_pretrained().predict(data.camera())
    for channel in "ab":
        difference = getattr(small, channel).logits - getattr(exact, channel).logits
        assert 0 < np.abs(difference).mean() < 0.25
    colors = [found.colorize().astype(int) for found in (exact, small)]
    assert 0 < np.abs(colors[0] - colors[1]).mean() < 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")
def test_a_forked_process_has_sessions_of_its_own(graphs: Path) -> None:
    model = load(graphs, Backend("cpu", "onnx"), 8)
    light = np.full((64, 64), 40, np.float32)
    expected = model(light)
    expect_in_a_fork(lambda: all(map(np.array_equal, model(light), expected)))


# -- folders without graphs


def test_a_folder_without_graphs_runs_in_torch_if_it_is_there(
    torch_model: Path, graphs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load(torch_model).runtime == "torch"
    assert load(graphs, Backend("cpu")).runtime == "onnx"
    for backend in (Backend("cpu", "onnx"), None):
        if backend is None:
            monkeypatch.setattr(
                "colorize_engine.pretrained.folder.has_torch", lambda: False
            )
        with pytest.raises(ModelError, match=r"no a\.onnx, .* training\.graphs .*old"):
            load(torch_model, backend)


# -- damage


def replaced(name: str, content: bytes) -> Callable[[Path], None]:
    """Return a function that replaces a file and its hash."""
    return lambda folder: write_files(folder, read_card(folder), {name: content})


def flipped(folder: Path) -> None:
    path = folder / "b.onnx"
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)


def other_net(folder: Path) -> None:
    """Give the graph of b to a, with a's weights."""
    graph = (folder / "b.onnx").read_bytes()
    graph = graph.replace(b"b.safetensors", b"a.safetensors")
    replaced("a.onnx", graph)(folder)


def small_weights(folder: Path) -> None:
    replaced("a.safetensors", b"\0" * 100)(folder)


BROKEN = {
    "missing": (lambda folder: (folder / "a.onnx").unlink(), "cannot read .*a.onnx"),
    "flipped bit": (flipped, "b.onnx does not match the model's card"),
    "no graph": (replaced("a.onnx", b"pickled" * 9), "not an ONNX file"),
    "empty": (replaced("b.onnx", b""), "not an ONNX file"),
    "another net": (other_net, "refuses the graph of net a|has 1 inputs and"),
    "weights of another": (small_weights, "ONNX Runtime refuses the graph of net a"),
}


@pytest.mark.parametrize(("damage", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_graph_says_what_is_wrong(
    graphs: Path, tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    folder = shutil.copytree(graphs, tmp_path / "copy")
    damage(folder)
    with pytest.raises(ModelError, match=message) as caught:
        load(folder, Backend("cpu", "onnx"))
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_graph_with_other_outputs_than_the_design(
    graphs: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(graphs, tmp_path / "copy")
    path = folder / "card.json"
    content = json.loads(path.read_text())
    for part in content["bins"]["a"].values():
        del part[-1]
    content["nets"]["a"]["outputs"] -= 1
    path.write_text(json.dumps(content))
    with pytest.raises(ModelError, match="net a has 1 inputs and 11 outputs, expected"):
        load(folder, Backend("cpu", "onnx"))
