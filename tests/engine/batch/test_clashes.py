"""Photos that would become one file fail; the others are colored."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from colorize_engine.batch import clashes, plan_jobs
from colorize_engine.cli import command as cli

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Write gray photos of these names below the current folder."""
    monkeypatch.chdir(tmp_path)

    def write(*names: str) -> None:
        for number, name in enumerate(names):
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            pixels = np.full((8, 8), 20 * number, np.uint8)
            Image.fromarray(pixels).save(name)

    return write


def plan(*sources: str, **options: bool) -> tuple[list[str], list[str]]:
    """Return the sources of the jobs and the errors."""
    made = plan_jobs([Path(source) for source in sources], "out", **options)
    return sorted(str(job.source) for job in made.jobs), [
        f"{error.filename}: {error.strerror}" for error in made.errors
    ]


def test_one_clashing_pair_does_not_stop_a_folder(
    photos: Callable[..., None], tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos("in/scan.png", "in/scan.bmp", "in/other.png", "in/deep/scan.png")
    with pytest.raises(SystemExit) as stop:
        cli.main(["in", "-o", "out", "--model", str(tiny_model), "--report", "r.csv"])
    assert stop.value.code == 1
    out, err = capsys.readouterr()
    assert sorted(out.splitlines()) == ["out/deep/scan.png", "out/other.png"]
    lines = [line for line in err.splitlines() if "scan" in line]
    assert len(lines) == 2
    assert "in/scan.bmp: 'in/scan.png' would become 'out/scan.png', too" in lines[0]
    assert "rename one" in lines[1]
    assert not Path("out/scan.png").exists()
    assert Path("r.csv").read_text().count("failed") == 2


def test_a_photo_that_is_named_twice_is_colored_once(
    photos: Callable[..., None],
) -> None:
    photos("in/a.png", "in/b.png")
    os.link("in/a.png", "in/c.png")
    assert plan("in", "in/a.png", "./in/b.png") == (
        ["in/a.png", "in/b.png", "in/c.png"],
        [],
    )


@pytest.mark.parametrize("pair", [("p.jpg", "P.JPG"), ("\u00e9.png", "e\u0301.png")])
@pytest.mark.parametrize("told", [True, False])
def test_names_clash_only_where_the_disk_cannot_tell_them_apart(
    photos: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    pair: tuple[str, str],
    told: bool,
) -> None:
    names = [f"in/{name}" for name in pair]
    photos(*names, "in/other.png")
    if len(os.listdir("in")) != 3:
        pytest.skip("this disk cannot tell the names apart")
    if told:
        assert plan("in") == (sorted([*names, "in/other.png"]), [])
        # Nothing is left of the probe.
        assert sorted(os.listdir()) == ["in"]
        return
    monkeypatch.setattr(clashes, "_tells_apart", lambda _: False)
    jobs, errors = plan("in")
    assert jobs == ["in/other.png"]
    assert len(errors) == 2


def test_further_outputs_clash_as_well(photos: Callable[..., None]) -> None:
    photos("x.png", "x.jpg", "y.png")
    assert plan("x.png", "x.jpg")[1] == []
    jobs, errors = plan("x.png", "x.jpg", "y.png", probabilities=True)
    assert jobs == ["y.png"]
    assert len(errors) == 2


def test_three_of_one_name(photos: Callable[..., None]) -> None:
    photos("a/x.png", "b/x.png", "c/x.png", "c/y.png")
    jobs, errors = plan("a", "b", "c")
    assert jobs == ["c/y.png"]
    assert [error.partition(":")[0] for error in errors] == [
        "a/x.png",
        "b/x.png",
        "c/x.png",
    ]
