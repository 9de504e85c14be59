"""Model folders: saving, loading, and everything that can be wrong with one."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from colorize_engine.bins import ChannelBins
from colorize_engine.colorizer import Colorizer
from colorize_engine.decode import rebalanced, softmax
from colorize_engine.pretrained import (
    Backend,
    Card,
    ModelError,
    NetDesign,
    list_models,
    load,
    save,
)
from colorize_engine.pretrained import folder as pretrained
from colorize_engine.pretrained.torch_nets import UNet, net_input

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("one_thread")

CPU = Backend("cpu")


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    """Copy of the tiny model that may be broken."""
    return shutil.copytree(tiny_model, tmp_path / "copy")


@pytest.fixture
def shipped(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of shipped models that holds three copies of the tiny one."""
    weights = tmp_path / "weights"
    for name in ("alpha", "default", "reference-10"):
        shutil.copytree(tiny_model, weights / name)
        change_card(weights / name, name=name)
    monkeypatch.setattr(pretrained, "WEIGHTS", weights)
    return weights


def change_card(folder: Path, *without: str, **changes: Any) -> None:
    """Change the JSON of a card."""
    path = folder / "card.json"
    content = json.loads(path.read_text())
    content.update(changes)
    for key in without:
        del content[key]
    path.write_text(json.dumps(content))


def change_part(folder: Path, part: str, channel: str, **changes: Any) -> None:
    """Change what a card says about one channel."""
    content = json.loads((folder / "card.json").read_text())[part]
    content[channel].update(changes)
    change_card(folder, **{part: content})


def put_weights(folder: Path, data: bytes, channel: str = "a") -> None:
    """Replace a weights file, and its hash in the card."""
    name = f"{channel}.safetensors"
    (folder / name).write_bytes(data)
    hashes = json.loads((folder / "card.json").read_text())["sha256"]
    hashes[name] = hashlib.sha256(data).hexdigest()
    change_card(folder, sha256=hashes)


def test_load_gives_what_was_saved(tiny_model: Path) -> None:
    model = load(tiny_model, CPU)
    assert (model.card.name, model.card.version) == ("tiny", "0")
    assert (model.card.temperature, model.card.rebalance) == (0.5, -0.5)
    assert model.card.working_size == 32
    assert (model.stride, model.head_stride) == (4, 2)
    light = np.random.default_rng(0).uniform(0, 100, (8, 12)).astype(np.float32)
    for channel, logits in zip("ab", model(light), strict=True):
        net = UNet(NetDesign(**model.card.nets[channel])).eval()
        net.load_state_dict(load_file(tiny_model / f"{channel}.safetensors"))
        with torch.inference_mode():
            expected = net(net_input(torch.from_numpy(light)[None]))[0].numpy()
        assert logits.dtype == np.float32
        assert logits.shape == (len(model.card.bins[channel]), 4, 6)
        np.testing.assert_allclose(logits, expected, atol=1e-4)


def test_weights_are_fp16_on_disk(tiny_model: Path) -> None:
    for name in ("a.safetensors", "b.safetensors"):
        kinds = {value.dtype for value in load_file(tiny_model / name).values()}
        assert kinds == {torch.float16, torch.int64}


def test_card_survives_saving(folder: Path) -> None:
    card = pretrained.read_card(folder)
    again = Card.from_json(card.to_json())
    assert {**again.__dict__, "bins": 0} == {**card.__dict__, "bins": 0}
    for channel, bins in card.bins.items():
        for name in ("centers", "prior", "weights"):
            np.testing.assert_array_equal(
                getattr(again.bins[channel], name), getattr(bins, name)
            )
    content = json.loads((folder / "card.json").read_text())
    assert content["format"] == 1
    for name, digest in card.sha256.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_a_card_may_have_a_purpose(folder: Path) -> None:
    card = pretrained.read_card(folder)
    assert (card.purpose, '"purpose"' in card.to_json()) == ("", False)
    change_card(folder, purpose="For tests: of cards.")
    found = pretrained.read_card(folder)
    assert Card.from_json(found.to_json()).purpose == "For tests: of cards."
    assert found.model_hash == card.model_hash
    change_card(folder, purpose=3)
    with pytest.raises(ModelError, match="expected purpose to be text"):
        pretrained.read_card(folder)


def test_model_hash_is_that_of_the_weights(folder: Path) -> None:
    card = pretrained.read_card(folder)
    assert len(card.model_hash) == 12
    change_card(folder, description="other", figures={"auc": 90})
    assert pretrained.read_card(folder).model_hash == card.model_hash
    put_weights(folder, b"other")
    assert pretrained.read_card(folder).model_hash != card.model_hash


def test_calibration_divides_the_logits(folder: Path) -> None:
    light = np.full((4, 4), 60, np.float32)
    a, b = load(folder, CPU)(light)
    change_card(folder, calibration={"a": 2.0, "b": 0.5})
    calm, sharp = load(folder, CPU)(light)
    np.testing.assert_allclose(calm, a / 2, rtol=1e-6)
    np.testing.assert_allclose(sharp, b * 2, rtol=1e-6)


@pytest.mark.parametrize("divisor", [0.5, 1.0, 2.0])
def test_without_class_weights_it_is_the_temperature_of_the_data(
    folder: Path, divisor: float
) -> None:
    picture = np.full((4, 4), 120, np.uint8)
    before = Colorizer.from_folder(folder, "cpu").predict(picture).a
    weights = before.bins.weights
    assert len({*weights.tolist()} - {0}) > 1
    change_card(folder, calibration={"a": divisor, "b": 1.0})
    after = Colorizer.from_folder(folder, "cpu").predict(picture).a
    plain = rebalanced(before.logits, weights, -1)
    np.testing.assert_allclose(
        softmax(rebalanced(after.logits, after.bins.weights, -1)),
        softmax(plain / divisor),
        atol=1e-5,
    )


@pytest.mark.parametrize("fixture", ["tiny_model", "hinted_model"])
def test_a_batch_gives_what_single_pictures_give(
    request: pytest.FixtureRequest, fixture: str
) -> None:
    model = load(request.getfixturevalue(fixture), CPU)
    light = np.random.default_rng(1).uniform(0, 100, (3, 8, 16)).astype(np.float32)
    together = model(light)
    for index, one in enumerate(light):
        for logits, batch in zip(model(one), together, strict=True):
            np.testing.assert_allclose(batch[index], logits, atol=1e-4)


def test_lightness_may_be_any_array(tiny_model: Path) -> None:
    model = load(tiny_model, CPU)
    light = np.random.default_rng(1).uniform(0, 100, (8, 12)).astype(np.float32)
    frozen = light.astype(np.float64).T.copy().T
    frozen.flags.writeable = False
    for logits, expected in zip(model(frozen), model(light), strict=True):
        np.testing.assert_array_equal(logits, expected)


# -- hints


def test_nets_see_the_hints_beside_the_lightness(hinted_model: Path) -> None:
    """By hand: the nets themselves, with the five planes that the design names."""
    card = pretrained.read_card(hinted_model)
    names = ["L", "a-hint", "a-mask", "b-hint", "b-mask"]
    random = np.random.default_rng(2)
    light = random.uniform(0, 100, (8, 8)).astype(np.float32)
    hints = random.uniform(-1, 1, (4, 8, 8)).astype(np.float32)
    model = load(hinted_model, CPU)
    assert model.takes_hints
    shown = model(light, hints)
    without = model(light)
    for index, channel in enumerate("ab"):
        assert card.nets[channel]["inputs"] == names
        net = UNet(NetDesign(**card.nets[channel]))
        net.load_state_dict(load_file(hinted_model / f"{channel}.safetensors"))
        net.eval()
        for planes, said in ((hints, shown), (np.zeros_like(hints), without)):
            x = torch.from_numpy(np.concatenate([light[None] * 0.02 - 1, planes]))[None]
            with torch.inference_mode():
                expected = net(x)[0].numpy()
            np.testing.assert_allclose(said[index], expected, atol=1e-4)
        assert np.abs(shown[index] - without[index]).max() > 1e-3


def test_each_picture_of_a_batch_has_its_own_hints(hinted_model: Path) -> None:
    model = load(hinted_model, CPU)
    random = np.random.default_rng(3)
    light = random.uniform(0, 100, (2, 8, 8)).astype(np.float32)
    hints = random.uniform(-1, 1, (2, 4, 8, 8)).astype(np.float32)
    together = model(light, hints)
    for row in range(2):
        for one, batch in zip(model(light[row], hints[row]), together, strict=True):
            np.testing.assert_allclose(batch[row], one, atol=1e-4)


def test_nets_without_hint_planes_refuse_hints(tiny_model: Path) -> None:
    model = load(tiny_model, CPU)
    assert not model.takes_hints
    light = np.zeros((8, 8), np.float32)
    with pytest.raises(ValueError, match="takes no hints"):
        model(light, np.zeros((4, 8, 8), np.float32))


def test_the_card_of_nets_that_take_hints_has_a_format_of_its_own(
    hinted_model: Path, tiny_model: Path
) -> None:
    """Versions that know format 1 alone then say which format they expected."""
    formats = [
        json.loads((folder / "card.json").read_text())["format"]
        for folder in (tiny_model, hinted_model)
    ]
    assert formats == [1, 2]


# -- names


def test_list_models_puts_the_default_first(shipped: Path) -> None:
    assert [card.name for card in list_models()] == ["default", "alpha", "reference-10"]
    assert isinstance(list_models()[0].bins["a"], ChannelBins)


def test_list_models_reads_cards_only(shipped: Path) -> None:
    for path in shipped.glob("*/*.safetensors"):
        path.write_bytes(b"")
    assert len(list_models()) == 3
    code = (
        "import sys; from pathlib import Path;"
        "from colorize_engine.pretrained import folder;"
        f"folder.WEIGHTS = Path({str(shipped)!r});"
        "assert len(folder.list_models()) == 3;"
        "assert not {'torch', 'safetensors'} & set(sys.modules), 'imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_load_by_name(shipped: Path) -> None:
    assert load("alpha", CPU).card.name == "alpha"
    assert load(backend=CPU).card.name == "default"


def test_a_name_wins_over_a_folder_but_a_path_is_a_folder(
    shipped: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    shutil.copytree(tiny_model, here / "alpha")
    monkeypatch.chdir(here)
    assert load("alpha", CPU).card.name == "alpha"
    assert load(here.joinpath("alpha"), CPU).card.name == "tiny"
    assert load(pretrained.Path("alpha"), CPU).card.name == "tiny"


@pytest.mark.parametrize("name", ["nonesuch", "", "alpha/x", "Default ", "a\0b"])
def test_an_unknown_model_lists_the_known_ones(shipped: Path, name: str) -> None:
    with pytest.raises(ModelError, match="expected default, alpha, reference-10, or a"):
        load(name, CPU)


@pytest.mark.parametrize("name", ["../outside", "default/../../outside"])
def test_a_name_does_not_lead_out_of_the_shipped_models(
    shipped: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a text is a path from where one stands, as everywhere."""
    shutil.copytree(shipped / "alpha", tmp_path / "outside")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "er")
    with pytest.raises(ModelError, match="there is no model"):
        load(name, CPU)


def test_no_models_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pretrained, "WEIGHTS", tmp_path / "none")
    assert list_models() == []
    with pytest.raises(ModelError, match="no model 'default'; expected a model folder"):
        load("default", CPU)


@pytest.mark.parametrize("runtime", ["auto", "onnx", "torch"])
def test_an_unknown_device(tiny_model: Path, runtime: str) -> None:
    with pytest.raises(ValueError, match=r"no device 'toaster'.* here; expected auto"):
        load(tiny_model, Backend("toaster", runtime))


# -- broken folders


def truncate(folder: Path) -> None:
    path = folder / "b.safetensors"
    path.write_bytes(path.read_bytes()[:-7])


def flip(folder: Path) -> None:
    path = folder / "a.safetensors"
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)


def swap(folder: Path) -> None:
    a, b = (folder / f"{channel}.safetensors" for channel in "ab")
    a.write_bytes(b.read_bytes())


def foreign_shapes(folder: Path) -> None:
    path = folder / "other.safetensors"
    save_file({"head.weight": torch.zeros(3, 2)}, path)
    put_weights(folder, path.read_bytes())


def other_widths(folder: Path) -> None:
    change_part(folder, "nets", "a", encoder_widths=[4, 8, 16])


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def write(name: str, data: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(data) and None


def card_without(key: str) -> Callable[[Path], None]:
    return lambda folder: change_card(folder, key)


def card_with(**changes: Any) -> Callable[[Path], None]:
    return lambda folder: change_card(folder, **changes)


def card_part(part: str, channel: str, **changes: Any) -> Callable[[Path], None]:
    return lambda folder: change_part(folder, part, channel, **changes)


def weights(data: bytes) -> Callable[[Path], None]:
    return lambda folder: put_weights(folder, data)


def drop_design(folder: Path, channel: str) -> None:
    designs = json.loads((folder / "card.json").read_text())["nets"]
    change_card(folder, nets={c: d for c, d in designs.items() if c != channel})


def a_directory(folder: Path) -> None:
    (folder / "a.safetensors").unlink()
    (folder / "a.safetensors").mkdir()


def unknown_encoders(folder: Path) -> None:
    for channel in "ab":
        change_part(folder, "nets", channel, encoder="vgg")


BROKEN = {
    "missing folder": (shutil.rmtree, "there is no model"),
    "missing card": (remove("card.json"), "not a model folder: it lacks card.json"),
    "card is empty": (write("card.json", b""), "card.json is not JSON"),
    "card is text": (write("card.json", b"hello"), "card.json is not JSON"),
    "card is binary": (
        write("card.json", b"\xff\xfe\x00\x9f"),
        "card.json is not text",
    ),
    "card is too deep": (write("card.json", b"[" * 100_000), "card.json is not JSON"),
    "card is a list": (write("card.json", b"[1]"), "expected a JSON object"),
    "card is a number": (write("card.json", b"7"), "expected a JSON object"),
    "card is empty object": (write("card.json", b"{}"), "lacks format, name, version"),
    "other format": (card_with(format=99), "is of format 99, expected 1 or 2; install"),
    "no format": (card_without("format"), "it lacks format"),
    "no bins": (card_without("bins"), "it lacks bins"),
    "no nets": (card_without("nets"), "it lacks nets"),
    "no hashes": (card_without("sha256"), "it lacks sha256"),
    "no hash of a": (card_with(sha256={}), "it lacks a.safetensors"),
    "hash is a number": (
        card_with(sha256={"a.safetensors": 1, "b.safetensors": 2}),
        "expected a SHA-256 of a.safetensors",
    ),
    "bins of a only": (card_with(bins={"a": {}}), "not a model card"),
    "bins are a list": (card_with(bins=[1, 2]), "not a model card"),
    "descending bins": (
        card_part("bins", "a", centers=[0, -1], prior=[1, 1], weights=[1, 1]),
        "ascending bin centers",
    ),
    "bins with NaN": (
        card_part("bins", "b", centers=[0, float("nan")], prior=[1, 1], weights=[1, 1]),
        "finite and ascending",
    ),
    "an unknown key": (card_with(colour="red"), "unexpected keyword.*'colour'"),
    "temperature": (card_with(temperature=2), "temperature to be in 0..1, got 2"),
    "temperature is text": (card_with(temperature="hot"), "got 'hot'"),
    "rebalance": (card_with(rebalance=float("inf")), "rebalance to be in"),
    "working size": (card_with(working_size=0), "working_size to be in 1"),
    "broken size": (card_with(working_size=2.5), "working_size to be a whole number"),
    "calibration": (card_with(calibration={"a": 0, "b": 1}), "calibration to be in"),
    "name": (card_with(name=3), "expected name to be text"),
    "design is text": (card_with(nets={"a": "u", "b": "u"}), "net a: .* a mapping"),
    "design of a is empty": (card_with(nets={"a": {}}), "net a: .*'encoder'"),
    "no design of b": (lambda folder: drop_design(folder, "b"), "it lacks b"),
    "design lacks its widths": (
        card_with(nets={c: {"encoder": "lite0"} for c in "ab"}),
        "net a: .*'decoder_widths'",
    ),
    "heads of other strides": (
        card_part("nets", "b", decoder_widths=[8, 4]),
        "a and b have the strides 2 and 1, expected the same",
    ),
    "missing weights": (remove("b.safetensors"), "cannot read .*b.safe"),
    "weights are a folder": (a_directory, "cannot read .*a.safe"),
    "truncated weights": (
        truncate,
        "b.safetensors .* is truncated, damaged or from",
    ),
    "flipped bit": (flip, "a.safetensors .* is truncated, damaged or from"),
    "empty weights": (write("a.safetensors", b""), "is truncated, damaged or from"),
    "b's weights for a": (swap, "a.safetensors .* is truncated, damaged or from"),
    "empty, hash fits": (weights(b""), "cannot load net a"),
    "no safetensors, hash fits": (weights(b"pickled" * 30), "cannot load net a"),
    "foreign, hash fits": (foreign_shapes, "do not fit the design .*: Missing key"),
    "design of other widths": (other_widths, "do not fit the design .*: size mismatch"),
    "unknown encoder": (
        unknown_encoders,
        "plain, lite0, lite1, lite2",
    ),
    "unknown part": (card_part("nets", "b", depth=3), "net b: .*'depth'"),
    "more outputs than bins": (card_part("nets", "a", outputs=12), "12 outputs but"),
    "a given a": (
        card_part("nets", "a", inputs=["L", "a"]),
        "expected the inputs L, or L and a-hint",
    ),
}


@pytest.mark.parametrize(("damage", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_folder_says_what_is_wrong(
    torch_model: Path,
    tmp_path: Path,
    damage: Callable[[Path], None],
    message: str,
) -> None:
    folder = shutil.copytree(torch_model, tmp_path / "copy")
    damage(folder)
    with pytest.raises(ModelError, match=message) as caught:
        load(folder, CPU)
    text = str(caught.value)
    assert str(folder) in text
    assert "\n" not in text


def test_a_card_that_may_not_be_read(folder: Path) -> None:
    (folder / "card.json").unlink()
    (folder / "card.json").mkdir()
    with pytest.raises(ModelError, match=r"cannot read .*card\.json: Is a directory"):
        load(folder, CPU)


# -- saving


def test_save_replaces_a_model(folder: Path) -> None:
    card = pretrained.read_card(folder)
    nets = {c: UNet(NetDesign(**card.nets[c])) for c in "ab"}
    saved = save(folder, card, nets)
    assert saved.sha256 != card.sha256
    assert load(folder, CPU).card.sha256 == saved.sha256


@pytest.mark.parametrize("value", [1e6, float("nan"), float("inf")])
def test_save_refuses_weights_that_fp16_cannot_hold(
    folder: Path, tmp_path: Path, value: float
) -> None:
    card = pretrained.read_card(folder)
    nets = {c: UNet(NetDesign(**card.nets[c])) for c in "ab"}
    with torch.no_grad():
        nets["b"].head.bias[0] = value
    with pytest.raises(ValueError, match=r"head\.bias is not finite or too large"):
        save(tmp_path / "new", card, nets)
    assert not (tmp_path / "new").exists()
