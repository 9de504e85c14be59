"""Exported nets run in ONNX Runtime alone and say all that decoding takes."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image

from colorize_engine.bins import ChannelBins
from colorize_engine.decode import Distribution
from colorize_engine.exchange import export_onnx
from colorize_engine.pretrained import (
    CHANNELS,
    Backend,
    ModelError,
    find_folder,
    load,
    load_net,
    read_card,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("one_thread")
NAMES = {"rdf.yaml", "README.md", "cover.png", "example-input.npy"}
NAMES |= {"example-output.npy"}


@pytest.fixture(scope="module")
def exported(
    tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, hinted_model: Path
) -> dict[str, Path]:
    """Folders of exported models; do not change them."""
    out = tmp_path_factory.mktemp("exported")
    models = {"default": "default", "reference-10": "reference-10"}
    models |= {"tiny": tiny_model, "hinted": hinted_model}
    for name, model in models.items():
        export_onnx(model, out / name)
    return {name: out / name for name in models}


def model_of(name: str, tiny_model: Path, hinted_model: Path) -> Path:
    own = {"tiny": tiny_model, "hinted": hinted_model}
    return own.get(name) or find_folder(name)


def session(folder: Path, channel: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(folder / channel / f"{channel}.onnx")


def number(net: onnxruntime.InferenceSession, name: str) -> object:
    return json.loads(net.get_modelmeta().custom_metadata_map[name])


def planes_of(net: onnxruntime.InferenceSession, shape: tuple[int, int]) -> np.ndarray:
    """Return noise, each plane in its own unit, some of it given as hints."""
    random = np.random.default_rng(3)
    planes = np.zeros((2, len(number(net, "inputs")), *shape), np.float32)
    planes[:, 0] = random.uniform(0, 100, (2, *shape))
    given = random.random((2, *shape)) < 0.05
    for at in range(1, planes.shape[1], 2):
        planes[:, at] = given * random.uniform(-80, 80, (2, *shape))
        planes[:, at + 1] = given
    return planes


def scaled(net: onnxruntime.InferenceSession, planes: np.ndarray) -> np.ndarray:
    gains, offsets = (
        np.reshape(number(net, f"input_{name}"), (-1, 1, 1))
        for name in ("gains", "offsets")
    )
    return (planes * gains + offsets).astype(np.float32)


@pytest.mark.parametrize("name", ["default", "reference-10", "tiny", "hinted"])
def test_logits_are_those_of_torch_at_every_size(
    exported: dict[str, Path], name: str, tiny_model: Path, hinted_model: Path
) -> None:
    import torch

    folder = model_of(name, tiny_model, hinted_model)
    card = read_card(folder)
    for channel in CHANNELS:
        net = session(exported[name], channel)
        exact = load_net(folder, card, channel).float().eval()
        stride, head = number(net, "stride"), number(net, "head_stride")
        for rows, columns in ((1, 1), (2, 3), (5, 2)):
            shape = rows * stride, columns * stride
            x = scaled(net, planes_of(net, shape))
            (logits,) = net.run(None, {"x": x})
            with torch.no_grad():
                expected = exact(torch.from_numpy(x)).numpy()
            assert logits.shape == (
                2,
                len(card.bins[channel]),
                *(side // head for side in shape),
            )
            np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-3)


def test_hints_change_the_logits(exported: dict[str, Path]) -> None:
    for channel, plane in (("a", 1), ("b", 3)):
        net = session(exported["default"], channel)
        assert number(net, "inputs") == ["L", "a-hint", "a-mask", "b-hint", "b-mask"]
        planes = np.zeros((1, 5, 64, 96), np.float32)
        planes[:, 0] = 60
        (gray,) = net.run(None, {"x": scaled(net, planes)})
        planes[:, plane, 24:40, 40:56], planes[:, plane + 1, 24:40, 40:56] = 60, 1
        (hinted,) = net.run(None, {"x": scaled(net, planes)})
        centers = np.array(number(net, "centers"))
        likely = [centers[each[0, :, 8, 12].argmax()] for each in (gray, hinted)]
        assert likely[1] > 40 > likely[0]


@pytest.mark.parametrize("name", ["default", "reference-10", "hinted"])
def test_metadata_decode_as_the_engine_does(
    exported: dict[str, Path], name: str, tiny_model: Path, hinted_model: Path
) -> None:
    folder = model_of(name, tiny_model, hinted_model)
    model = load(folder, Backend("cpu", "onnx", "float32"))
    planes = planes_of(session(exported[name], "a"), (64, 64))
    hints = None
    if model.takes_hints:
        # As the engine gives hints to nets, see `Model`.
        hints = (planes[:, 1:] / np.reshape([110, 1, 110, 1], (4, 1, 1))).astype("f4")
    expected = model(planes[:, 0], hints)
    for at, channel in enumerate(CHANNELS):
        net = session(exported[name], channel)
        (logits,) = net.run(None, {"x": scaled(net, planes)})
        bins = ChannelBins(*(number(net, n) for n in ("centers", "prior", "weights")))
        divisor = number(net, "divisor")
        own = Distribution(logits[0] / divisor, bins.tempered(divisor))
        card = model.card
        assert number(net, "temperature") == card.temperature
        assert number(net, "rebalance") == card.rebalance
        assert number(net, "working_size") == card.working_size
        theirs = Distribution(expected[at][0], card.calibrated_bins[channel])
        settings = card.temperature, card.rebalance
        np.testing.assert_allclose(
            own.decode(*settings), theirs.decode(*settings), atol=0.01
        )
        texts = net.get_modelmeta().custom_metadata_map
        assert (texts["model"], texts["channel"]) == (card.name, channel)
        assert texts["hash"] == card.model_hash


@pytest.mark.parametrize("name", ["default", "tiny"])
def test_the_file_is_whole_plain_and_honest_about_sizes(
    exported: dict[str, Path], name: str
) -> None:
    for channel in CHANNELS:
        file = exported[name] / channel / f"{channel}.onnx"
        model = onnx.load(file, load_external_data=False)
        onnx.checker.check_model(model, full_check=True)
        assert [(o.domain, o.version) for o in model.opset_import] == [("", 17)]
        assert {node.domain for node in model.graph.node} == {""}
        assert {t.data_type for t in model.graph.initializer} == {
            onnx.TensorProto.FLOAT
        }
        assert not any(t.external_data for t in model.graph.initializer)
        sizes = [
            [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
            for value in (*model.graph.input, *model.graph.output)
        ]
        planes = len(number(session(exported[name], channel), "inputs"))
        bins = len(number(session(exported[name], channel), "centers"))
        assert sizes == [
            ["pictures", planes, "height", "width"],
            ["pictures", bins, "logits_height", "logits_width"],
        ]


def described(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "rdf.yaml").read_text("utf-8"))


@pytest.mark.parametrize("name", ["default", "reference-10"])
def test_the_description_is_the_same_in_yaml(
    exported: dict[str, Path], name: str
) -> None:
    """Readers of YAML 1.1 take some numbers of JSON for texts."""
    yaml = pytest.importorskip("yaml")
    for channel in CHANNELS:
        text = (exported[name] / channel / "rdf.yaml").read_text("utf-8")
        assert yaml.safe_load(text) == json.loads(text)


# `make check-bioimage` asks the validator of bioimage.io itself.
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("name", ["default", "reference-10", "tiny", "hinted"])
def test_the_description_is_that_of_the_files(
    exported: dict[str, Path], name: str, channel: str
) -> None:
    folder = exported[name] / channel
    net, content = session(exported[name], channel), described(folder)
    assert {path.name for path in folder.iterdir()} == {*NAMES, f"{channel}.onnx"}
    assert (content["type"], content["format_version"]) == ("model", "0.5.3")
    entry = content["weights"]["onnx"]
    weights = (folder / entry["source"]).read_bytes()
    assert hashlib.sha256(weights).hexdigest() == entry["sha256"]
    assert entry["opset_version"] == 17
    texts = net.get_modelmeta().custom_metadata_map
    assert content["config"]["napari-colorize"] == texts
    # Limits of the format.
    for key, most in {"name": 64, "description": 512}.items():
        assert 5 <= len(content[key]) <= most
    assert re.fullmatch(r"[\w+() -]+", content["name"])
    for tensor in (*content["inputs"], *content["outputs"]):
        assert len(tensor["description"]) <= 128
    with Image.open(folder / content["covers"][0]) as cover:
        assert cover.width == 2 * cover.height
    page = (folder / content["documentation"]).read_text("utf-8")
    assert f"Divide the logits by {texts['divisor']} (`divisor`)" in page
    assert "## Validation" in page
    # Only of the shipped models we know the license.
    shipped = name in ("default", "reference-10")
    assert (content.get("license") == "BSD-3-Clause") == shipped
    assert ("## License" in page) == shipped
    assert ("EfficientNet-Lite2 (" in page) == (name == "default")


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("name", ["default", "reference-10", "tiny", "hinted"])
def test_the_example_is_as_the_description_says(
    exported: dict[str, Path], name: str, channel: str
) -> None:
    folder = exported[name] / channel
    net, content = session(exported[name], channel), described(folder)
    (x,), (logits,) = content["inputs"], content["outputs"]
    given, expected = (
        np.load(folder / tensor["test_tensor"]["source"]) for tensor in (x, logits)
    )
    assert given.any((0, 2, 3)).all()
    (scale,) = x["preprocessing"]
    gain, offset = (
        np.reshape(scale["kwargs"][key], (-1, 1, 1)) for key in ("gain", "offset")
    )
    (found,) = net.run(None, {x["id"]: (given * gain + offset).astype(np.float32)})
    np.testing.assert_allclose(found, expected, atol=1e-3)
    stride = number(net, "stride")
    for at, axis in enumerate("yx", 2):
        size = {"min": stride, "step": stride}
        assert x["axes"][at] == {"type": "space", "id": axis, "size": size}
        place = logits["axes"][at]
        assert place["size"] == {"tensor_id": "x", "axis_id": axis}
        assert expected.shape[at] * place["scale"] == given.shape[at]
    for tensor, array in ((x, given), (logits, expected)):
        names = tensor["axes"][1]["channel_names"]
        assert len(set(names)) == array.shape[1]
        assert all(name.isidentifier() for name in names)


def test_files_that_are_there_stay(tmp_path: Path, tiny_model: Path) -> None:
    export_onnx(tiny_model, tmp_path)
    page = tmp_path / "b" / "README.md"
    page.write_text("mine")
    (tmp_path / "a" / "a.onnx").unlink()
    with pytest.raises(FileExistsError, match=r"rdf\.yaml"):
        export_onnx(tiny_model, tmp_path)
    assert not (tmp_path / "a" / "a.onnx").exists()
    assert page.read_text() == "mine"
    export_onnx(tiny_model, tmp_path, overwrite=True)
    assert page.read_text() != "mine"
    assert (tmp_path / "a" / "a.onnx").exists()


def test_a_model_without_graphs_says_how_to_make_them(
    tmp_path: Path, torch_model: Path
) -> None:
    with pytest.raises(ModelError, match=r"no a\.onnx.*python -m training\.graphs \S+"):
        export_onnx(torch_model, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_torch_is_imported(tmp_path: Path, tiny_model: Path) -> None:
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "from pathlib import Path\n"
        "from colorize_engine.exchange import export_onnx\n"
        f"export_onnx(Path({str(tiny_model)!r}), 'out')\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    assert (tmp_path / "out" / "b" / "b.onnx").exists()
