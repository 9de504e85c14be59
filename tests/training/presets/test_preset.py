"""Preset files, those that ship and those that are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from colorize_engine.bins import ChannelBins
from colorize_engine.pretrained import INPUTS, WEIGHTS, NetDesign, read_card
from training.presets import FOLDER, load_preset

if TYPE_CHECKING:
    from pathlib import Path

    from training.presets import Preset

NAMES = ("default", "reference-10")


def test_default_takes_hints_and_its_nets_go_on_from_one_with_both_heads() -> None:
    preset = load_preset("default")
    assert (preset.net["encoder"], preset.net["hints"]) == ("lite2", True)
    assert [run.channels for run in preset.runs] == ["both", "a", "b"]
    # Hard targets come last.
    assert [run.soft_at(run.photos - 1) for run in preset.runs] == [False] * 3
    assert preset.runs[0].soft_at(0)
    both, a, b = (run.photos for run in preset.runs)
    assert preset.photos_seen == {"a": both + a, "b": both + b}
    for run in preset.runs:
        assert all(stage.photos % stage.batch == 0 for stage in run.stages)
        assert run.stages[-1].side == 256


def test_the_reference_is_the_reference_design() -> None:
    preset = load_preset("reference-10")
    bins = preset.bins
    assert (bins["scheme"], bins["count"], bins["range"]) == (
        "uniform",
        10,
        [-128, 127],
    )
    # The class weights of Zhang 2016.
    assert (bins["sigma"], bins["uniform_share"], bins["power"]) == (5, 0.5, 1)
    assert (preset.data["sample"], preset.data["draw"]) == (50_000, 25_000)
    assert preset.data["statistics"] == 10_000
    assert (preset.net["encoder"], preset.net["initial"]) == ("plain", "scratch")
    assert preset.net["hints"] is False
    assert preset.decode == {
        "temperature": 0.38,
        "rebalance": 0,
        "working_size": 256,
        "eight_bits": False,
    }
    # Two nets from the start, and the loss of the design alone.
    assert [run.channels for run in preset.runs] == ["a", "b"]
    assert (bins["soft"], [run.soft_at(0) for run in preset.runs]) == (
        False,
        [False] * 2,
    )
    assert preset.photos_seen == {"a": 335_520, "b": 296_992}


@pytest.mark.parametrize("name", NAMES)
def test_shipped_cards_carry_the_preset(name: str) -> None:
    if not (WEIGHTS / name / "card.json").is_file():
        pytest.skip(f"the model {name} is not shipped")
    card, preset = read_card(WEIGHTS / name), load_preset(name)
    assert card.training["preset"] == (FOLDER / f"{name}.toml").read_text("utf-8")
    assert card.training["photos_seen_by_each_net"] == preset.photos_seen
    assert card.purpose == preset.purpose != ""
    for channel in "ab":
        design = NetDesign(**card.nets[channel])
        assert design == preset.design(channel, card.bins)


def test_a_purpose_is_read_and_changes_no_training(
    tiny: Preset, tmp_path: Path
) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text(tiny.text.replace("[data]", 'purpose = "For tests."\n[data]'))
    preset = load_preset(path)
    assert (tiny.purpose, preset.purpose) == ("", "For tests.")
    assert preset.of_training == tiny.of_training


def test_separate_stands_for_a_run_of_a_and_one_of_b(tiny: Preset) -> None:
    assert [run.channels for run in tiny.runs] == ["both", "a", "b"]
    assert [run.learning_rate_factor for run in tiny.runs] == [1, 0.5, 0.5]
    run = tiny.runs[0]
    first, second = run.stages
    assert first == (32, 400, 8, 0.8)
    assert run.photos == first.photos + second.photos
    assert [run.stage_at(n) for n in (0, first.photos - 1)] == [first] * 2
    assert [run.stage_at(n) for n in (first.photos, run.photos, 10**9)] == [second] * 3


def test_a_run_has_soft_targets_for_its_first_share(tiny: Preset) -> None:
    run = tiny.runs[0]
    assert [run.soft_at(n) for n in (0, 219, 220, 439)] == [True, True, False, False]
    assert not tiny.runs[1].soft_at(0)


def test_a_and_b_may_see_different_numbers_of_photos(
    tiny: Preset, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    separate = tiny.text.index("[[runs]]", tiny.text.index("[[runs]]") + 1)
    end = tiny.text.index("[decode]")
    entry = tiny.text[separate:end]
    of_a = entry.replace('"separate"', '"a"').replace("[32, 64,", "[32, 640,")
    of_b = entry.replace('"separate"', '"b"')
    path.write_text(tiny.text[:separate] + of_a + of_b + tiny.text[end:])
    assert load_preset(path).photos_seen == {"a": 440 + 656, "b": 440 + 80}


def test_the_design_has_the_outputs_and_inputs_of_its_channels(tiny: Preset) -> None:
    bins = {
        "a": ChannelBins.unweighted([-1, 0, 1]),
        "b": ChannelBins.unweighted([-2, -1, 0, 1, 2]),
    }
    designs = {channels: tiny.design(channels, bins) for channels in ("both", "a", "b")}
    assert {k: design.outputs for k, design in designs.items()} == {
        "both": 8,
        "a": 3,
        "b": 5,
    }
    assert {design.inputs for design in designs.values()} == {INPUTS[1]}
    without = load_preset("reference-10").design("a", bins)
    assert without.inputs == ("L",)


def test_an_unknown_preset_is_an_error_that_lists_the_known(tmp_path: Path) -> None:
    known = "expected default, reference-10, or"
    with pytest.raises(FileNotFoundError, match=known):
        load_preset("nobody")
    with pytest.raises(FileNotFoundError, match="gone"):
        load_preset(tmp_path / "gone.toml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[decode]", "[decoding]", "missing: decode, unknown: decoding"),
        ("ema = ", "ema_decay = ", "missing: ema, unknown: ema_decay"),
        ("step = 15.0", "count = 10", "missing: step, unknown: count"),
        ('"zero-centered"', '"fuzzy"', "expected the scheme uniform, zero-centered"),
        ('"scratch"', '"magic"', "expected initial pretrained or scratch, got 'magic'"),
        ('"separate"', '"c"', "expected the channels both, separate, a, b, got 'c'"),
        ('"separate"', '"a"', "expected the runs a and b"),
        ('"separate"', '"both"', "got both, both"),
        ('channels = "both"', 'channel = "both"', "unknown: channel"),
        ("soft_share = 0.0", "soft = false", "missing: soft_share, unknown: soft"),
        ("soft_share = 0.0", "soft_share = 1.5", "soft_share in 0..1, got 1.5"),
        ("[32, 64, 8, 0.8]", "[32, 0, 8, 0.8]", "at least one pixel, one photo and"),
        ("[32, 64, 8, 0.8]", "[32, 64, 0, 0.8]", "a batch of one each"),
        ("[32, 64, 8, 0.8]", "[32, 64, 8, 1.5]", "above 0 and at most 1"),
        ("hints = true", "hints = false", "unknown: hints"),
        ("sparse = 0.3, ", "", "missing: sparse"),
        ("sparse = 0.3", "sparse = 0.9", "shares in hints of 1 in all"),
        ("power = 1.0\n", "", "missing: power"),
        ("[data]", "purpose = 3\n[data]", "expected purpose to be text, got 3"),
        ("[32, 64, 8, 0.8]", "[32, 64]", "cannot be used"),
        ("[data]", "[data", "cannot be used"),
    ],
)
def test_a_wrong_preset_is_an_error_that_names_it(
    old: str, new: str, message: str, tiny: Preset, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    assert old in tiny.text
    path.write_text(tiny.text.replace(old, new))
    with pytest.raises(ValueError, match=r"mine\.toml cannot be used") as caught:
        load_preset(path)
    assert message in str(caught.value)
