"""Graphs of all kinds of nets, in float32 and in 8 bits, and the command for them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
import torch
from PIL import Image
from skimage import data
from torch import nn

from colorize_engine.bins import ChannelBins, zero_centered
from colorize_engine.pretrained import (
    INPUTS,
    Backend,
    Card,
    NetDesign,
    load,
    load_net,
    read_card,
    save,
)
from colorize_engine.pretrained.torch_nets import UNet
from training.graphs import add_graphs, eight_bit_graph, exact_graph, range_pictures
from training.graphs.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

DESIGNS: dict[str, dict[str, Any]] = {
    "lite2 with hints": {"encoder": "lite2", "decoder_widths": (8, 8, 6), "inputs": 1},
    "lite0": {"encoder": "lite0", "decoder_widths": (8, 8, 6, 4), "context": False},
    "plain": {"encoder_widths": (4, 6, 8), "decoder_widths": (8, 6)},
    "plain with hints": {"encoder_widths": (4, 6), "decoder_widths": (6,), "inputs": 1},
    "one level": {"encoder_widths": (4,), "decoder_widths": ()},
}


def trained(net: UNet) -> UNet:
    """Give all batch norms statistics and weights as training might."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.3, 3)
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.normal_(module.bias, 0, 0.3)
    nn.init.normal_(net.head.weight, 0, 1)
    return net.eval()


def model(folder: Path, kind: str) -> Path:
    """Write a model of a kind, without graphs."""
    torch.manual_seed(5)
    changes = dict(DESIGNS[kind])
    values = {"encoder": "plain", "encoder_widths": (), "context": True} | changes
    values["inputs"] = INPUTS[changes.get("inputs", 0)]
    nets, bins = {}, {}
    for channel, step in (("a", 40.0), ("b", 30.0)):
        centers = zero_centered(step, -100, 100)
        bins[channel] = ChannelBins.unweighted(centers)
        nets[channel] = trained(UNet(NetDesign(outputs=len(centers), **values)))
    card = Card("kind", "1", "For tests.", {}, bins, working_size=64)
    save(folder, card, nets)
    return folder


@pytest.mark.parametrize("kind", DESIGNS)
def test_a_graph_computes_what_the_net_does(tmp_path: Path, kind: str) -> None:
    folder = model(tmp_path, kind)
    before = {path.name: path.read_bytes() for path in folder.glob("*.safetensors")}
    card = add_graphs(folder)
    assert {"a.onnx", "b.onnx"} < card.sha256.keys()
    assert not any("int8" in name for name in card.sha256)
    for name, content in before.items():
        assert (folder / name).read_bytes() == content
    models = [load(folder, Backend("cpu", runtime)) for runtime in ("onnx", "torch")]
    assert [m.runtime for m in models] == ["onnx", "torch"]
    stride = models[0].stride
    random = np.random.default_rng(0)
    for shape in ((1, 1, 1), (1, 2, 3), (4, 3, 1)):
        size = shape[0], shape[1] * stride, shape[2] * stride
        light = random.uniform(0, 100, size).astype(np.float32)
        hints = None
        if models[0].takes_hints:
            hints = random.uniform(-1, 1, (size[0], 4, *size[1:])).astype(np.float32)
        for one, other in zip(*(m(light, hints) for m in models), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-3)
            assert one.std() > 0.01


def test_the_same_net_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = model(tmp_path, "plain")
    weights = (folder / "a.safetensors").read_bytes()
    net = load_net(folder, read_card(folder), "a")
    graphs = [exact_graph(net, weights, "a.safetensors") for _ in range(2)]
    assert graphs[0] == graphs[1]
    assert len(graphs[0]) < 40_000
    text = graphs[0].decode("latin-1")
    assert "colorize_engine" not in text, "it names files of this machine"


def test_weights_of_another_net_are_refused(tmp_path: Path) -> None:
    folder = model(tmp_path / "plain", "plain")
    other = model(tmp_path / "other", "one level")
    net = load_net(folder, read_card(folder), "a")
    weights = (other / "a.safetensors").read_bytes()
    with pytest.raises(ValueError, match=r"a\.safetensors does not hold .* of the net"):
        exact_graph(net, weights, "a.safetensors")


# -- eight bits


def photos(count: int = 6) -> list[tuple[str, np.ndarray]]:
    photo = np.asarray(Image.fromarray(data.coffee()).resize((96, 64)))
    return [(f"{k}", np.roll(photo, 9 * k, 1)) for k in range(count)]


@pytest.mark.parametrize("kind", ["lite2 with hints", "plain"])
def test_eight_bits_stay_close(tmp_path: Path, kind: str) -> None:
    card = add_graphs(model(tmp_path, kind), photos())
    assert {"a-int8.onnx", "b-int8.onnx"} < card.sha256.keys()
    exact, small = (
        load(tmp_path, Backend("cpu", "onnx", precision))
        for precision in ("float32", "auto")
    )
    assert (exact.precision, small.precision) == ("float32", "int8")
    light = np.random.default_rng(0).uniform(20, 80, (64, 96)).astype(np.float32)
    light = np.sort(light, axis=1)
    for one, other in zip(exact(light), small(light), strict=True):
        assert 0 < np.abs(one - other).mean() < 0.25 * one.std()


def test_most_products_are_of_eight_bits_and_the_ends_are_not(tmp_path: Path) -> None:
    folder = model(tmp_path, "lite2 with hints")
    add_graphs(folder, photos(2))
    graph = onnx.load(folder / "a-int8.onnx").graph
    made_by = {name: node for node in graph.node for name in node.output}
    rounded = {
        node.name: made_by[node.input[1]].op_type == "DequantizeLinear"
        for node in graph.node
        if node.op_type == "Conv" and node.input[1] in made_by
    }
    exact = [
        n.name for n in graph.node if n.op_type == "Conv" and n.name not in rounded
    ]
    assert all(rounded.values())
    assert len(rounded) > 60
    assert len(exact) == 7, exact
    assert any("stem" in name for name in exact)
    assert any("head" in name for name in exact)


def test_the_mean_of_each_logit_is_that_of_the_exact_net(tmp_path: Path) -> None:
    folder = model(tmp_path, "plain")
    card = add_graphs(folder)
    pictures = range_pictures(photos(), card)
    content = eight_bit_graph(folder / "a.onnx", pictures)
    import onnxruntime

    small = onnxruntime.InferenceSession(content)
    exact = onnxruntime.InferenceSession(folder / "a.onnx")
    means = [
        np.mean([s.run(None, {"x": x})[0].mean((0, 2, 3)) for x in pictures], 0)
        for s in (exact, small)
    ]
    np.testing.assert_allclose(*means, atol=1e-4)


def test_pictures_for_ranges_are_what_nets_get(tmp_path: Path) -> None:
    card = read_card(model(tmp_path, "plain with hints"))
    found = range_pictures(photos(40), card)
    assert len(found) == 40
    for planes in found:
        assert planes.shape == (1, 5, 64, 64)
        assert planes.dtype == np.float32
        assert np.abs(planes[:, 0]).max() <= 1
        assert set(np.unique(planes[:, [2, 4]])) <= {0, 1}
    shown = [bool(planes[:, 1:].any()) for planes in found]
    assert 10 < sum(shown) < 36
    same = range_pictures(photos(40), card)
    assert all(map(np.array_equal, found, same))


def test_no_photos_no_ranges(tmp_path: Path) -> None:
    folder = model(tmp_path, "plain")
    with pytest.raises(ValueError, match="no photo to measure ranges with"):
        add_graphs(folder, [])


# -- the command


def test_the_command_gives_an_old_folder_its_graphs(
    torch_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(torch_model, tmp_path / "old")
    before = read_card(folder)
    assert load(folder).runtime == "torch"
    main([str(folder)])
    assert "a.onnx" in capsys.readouterr().out
    after = read_card(folder)
    assert load(folder).runtime == "onnx"
    assert after.model_hash == before.model_hash
    # Nets in 8 bits are other weights.
    (tmp_path / "photos").mkdir()
    for name, rgb in photos(3):
        Image.fromarray(rgb).save(tmp_path / "photos" / f"{name}.png")
    main([str(folder), "--photos", str(tmp_path / "photos"), "--parity", "all"])
    assert load(folder, Backend("cpu")).precision == "int8"
    assert read_card(folder).model_hash != before.model_hash


@pytest.mark.parametrize("words", [["nowhere"], ["--photos", "nowhere"]], ids=" ".join)
def test_the_command_fails_in_one_line(
    torch_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
) -> None:
    folder = shutil.copytree(torch_model, tmp_path / "old")
    words = words if len(words) == 1 else [str(folder), *words]
    with pytest.raises(SystemExit, match="2"):
        main(words)
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "nowhere" in line
