"""``--nan``: what the command does with NaN and infinity, in files, folders, stacks."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from skimage import data

from colorize_engine import cli
from colorize_engine.batch import recall

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, list[str], list[str]]]

pytestmark = pytest.mark.usefixtures("one_thread")

GRAY = (data.camera()[100:160, 180:260] / 255).astype(np.float32)
BLANK = np.zeros(GRAY.shape, bool)
BLANK[:9], BLANK[30:40, 20:50] = True, True
HOLED = GRAY.copy()
HOLED[:9], HOLED[30:40, 20:50] = np.nan, np.inf
COUNT = f"{BLANK.sum():,} pixels are NaN or infinite"


@pytest.fixture
def run(
    hinted_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Run the command in the folder of the test: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, list[str], list[str]]:
        with pytest.raises(SystemExit) as left:
            cli.main([*words, "--model", str(hinted_model)])
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out.split(), said.err.splitlines()

    tifffile.imwrite("holed.tif", HOLED)
    tifffile.imwrite("black.tif", np.where(BLANK, np.float32(0), GRAY))
    return call


def test_an_error_names_the_option(run: Run, tmp_path: Path) -> None:
    for words in ((), ("--nan", "error")):
        code, out, errors = run("holed.tif", "-o", "out.tif", *words)
        assert (code, out, len(errors)) == (1, [], 1)
        assert "NaN or infinite values" in errors[0]
        assert "--nan blank" in errors[0]
        assert not (tmp_path / "out.tif").exists()


def test_blank_pixels_are_black_and_the_others_as_beside_black(run: Run) -> None:
    code, out, notes = run("holed.tif", "-o", "out.tif", "--nan", "blank")
    assert (code, out) == (0, ["out.tif"])
    (note,) = notes
    assert note.startswith(f"colorize: holed.tif: note: {COUNT}")
    assert run("black.tif", "-o", "out-black.tif", "--nan", "blank")[2] == []
    found = tifffile.imread("out.tif")
    np.testing.assert_array_equal(found, tifffile.imread("out-black.tif"))
    np.testing.assert_allclose(found[BLANK], 0, atol=1e-6)
    assert np.ptp(found, axis=-1).max() > 0.05


def test_the_range_is_that_of_the_others(run: Run, tmp_path: Path) -> None:
    tifffile.imwrite("wide.tif", HOLED * 4000 - 1000)
    words = ("-o", "wide-color.png", "--nan", "blank")
    code, _, errors = run("wide.tif", *words)
    assert code == 1
    assert "give --range auto" in errors[0]
    code, _, notes = run("wide.tif", *words, "--range", "auto")
    assert code == 0
    assert COUNT in notes[-1]
    saved = recall(tmp_path / "wide-color.png")
    assert saved is not None
    assert saved.photo == tmp_path / "wide.tif"
    (gray,) = saved.sources
    assert (gray[~BLANK].min(), gray[~BLANK].max(), gray[BLANK].max()) == (0, 1, 0)


def test_alpha_is_0_there(run: Run) -> None:
    rgba = np.dstack([HOLED, HOLED, HOLED, np.ones_like(GRAY)])
    tifffile.imwrite("rgba.tif", rgba, photometric="rgb", extrasamples=["unassalpha"])
    assert run("rgba.tif", "-o", "out.tif", "--nan", "blank")[0] == 0
    found = tifffile.imread("out.tif")
    np.testing.assert_array_equal(found[..., 3], ~BLANK)
    np.testing.assert_allclose(found[BLANK], 0, atol=1e-6)


def test_the_pages_of_a_file_are_counted_together(run: Run) -> None:
    tifffile.imwrite(
        "pages.tif", np.stack([HOLED, GRAY, HOLED[::-1]]), photometric="minisblack"
    )
    code, _, notes = run("pages.tif", "-o", "out.tif", "--nan", "blank")
    assert (code, len(notes)) == (0, 1)
    assert f"{2 * BLANK.sum():,} pixels" in notes[0]
    code, _, notes = run(
        "pages.tif", "-o", "v.tif", "--nan", "blank", "--variants", "2"
    )
    assert (code, len(notes)) == (0, 1)
    assert f"{2 * BLANK.sum():,} pixels" in notes[0]


def test_a_folder_goes_on_with_those_that_failed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    for name in ("holed.tif", "black.tif"):
        shutil.move(name, "scans")
    code, out, errors = run("scans", "-o", "out")
    assert (code, out) == (1, ["out/black.tif"])
    assert "scans/holed.tif" in errors[0]
    code, out, notes = run("scans", "-o", "out", "--nan", "blank")
    assert (code, out) == (0, ["out/holed.tif"])
    assert COUNT in notes[0]
    assert "skipped: 1 already done" in notes[1]


def test_a_stack_has_it_too(run: Run) -> None:
    pytest.importorskip("dask.array")
    frames = np.stack([HOLED, GRAY]) * 50 - 7
    tifffile.imwrite("film.ome.tif", frames, metadata={"axes": "TYX"})
    words = ("film.ome.tif", "-o", "out.ome.tif", "--range", "auto")
    code, _, errors = run(*words)
    assert (code, len(errors)) == (1, 1)
    assert "--nan blank" in errors[0]
    code, out, notes = run(*words, "--nan", "blank")
    assert (code, out) == (0, ["out.ome.tif"])
    assert "became black and" in notes[0]
    assert COUNT in notes[1]
    found = tifffile.imread("out.ome.tif")
    np.testing.assert_allclose(found[0][BLANK], 0, atol=1e-6)
    assert found[1][BLANK].max() > 0.5


def test_a_film_has_none(run: Run) -> None:
    code, _, errors = run("film.mp4", "-o", "out.mp4", "--nan", "blank")
    assert code == 2
    assert "--nan does not work with a film" in errors[0]
