"""From 200 photos to a model folder with one command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from colorize_engine import Colorizer
from colorize_engine.color import lightness
from colorize_engine.pretrained import Backend, load, load_net
from training.learning import encoders
from training.learning.losses import WeightedCrossEntropy
from training.photos.data_set import DataSet
from training.presets import load_preset
from training.regenerate import main, regenerate, validation_photos

if TYPE_CHECKING:
    from training.presets import Preset

SIDE = 64
TINY = Path(__file__).with_name("tiny.toml")

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def model(
    photo_tree: Path, tiny: Preset, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Model folder made from the 200 photos; do not change it."""
    out = tmp_path_factory.mktemp("model")
    regenerate(photo_tree, out, tiny, device="cpu", precision="float32", limit=6)
    return out


def test_the_trained_nets_beat_the_prior(model: Path) -> None:
    nets, photos = load(model, Backend("cpu")), DataSet.open(model / "work" / "data")
    step = photos.settings["size"] // SIDE
    planes = {
        channel: plane[photos.validation, step // 2 :: step, step // 2 :: step]
        for channel, plane in photos.planes.items()
    }
    logits = dict(zip("ab", nets((planes["L"] / 2.55).astype(np.float32)), strict=True))
    for channel in "ab":
        bins = nets.card.bins[channel]
        loss = WeightedCrossEntropy(bins, True, torch.device("cpu"))
        values = torch.from_numpy(planes[channel].astype(np.float32) - 128)
        best = np.log(np.maximum(bins.weights * bins.prior, 1e-6))
        constant = torch.from_numpy(best)[None, :, None, None].expand_as(
            torch.from_numpy(logits[channel])
        )
        of_net = float(loss(torch.from_numpy(logits[channel]), values))
        assert of_net < float(loss(constant, values)) - 0.05, channel
        assert of_net < loss.of_constant() - 0.05, channel


def test_the_model_colors_a_picture(model: Path) -> None:
    import skimage.data

    gray = skimage.data.astronaut()[..., 0]
    prediction = Colorizer.from_folder(model, "cpu").predict(gray)
    rgb = prediction.colorize()
    assert rgb.shape == (512, 512, 3)
    assert rgb.dtype == np.uint8
    chroma = prediction.decode()
    assert chroma.shape == (2, SIDE, SIDE)
    assert chroma.std(axis=(1, 2)).min() > 1
    assert np.abs(lightness(rgb) - lightness(gray)).mean() < 0.3


def test_the_card_says_all(model: Path, tiny: Preset) -> None:
    card = json.loads((model / "card.json").read_text())
    index = json.loads((model / "work" / "data" / "index.json").read_text())
    training = card["training"]
    assert training["preset"] == tiny.text
    assert training["seed"] == 3
    assert training["source_sha256"] == index["settings"]["source_sha256"]
    assert training["photos_found"] == 200
    assert training["photos_seen_by_each_net"] == tiny.photos_seen
    assert training["seconds_of_training"].keys() == {"both", "a", "b"}
    assert "commit" in training
    for channel in "ab":
        bins = card["bins"][channel]
        assert sum(bins["prior"]) == pytest.approx(1, abs=1e-4)
        assert len(bins["centers"]) == len(bins["weights"]) == len(bins["prior"])
    figures = card["figures"]
    assert figures["set"].startswith("6 validation photos")
    for figure in ("auc", "auc_rebalanced", "psnr", "de00", "l_error"):
        assert figures["gray"][figure] >= 0
        assert figures["tiny"][figure] >= 0
    assert figures["gray"]["cf"] == 0 < figures["tiny"]["cf"]


def test_the_rest_is_kept_for_a_person_to_see(model: Path) -> None:
    work = model / "work"
    for name in ("runs/statistics.png", "evaluation/table.md", "runs/both/log"):
        assert (work / name).exists(), name
    assert list((work / "evaluation").glob("*.png")) + list(
        (work / "evaluation").glob("*.jpg")
    )


def test_once_more_there_is_nothing_to_do(
    model: Path, photo_tree: Path, tiny: Preset
) -> None:
    before = {path: path.stat().st_mtime_ns for path in model.rglob("*")}
    card = regenerate(
        photo_tree, model, tiny, device="cpu", precision="float32", limit=6
    )
    assert {path: path.stat().st_mtime_ns for path in model.rglob("*")} == before
    assert card.figures["tiny"]


def test_another_start_or_precision_is_another_model(
    model: Path, photo_tree: Path, tiny: Preset
) -> None:
    start = {"device": "cpu", "limit": 6}
    with pytest.raises(ValueError, match=r"both started from no model, expected tiny"):
        regenerate(photo_tree, model, tiny, **start, init_from=model)
    with pytest.raises(ValueError, match="was trained in float32, expected bfloat16"):
        regenerate(photo_tree, model, tiny, **start, precision="bfloat16")


def test_the_reference_design_and_its_start_from_a_model(
    photo_tree: Path, model: Path, tmp_path: Path
) -> None:
    preset = load_preset(TINY.with_name("tiny-reference.toml"))
    out, again = tmp_path / "one", tmp_path / "two"
    # The photos of a sample are another data set.
    start = {"device": "cpu", "limit": 2, "data": tmp_path / "data"}
    one = regenerate(photo_tree, out, preset, **start)
    assert one.training["photos_seen_by_each_net"] == {"a": 104, "b": 72}
    assert one.training["seconds_of_training"].keys() == {"a", "b"}
    assert one.training["photos_drawn_to_train"] == 80
    assert one.figures["tiny-reference"]["auc"] > 0
    assert "started_from" not in one.training
    assert load(out, Backend("cpu")).takes_hints is False
    two = regenerate(photo_tree, again, preset, **start, init_from=out)
    assert two.training["started_from"] == {"a": one.label, "b": one.label}
    assert two.model_hash != one.model_hash


def test_figures_are_of_photos_set_aside_with_odd_numbers(
    model: Path, photo_tree: Path
) -> None:
    data = model / "work" / "data"
    chosen = validation_photos(photo_tree, data, "odd", 0)
    photos = DataSet.open(data)
    held_out = {photos.names[row] for row in photos.validation}
    odd = {name for name in held_out if int(name[-5]) % 2}
    assert {photo.name for photo in chosen} == odd
    assert len(validation_photos(photo_tree, data, "odd", 3)) == 3


@pytest.fixture
def pretrained(tmp_path: Path, tiny: Preset) -> Path:
    """Preset of two steps a run that starts from the published encoder, as a file."""
    pytest.importorskip(encoders.PACKAGES["lite0"])
    text = tiny.text
    for old, new in (
        ('"plain"', '"lite0"'),
        ('"scratch"', '"pretrained"'),
        ("encoder_widths = [8, 16, 32, 48]\n", ""),
        ("[32, 16, 8]", "[32, 24, 16, 8]"),
        ("[[32, 400, 8, 0.8], [64, 40, 4, 0.8]]", "[[32, 8, 4, 0.8]]"),
        ("[[32, 64, 8, 0.8], [64, 16, 8, 0.8]]", "[[32, 8, 4, 0.8]]"),
    ):
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "pretrained.toml"
    path.write_text(text)
    return path


def test_the_command_starts_from_the_published_encoder(
    pretrained: Path,
    photo_tree: Path,
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, work = tmp_path / "model", tmp_path / "work"
    arguments = ["--photos", str(photo_tree), "--out", str(out), "--limit", "1"]
    # A data set may be shared between presets.
    arguments += ["--data", str(model / "work" / "data"), "--work", str(work)]
    main([*arguments, "--preset", str(pretrained), "--device", "cpu"])
    card = load(out, Backend("cpu")).card
    assert f"pretrained 1 ({card.model_hash}) in {out}" in capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == {
        "card.json",
        "a.safetensors",
        "b.safetensors",
        "a.onnx",
        "b.onnx",
    }
    assert card.training["encoder"]["sha256"] == encoders.published_sha256("lite0")
    assert card.training["encoder"]["package"] == encoders.PACKAGES["lite0"]
    # In so few steps the encoder stays near to where it started.
    published = encoders.renamed(encoders.published_state("lite0"))
    trained = load_net(out, card, "a").encoder
    assert len(trained.blocks) == 16
    weight = published["blocks.15.project.conv.weight"]
    from safetensors.torch import load_file

    kept = load_file(out / "a.safetensors")["encoder.blocks.15.project.conv.weight"]
    difference = (kept.float() - weight).norm() / weight.norm()
    assert 0 < difference < 0.2


@pytest.mark.parametrize("kind", ["photos", "preset", "init"])
def test_the_command_line_ends_with_one_line(
    kind: str,
    photo_tree: Path,
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = {
        "--photos": str(photo_tree),
        "--out": str(tmp_path / "out"),
        "--data": str(model / "work" / "data"),
        "--preset": "reference-10",
    }
    if kind == "photos":
        arguments["--photos"] = str(tmp_path / "gone")
    elif kind == "preset":
        arguments["--preset"] = "nobody"
    else:
        arguments["--init-from"] = str(model)
    with pytest.raises(SystemExit) as stop:
        main([word for pair in arguments.items() for word in pair])
    assert stop.value.code == 2
    lines = capsys.readouterr().err.strip().splitlines()
    expected = {
        "photos": "gone does not exist",
        "preset": "there is no preset 'nobody'",
        "init": "cannot start from the model",
    }
    assert lines[-1].startswith("python -m training.regenerate: ")
    assert expected[kind] in lines[-1]
    assert "Traceback" not in "".join(lines)
