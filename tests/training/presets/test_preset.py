"""Preset files, those that ship and those that are wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from colorize_engine.bins import ChannelBins
from colorize_engine.pretrained import WEIGHTS, NetDesign, read_card
from training.presets import FOLDER, ClassWeights, load_preset

if TYPE_CHECKING:
    from pathlib import Path

    from training.presets import Preset

NAMES = ("default", "reference-10")


def test_the_reference_sees_as_many_photos_as_default_or_a_few_more() -> None:
    default, reference = map(load_preset, NAMES)
    assert 0 < default.photos_seen <= reference.photos_seen < 1.1 * default.photos_seen
    for preset in (default, reference):
        for channel in "ab":
            runs = [run for run in preset.runs if run.channels in ("both", channel)]
            own = [run for run in runs if not run.encoder]
            assert sum(run.photos for run in own) == preset.photos_seen


def test_the_reference_is_the_reference_design() -> None:
    preset = load_preset("reference-10")
    bins = preset.bins
    assert (bins["scheme"], bins["count"], bins["range"]) == (
        "uniform",
        10,
        [-128, 127],
    )
    assert (bins["soft"], bins["sigma"], bins["uniform_share"]) == (False, 0, 0)
    assert (preset.data["sample"], preset.data["draw"]) == (50_000, 25_000)
    assert preset.data["statistics"] == 10_000
    assert (preset.net["encoder"], preset.net["initial"]) == ("plain", "scratch")
    assert preset.decode == {"temperature": 0.38, "rebalance": 0, "working_size": 256}
    # Its last words are its own loss: true colors, class weights, the full size.
    taught = [bool(run.teacher) for run in preset.runs]
    assert taught[:2] == [True, True]
    assert not any(taught[2:])
    assert len(taught) > 4
    assert all(run.class_weights and not run.unweighted for run in preset.runs[2:])
    assert preset.runs[-1].stages[-1].side == 256


def test_the_scratch_twin_is_the_first_cycle_but_for_its_start() -> None:
    default, twin = load_preset("default"), load_preset("default-scratch")
    assert (default.net.pop("initial"), twin.net.pop("initial")) == (
        "pretrained",
        "scratch",
    )
    # A fresh encoder learns at the rate of the rest.
    del default.training["encoder_learning_rate"]
    rate = twin.training.pop("encoder_learning_rate")
    assert rate == twin.training["learning_rate"]
    # Its separate nets, too, have the class weights of that cycle.
    first = default.class_weights(default.runs[0])
    assert first == twin.class_weights() == twin.class_weights(twin.runs[0])
    for rule in (default.bins, twin.bins):
        for key in ClassWeights._fields:
            del rule[key]
    for section in ("data", "bins", "net", "training"):
        assert getattr(default, section) == getattr(twin, section), section
    assert twin.runs[0] == replace(default.runs[0], class_weights=True)


@pytest.mark.parametrize("name", NAMES)
def test_shipped_cards_carry_the_preset(name: str) -> None:
    if not (WEIGHTS / name / "card.json").is_file():
        pytest.skip(f"the model {name} is not shipped")
    card, preset = read_card(WEIGHTS / name), load_preset(name)
    assert card.training["preset"] == (FOLDER / f"{name}.toml").read_text("utf-8")
    assert card.training["photos_seen_by_each_net"] == preset.photos_seen
    for channel in "ab":
        design = NetDesign(**card.nets[channel])
        assert design == preset.design(channel, card.bins)


def test_separate_stands_for_a_run_of_a_and_one_of_b(tiny: Preset) -> None:
    assert [run.channels for run in tiny.runs] == ["both", "a", "b"]
    assert [run.learning_rate_factor for run in tiny.runs] == [1, 0.5, 0.5]
    run = tiny.runs[0]
    first, second = run.stages
    assert run.photos == first.photos + second.photos
    assert [run.stage_at(n) for n in (0, first.photos - 1)] == [first] * 2
    assert [run.stage_at(n) for n in (first.photos, run.photos, 10**9)] == [second] * 3


def test_a_run_may_have_crops_by_size_and_defer_the_class_weights(
    tiny: Preset, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    text = tiny.text.replace("[32, 400]", "[32, 400, 0.5]")
    path.write_text(text.replace('"both"', '"both"\nunweighted = 40\nfrozen = 8'))
    runs = load_preset(path).runs
    assert runs[0].stages[0] == (32, 400, 0.5)
    assert runs[0].stages[1].crop is None
    assert [run.unweighted for run in runs] == [40, 0, 0]
    assert [run.unweighted for run in tiny.runs] == [0, 0, 0]
    assert [run.frozen_photos for run in runs] == [8, 0, 0]


def test_a_run_may_age_a_share_of_its_photos(tiny: Preset, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(tiny.text.replace('"both"', '"both"\naged = 0.3'))
    assert [run.aged_share for run in load_preset(path).runs] == [0.3, 1, 1]


def test_a_run_may_have_a_batch_of_its_own_and_drop_blocks(
    tiny: Preset, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(tiny.text.replace('"both"', '"both"\nbatch = 4\ndrop_path = 0.2'))
    runs = load_preset(path).runs
    assert [run.batch for run in runs] == [4, 0, 0]
    assert [run.drop_path for run in runs] == [0.2, 0, 0]


def test_a_net_of_its_own_teaches_others_and_none_goes_on_from_it(
    tiny: Preset, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    start = tiny.text.index("[[runs]]")
    end = tiny.text.index("[[runs]]", start + 1)
    both = tiny.text[start:end]
    teacher = both.replace('"both"', '"both"\nencoder = "lite2"')
    taught = both.replace('"both"', '"both"\nteachers = ["both", "teacher"]')
    path.write_text(tiny.text[:end] + teacher + taught + tiny.text[end:])
    preset = load_preset(path)
    names = ["both", "teacher", "both-2", "a", "b"]
    assert [run.name for run in preset.runs] == names
    first, other, second, a, _ = preset.runs
    assert [preset.before(r) for r in (other, second, a)] == [None, first, second]
    assert (other.encoder, second.teachers) == ("lite2", ("both", "teacher"))
    assert preset.run_named("teacher") == other
    # What the shipped nets saw themselves.
    assert preset.photos_seen == first.photos + second.photos + a.photos
    bins = {c: ChannelBins.unweighted([-1, 0, 1]) for c in "ab"}
    assert preset.design("both", bins, other.encoder).encoder == "lite2"


def test_a_run_may_have_hard_targets(tiny: Preset, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(tiny.text.replace('"separate"', '"separate"\nsoft = false'))
    assert [run.soft_targets for run in load_preset(path).runs] == [None, False, False]


def test_a_run_may_have_class_weights_of_its_own_or_none(
    tiny: Preset, tmp_path: Path
) -> None:
    path, found = tmp_path / "mine.toml", []
    rule = "{ sigma = 2, uniform_share = 1, power = 0.5 }"
    for said in ("true", "false", rule):
        path.write_text(tiny.text.replace('"both"', f'"both"\nclass_weights = {said}'))
        preset = load_preset(path)
        assert preset.class_weights() == ClassWeights(5, 0.5, 1)
        assert preset.class_weights(preset.runs[1]) == ClassWeights(5, 0.5, 1)
        found.append(preset.class_weights(preset.runs[0]))
    assert found == [ClassWeights(5, 0.5, 1), None, ClassWeights(2, 1, 0.5)]


def test_runs_of_both_heads_go_on_from_each_other(tiny: Preset, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    start = tiny.text.index("[[runs]]")
    end = tiny.text.index("[[runs]]", start + 1)
    path.write_text(tiny.text[:end] + tiny.text[start:end] + tiny.text[end:])
    preset = load_preset(path)
    first, second, a, b = preset.runs
    assert [run.name for run in preset.runs] == ["both", "both-2", "a", "b"]
    assert [preset.before(run) for run in preset.runs] == [
        None,
        first,
        second,
        second,
    ]
    assert preset.photos_seen == tiny.photos_seen + first.photos
    assert (a.photos, b.photos) == (tiny.runs[1].photos, tiny.runs[2].photos)


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
    assert {k: design.inputs for k, design in designs.items()} == {
        "both": ("L",),
        "a": ("L",),
        "b": ("L", "a"),
    }


def test_an_unknown_preset_is_an_error_that_lists_the_known(tmp_path: Path) -> None:
    known = "expected default, default-scratch, reference-10, or"
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
        ('channels = "both"', 'channel = "both"', "unknown: channel"),
        ("[32, 64]", "[32, 0]", "at least one pixel and one photo"),
        ("[32, 64]", "[32, 64, 1.5]", "above 0 and at most 1"),
        ('channels = "both"', 'channels = "both"\nunweighted = 9999', "unweighted in"),
        ('channels = "both"', 'channels = "both"\naged = 1.5', "aged in 0..1"),
        ('channels = "both"', 'channels = "both"\nbatch = -1', "one photo or more"),
        (
            '"both"',
            '"both"\nencoder = "vgg"',
            "both heads, lite0 or lite1 or lite2, got 'vgg'",
        ),
        ('"separate"', '"separate"\nencoder = "lite2"', "of a run of both heads"),
        ('"separate"', '"separate"\nteachers = ["a"]', "before, both, got a"),
        ('"both"', '"both"\nteacher = "x"\nteachers = ["y"]', "got both"),
        ('channels = "both"', 'channels = "both"\ndrop_path = 1', "drop_path in 0..1"),
        ('"both"', '"both"\nclass_weights = { power = 1.0 }', "missing: sigma, uni"),
        ('"separate"', '"separate"\nclass_weights = false', "class weights of [bins]"),
        ("power = 1.0\n", "", "missing: power"),
        ("[32, 64]", "[32]", "cannot be used"),
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
