"""Finished runs become a model folder whose card says all."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from onnxruntime import InferenceSession

from colorize_engine.pretrained import Backend, NetDesign, load, read_card
from colorize_engine.pretrained.torch_nets import UNet, net_input
from training.export import (
    export,
    finished_runs,
    fit_fp16,
    given_nets,
    main,
    read_figures,
)
from training.learning.checkpoints import WEIGHTS, Finished, write_finished
from training.photos.data_set import DataSet
from training.statistics import measure

if TYPE_CHECKING:
    from training.presets import Preset

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def finished(
    data: Path, tiny: Preset, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Make runs look finished, of nets that learned nothing; do not change them."""
    out = tmp_path_factory.mktemp("runs")
    bins = measure(data, tiny, out)
    torch.manual_seed(11)
    for run in tiny.runs:
        folder = out / run.channels
        folder.mkdir()
        net = UNet(tiny.design(run.channels, bins))
        write_finished(folder, net.state_dict(), tiny, Finished(12.3, "", "float32"))
    return out


def test_the_folder_holds_the_trained_nets(
    data: Path, tiny: Preset, finished: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file

    divisors = {"a": 1.0, "b": 2.0}
    trained = finished_runs(data, tiny, finished)
    card = export(tiny, trained, tmp_path, calibration=divisors)
    model = load(tmp_path, Backend("cpu"))
    assert model.card.model_hash == card.model_hash
    lightness = np.random.default_rng(0).uniform(0, 100, (32, 32)).astype(np.float32)
    net = UNet(tiny.design("a", model.card.bins)).eval()
    net.load_state_dict(load_file(finished / "a" / WEIGHTS))
    with torch.no_grad():
        x = net_input(torch.from_numpy(lightness)[None], None, net.design.inputs)
        expected = net(x)[0]
    a, b = model(lightness)
    # The folder keeps half precision.
    torch.testing.assert_close(torch.from_numpy(a), expected, atol=0.02, rtol=0.02)
    assert b.shape == (len(card.bins["b"]), 32, 32)
    assert model.card.calibration == divisors


def test_the_card_is_complete(
    data: Path, tiny: Preset, finished: Path, tmp_path: Path
) -> None:
    trained = finished_runs(data, tiny, finished)
    export(tiny, trained, tmp_path, figures={"gray": {"auc": 88.0}})
    card = json.loads((tmp_path / "card.json").read_text())
    training = card["training"]
    photos = DataSet.open(data)
    assert training["preset"] == tiny.text
    assert training["seed"] == 3
    assert training["source_sha256"] == photos.settings["source_sha256"]
    assert training["photos_found"] == 200
    assert training["photos_left_out"] == photos.skipped
    assert training["photos_after_filter"] == len(photos.names)
    assert training["photos_drawn_to_train"] == len(photos.train)
    assert training["photos_seen_by_each_net"] == tiny.photos_seen
    assert training["seconds_of_training"] == {"both": 12, "a": 12, "b": 12}
    assert re.fullmatch(r"([0-9a-f]{40}\+?)?", training["commit"])
    assert not {"remark", "encoder", "started_from"} & training.keys()
    assert card["figures"] == {"gray": {"auc": 88.0}}
    assert (card["temperature"], card["rebalance"]) == (0.38, -0.5)
    assert card["working_size"] == 64
    assert card["name"] == "tiny"
    assert card["bins"].keys() == {"a", "b"}
    # The preset has no purpose.
    assert "purpose" not in card
    purpose = "For tests: of photos."
    card = export(replace(tiny, purpose=purpose), trained, tmp_path)
    assert read_card(tmp_path).purpose == purpose
    assert card.model_hash == read_card(tmp_path).model_hash


def table(path: Path) -> Path:
    rows = [
        {"name": "gray", "auc": 88.123456, "psnr": None},
        {"name": "models/tiny", "auc": 90.0},
        {"name": "models/tiny, float32", "auc": 90.1},
        {"name": "other", "auc": 1.0},
    ]
    content = {"heading": "9 photos", "photos": 9, "rows": rows}
    path.write_text(json.dumps(content))
    return path


def test_figures_are_those_of_the_model_and_of_gray(tmp_path: Path) -> None:
    figures = read_figures(table(tmp_path / "table.json"), "tiny")
    assert figures == {
        "set": "9 photos",
        "gray": {"auc": 88.1235},
        "tiny": {"auc": 90.0},
        "tiny, float32": {"auc": 90.1},
    }
    with pytest.raises(ValueError, match="no row of the model nobody"):
        read_figures(tmp_path / "table.json", "nobody")


def given(finished: Path, folder: Path) -> dict[str, list[str]]:
    """Give the options of the command for nets that were trained elsewhere."""
    about = folder / "about.json"
    about.write_text(json.dumps({"photos_found": 7, "remark": "By a trial."}))
    bins = json.loads((finished / "bins.json").read_text())
    given_bins = folder / "given-bins.json"
    given_bins.write_text(json.dumps({c: bins[c] for c in "ab"}))
    return {
        "--nets": [str(finished / c / WEIGHTS) for c in "ab"],
        "--bins": [str(given_bins)],
        "--about": [str(about)],
    }


def test_nets_trained_elsewhere_need_no_data_set_and_no_runs(
    data: Path, tiny: Preset, finished: Path, tmp_path: Path
) -> None:
    preset = tmp_path / "tiny.toml"
    preset.write_text(tiny.text)
    options = given(finished, tmp_path)
    arguments = [word for name, words in options.items() for word in (name, *words)]
    arguments += ["--preset", str(preset), "--remark", "The preset repeats it."]
    main([*arguments, "--out", str(tmp_path / "given"), "--version", "9"])
    card = load(tmp_path / "given", Backend("cpu")).card
    of_runs = export(tiny, finished_runs(data, tiny, finished), tmp_path / "runs")
    assert card.sha256 == of_runs.sha256
    assert card.training == {
        "preset": tiny.text,
        "photos_found": 7,
        "remark": "By a trial. The preset repeats it.",
    }
    assert card.version == "9"


def test_nets_in_eight_bits_need_photos(
    data: Path,
    tiny: Preset,
    finished: Path,
    photo_tree: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    preset = tmp_path / "tiny.toml"
    preset.write_text(tiny.text.replace("eight_bits = false", "eight_bits = true"))
    words = ["--data", str(data), "--preset", str(preset), "--runs", str(finished)]
    words += ["--out", str(tmp_path / "model")]
    with pytest.raises(SystemExit):
        main(words)
    assert "needs photos for nets in 8 bits" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()
    main([*words, "--photos", str(photo_tree)])
    model = load(tmp_path / "model", Backend("cpu"))
    assert model.precision == "int8"
    assert {"a.onnx", "a-int8.onnx"} < model.card.sha256.keys()


@pytest.mark.parametrize("left_out", ["--nets", "--bins", "--about", "--data"])
def test_the_command_line_wants_all_of_one_kind(
    left_out: str, data: Path, finished: Path, tmp_path: Path
) -> None:
    options = given(finished, tmp_path)
    if left_out == "--data":
        options["--runs"] = [str(finished)]  # beside the given nets
    else:
        del options[left_out]
    arguments = [word for name, words in options.items() for word in (name, *words)]
    with pytest.raises(SystemExit) as stop:
        main([*arguments, "--out", str(tmp_path / "out")])
    assert stop.value.code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["other", "damaged"])
def test_weights_that_do_not_fit_are_an_error_that_names_them(
    kind: str, tiny: Preset, finished: Path, tmp_path: Path
) -> None:
    options = given(finished, tmp_path)
    nets = [Path(path) for path in options["--nets"]]
    if kind == "other":
        nets[0] = finished / "both" / WEIGHTS
    else:
        nets[0] = tmp_path / "net.safetensors"
        nets[0].write_bytes(b"half of some weights")
    trained = given_nets(
        tiny, nets, Path(options["--bins"][0]), Path(options["--about"][0])
    )
    with pytest.raises(ValueError, match=r"net.safetensors .* the net a of the preset"):
        export(tiny, trained, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def copied(finished: Path, to: Path) -> Path:
    import shutil

    shutil.copytree(finished, to)
    return to


def test_the_command_line_writes_a_model(
    data: Path,
    tiny: Preset,
    finished: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    preset = tmp_path / "tiny.toml"
    preset.write_text(tiny.text)
    figures = table(tmp_path / "table.json")
    out = tmp_path / "model"
    arguments = ["--data", str(data), "--preset", str(preset), "--runs", str(finished)]
    arguments += ["--out", str(out), "--figures", str(figures)]
    main([*arguments, "--calibration", "1.1", "0.9", "--version", "2.0"])
    card = load(out, Backend("cpu")).card
    assert capsys.readouterr().out == f"tiny 2.0 ({card.model_hash}) in {out}\n"
    assert card.figures["tiny"] == {"auc": 90.0}
    assert card.calibration == {"a": 1.1, "b": 0.9}


def test_the_command_line_writes_nets_for_other_programs(
    data: Path,
    tiny: Preset,
    finished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # The folder has the name of a shipped model, which must not be taken for it.
    monkeypatch.chdir(tmp_path)
    preset = tmp_path / "tiny.toml"
    preset.write_text(tiny.text)
    arguments = ["--data", str(data), "--preset", str(preset), "--runs", str(finished)]
    main([*arguments, "--out", "default", "--onnx", "nets"])
    assert capsys.readouterr().out.endswith("its nets for other programs in nets\n")
    card = load(tmp_path / "default", Backend("cpu")).card
    for channel in "ab":
        net = InferenceSession(tmp_path / "nets" / channel / f"{channel}.onnx")
        about = net.get_modelmeta().custom_metadata_map
        assert (about["model"], about["hash"]) == ("tiny", card.model_hash)
        described = tmp_path / "nets" / channel / "rdf.yaml"
        assert json.loads(described.read_text())["type"] == "model"


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("not finished", "net.safetensors is missing: the run has not finished"),
        ("damaged", "net.safetensors does not hold the weights of a finished run"),
        ("other preset", "belongs to another version of the preset tiny"),
        ("no bins", "bins.json is missing"),
        ("no data", "no finished data set"),
        ("no table", "table.json"),
    ],
)
def test_the_command_line_ends_with_one_line(
    kind: str,
    message: str,
    data: Path,
    tiny: Preset,
    finished: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs = copied(finished, tmp_path / "runs")
    preset = tmp_path / "tiny.toml"
    preset.write_text(tiny.text)
    arguments = ["--preset", str(preset), "--runs", str(runs)]
    weights = runs / "b" / WEIGHTS
    if kind == "not finished":
        weights.unlink()
    elif kind == "damaged":
        weights.write_bytes(b"half of some weights")
    elif kind == "other preset":
        preset.write_text(tiny.text.replace("seed = 3", "seed = 4"))
        bins = runs / "bins.json"
        bins.write_text(bins.read_text().replace('"seed": 3', '"seed": 4'))
    elif kind == "no bins":
        (runs / "bins.json").unlink()
    elif kind == "no table":
        arguments += ["--figures", str(tmp_path / "table.json")]
    source = tmp_path if kind == "no data" else data
    out = tmp_path / "model"
    with pytest.raises(SystemExit) as stop:
        main([*arguments, "--data", str(source), "--out", str(out)])
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m training.export: ")
    assert message in line
    assert not out.exists()


def test_a_variance_too_large_for_fp16_is_scaled_away_and_changes_nothing() -> None:
    torch.manual_seed(0)
    net = UNet(NetDesign("plain", (4, 8, 8), (8, 4), True, ("L",), 5)).eval()
    norm = net.get_submodule("decoder.0.0.norm")
    norm.running_var.fill_(250_000.0)
    norm.running_mean.fill_(300.0)
    norm.weight.data.fill_(400.0)
    x = torch.rand(1, 1, 32, 32)
    with torch.no_grad():
        before = net(x)
        fit_fp16(net)
        after = net(x)
    assert norm.running_var.max() <= 2**14
    torch.testing.assert_close(after, before)
    assert torch.isfinite(norm.running_var.half()).all()
