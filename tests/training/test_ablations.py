"""Small runs that change one thing each, and the figure that compares them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from training.ablations import PLAN, _claimed, ablate, as_toml, best_raw, changed
from training.photos import find_photos
from training.presets import FOLDER, load_preset

pytestmark = pytest.mark.usefixtures("one_thread")


def test_every_run_of_the_plan_is_a_preset_and_changes_something(
    tmp_path: Path,
) -> None:
    plan = tomllib.loads(PLAN.read_text("utf-8"))
    base = tomllib.loads((FOLDER / f"{plan['preset']}.toml").read_text("utf-8"))
    base = changed(base, {**plan["common"], "runs": plan["budget"]})
    presets = {}
    for entry in plan["ablations"]:
        assert len(entry["prediction"]) > 4
        path = tmp_path / f"{entry['name']}.toml"
        path.write_text(as_toml(changed(base, entry.get("change", {}))), "utf-8")
        presets[entry["name"]] = load_preset(path)
    assert len({preset.text for preset in presets.values()}) == len(plan["ablations"])
    assert len({preset.photos_seen for preset in presets.values()}) == 1
    assert presets["base"].training["ema"] == plan["common"]["training"]["ema"]


def test_a_new_scheme_of_bins_brings_its_own_keys() -> None:
    base = {"bins": {"scheme": "zero-centered", "step": 10, "soft": True}, "runs": []}
    change = {"bins": {"scheme": "lloyd-max", "count": 12}}
    found = changed(base, change)["bins"]
    assert found == {"scheme": "lloyd-max", "count": 12, "soft": True}
    assert changed(base, {"bins": {"soft": False}})["bins"]["step"] == 10
    assert base["bins"]["scheme"] == "zero-centered"


def test_presets_survive_being_written_as_toml() -> None:
    for path in FOLDER.glob("*.toml"):
        content = tomllib.loads(path.read_text("utf-8"))
        assert tomllib.loads(as_toml(content)) == content


def test_raw_is_compared_at_equal_rebalanced() -> None:
    points = [
        {"temperature": t, "rebalance": r, "auc": raw, "auc_rebalanced": rebalanced}
        for t, r, raw, rebalanced in (
            (0.4, -1.0, 90.0, 60.0),
            (0.4, 0.0, 88.0, 64.0),
            (0.8, 0.0, 87.0, 66.0),
            (0.8, -1.0, 89.0, 62.0),
        )
    ]
    assert best_raw(points, 60) == 90
    assert best_raw(points, 61) == pytest.approx(89.5)
    # 88.5 along the line of 0.4; the one of 0.8 has 88.5 at 63 too.
    assert best_raw(points, 63) == pytest.approx(88.5)
    assert best_raw(points, 65) == pytest.approx(87.5)
    assert best_raw(points, 67) is None


def test_a_plan_runs_to_a_table_and_does_nothing_twice(
    data: Path,
    photo_tree: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("training.ablations.FOLDER", Path(__file__).parent)
    runs = """
channels = "both"
learning_rate_factor = 1.0
sizes = [[32, 64]]
[[{0}]]
channels = "separate"
learning_rate_factor = 1.0
sizes = [[32, 8]]
"""
    plan = tmp_path / "plan.toml"
    plan.write_text(
        'preset = "tiny"\n[common]\ntraining = { ema = 0.9 }\n[[budget]]'
        + runs.format("budget")
        + '[[ablations]]\nname = "base"\nprediction = "as it is"\n'
        '[[ablations]]\nname = "hard"\nprediction = "alike"\n'
        "change.bins = { soft = false }\n"
    )
    found = find_photos(photo_tree)[:4]
    out = tmp_path / "out"
    with pytest.raises(ValueError, match="no run soft; expected some of base, hard"):
        ablate(plan, data, found, out, only=["soft"])
    lines = ablate(plan, data, found, out, only=["base"]).splitlines()
    assert "base" in lines[-1]
    assert len(lines) == 3
    stamp = (out / "base" / "figures.json").stat().st_mtime_ns
    lines = ablate(plan, data, found, out).splitlines()
    assert [line.split()[1] for line in lines[2:]] == ["base", "hard"]
    assert (out / "base" / "figures.json").stat().st_mtime_ns == stamp
    figures = json.loads((out / "hard" / "figures.json").read_text())
    assert figures["photos"] == 72
    assert (
        figures["nll_a"]
        != json.loads((out / "base" / "figures.json").read_text())["nll_a"]
    )


def test_a_run_is_claimed_until_its_process_ends(tmp_path: Path) -> None:
    # Left behind by a process that was killed.
    (tmp_path / "running").touch()
    with _claimed(tmp_path) as first, _claimed(tmp_path) as second:
        assert (first, second) == (True, False)
    with _claimed(tmp_path) as third:
        assert third
