"""The command with hints, variants and caution."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage import data

from colorize_engine import Colorizer, Hint
from colorize_engine.cli import command as cli
from colorize_engine.color import lightness, lightness_to_gray, srgb_to_lab
from colorize_engine.hints import to_text

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, list[str], list[str]]]

PHOTO = data.camera()[100:196, 180:308]
needs_dask = pytest.mark.skipif(not find_spec("dask"), reason="the extra stacks")
TABLE = "x,y,color\n40,30,#c03020\n"
HINT = Hint.from_color(30, 40, "#c03020")


@pytest.fixture
def run(
    hinted_model: Path,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Run the command where a photo is: exit code, lines of stdout and stderr."""
    Image.fromarray(PHOTO).save(tmp_path / "photo.png")
    (tmp_path / "photo.csv").write_text(TABLE)
    monkeypatch.chdir(tmp_path)

    def call(*words: object, model: Path = hinted_model) -> tuple[int, list, list]:
        with pytest.raises(SystemExit) as stop:
            cli.main([*map(str, words), "--model", str(model)])
        out, err = capsys.readouterr()
        return stop.value.code, out.splitlines(), err.splitlines()

    return call


def pixels(path: object) -> np.ndarray:
    return np.asarray(Image.open(path))


def mark(path: Path) -> str:
    with Image.open(path) as image:
        image.load()
        return str({**image.info, **image.getexif()})


def test_hints_of_a_photo(run: Run, hinted_model: Path, tmp_path: Path) -> None:
    assert run("photo.png", "-o", "out.png", "--hints", "photo.csv") == (
        0,
        ["out.png"],
        [],
    )
    expected = Colorizer.from_folder(hinted_model).predict(PHOTO, hints=[HINT])
    np.testing.assert_array_equal(pixels("out.png"), expected.colorize())
    assert f"hints {to_text([HINT])}" in mark(tmp_path / "out.png")
    assert run("photo.png", "-o", "plain.png")[0] == 0
    assert "hints" not in mark(tmp_path / "plain.png")
    assert not np.array_equal(pixels("plain.png"), pixels("out.png"))


def test_the_shipped_nets_follow_a_hint(run: Run, tmp_path: Path) -> None:
    gray = lightness_to_gray(lightness(data.coffee()))
    Image.fromarray(gray).save("coffee.png")
    (tmp_path / "red.csv").write_text("x,y,a,b\n180,330,44,38\n")
    code, _, err = run(
        "coffee.png", "-o", "red.png", "--hints", "red.csv", model="default"
    )
    assert (code, err) == (0, [])
    lab = srgb_to_lab(pixels("red.png"))[325:336, 175:186].mean((0, 1))
    assert np.abs(lab[1:] - (44, 38)).max() < 12


def test_hints_on_the_line(run: Run, hinted_model: Path, tmp_path: Path) -> None:
    words = ["--hint", "40,30,#c03020", "--hint", "9, 8, -, 20"]
    assert run("photo.png", "-o", "out.png", *words) == (0, ["out.png"], [])
    more = Hint(8, 9, None, 20)
    expected = Colorizer.from_folder(hinted_model).predict(PHOTO, hints=[HINT, more])
    np.testing.assert_array_equal(pixels("out.png"), expected.colorize())
    assert f"hints {to_text([HINT, more])}" in mark(tmp_path / "out.png")
    both = ["--hints", "photo.csv", "--hint", "9,8,-,20"]
    assert run("photo.png", "-o", "both.png", *both)[0] == 0
    np.testing.assert_array_equal(pixels("both.png"), pixels("out.png"))
    code, _, err = run("photo.png", "photo.png", "-o", "o/", *words)
    assert code == 2
    assert "--hint holds the hints of one photo" in err[0]
    code, _, err = run("photo.png", "-o", "o.png", "--hint", "1,2,red")
    assert code == 2
    assert "'1,2,red' is not a hint" in err[0]


@needs_dask
def test_hints_on_the_line_of_a_stack(run: Run, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "stack.tif", np.stack([PHOTO, PHOTO]))
    (tmp_path / "stack.csv").write_text("x,y,a,b,frame\n40,30,50,40,1\n")
    for name, words in (
        ("file", ["--hints", "stack.csv"]),
        ("line", ["--hint", "40,30,50,40@1"]),
    ):
        found = run("stack.tif", "-o", f"{name}.ome.tif", *words)
        assert found[0] == 0, found
    line, file = (tifffile.imread(f"{name}.ome.tif") for name in ("line", "file"))
    np.testing.assert_array_equal(line, file)
    assert run("stack.tif", "-o", "plain.ome.tif")[0] == 0
    assert not np.array_equal(tifffile.imread("plain.ome.tif"), line)


def test_hints_of_a_folder(run: Run, tmp_path: Path) -> None:
    for place in ("in", "in/below", "hints/below", "hints"):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
    for name in ("one", "below/two", "below/three"):
        Image.fromarray(PHOTO).save(tmp_path / "in" / f"{name}.png")
    (tmp_path / "hints" / "one.csv").write_text(TABLE)
    (tmp_path / "hints" / "below" / "two.csv").write_text("x,y,a,b\n5,5,-40,30\n")
    assert run("in", "-o", "out", "--hints", "hints")[0] == 0
    marks = {
        name: mark(tmp_path / "out" / f"{name}.png")
        for name in ("one", "below/two", "below/three")
    }
    assert "hints 40,30" in marks["one"]
    assert "hints 5,5,-40,30" in marks["below/two"]
    assert "hints" not in marks["below/three"]
    # Only what has other hints now is taken up again.
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.png")}
    (tmp_path / "hints" / "one.csv").write_text(TABLE.replace("40,30", "41,30"))
    code, _out, err = run("in", "-o", "out", "--hints", "hints")
    assert code == 1, "an output with other hints is not replaced by itself"
    assert "one.png" in " ".join(err)
    assert run("in", "-o", "out", "--hints", "hints", "--overwrite")[0] == 0
    changed = {p.name for p, t in before.items() if p.stat().st_mtime_ns != t}
    assert changed == {"one.png"}


def test_hints_of_pages(run: Run, hinted_model: Path, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "pages.tif", np.stack([PHOTO, PHOTO]))
    (tmp_path / "pages.csv").write_text("x,y,a,b,frame\n40,30,50,40,1\n")
    assert run("pages.tif", "-o", "out.tif", "--hints", "pages.csv")[0] == 0
    first, second = tifffile.imread(tmp_path / "out.tif")
    colorizer = Colorizer.from_folder(hinted_model)
    np.testing.assert_array_equal(first, colorizer.predict(PHOTO).colorize())
    shown = colorizer.predict(PHOTO, hints=[Hint(30, 40, 50, 40)])
    np.testing.assert_array_equal(second, shown.colorize())


@pytest.mark.parametrize(
    ("table", "words", "message"),
    [
        ("x,y,color\n1,2,red\n", ["photo.png", "-o", "o.png"], "line 2: .*'red'"),
        (
            "x,y,a,b\n900,2,3,4\n",
            ["photo.png", "-o", "o.png"],
            "row 2, column 900 lies",
        ),
        (None, ["photo.png", "-o", "o.png"], "there are no hints at 'h.csv'"),
        (TABLE, ["photo.png", "photo.png", "-o", "o/"], "the hints of one photo"),
    ],
)
def test_errors_are_one_line(
    run: Run, tmp_path: Path, table: str | None, words: list[str], message: str
) -> None:
    if table is not None:
        (tmp_path / "h.csv").write_text(table)
    code, _, err = run(*words, "--hints", "h.csv")
    assert code in (1, 2)
    (line,) = err
    import re

    assert re.search(message, line), line
    assert not os.path.exists("o.png")


def test_a_model_without_hints_is_named(run: Run, tiny_model: Path) -> None:
    words = ("photo.png", "-o", "o.png", "--hints", "photo.csv")
    code, _, err = run(*words, model=tiny_model)
    assert code == 1
    assert "the model 'tiny' takes no hints" in err[0]


def test_variants(run: Run, tmp_path: Path) -> None:
    words = ("photo.png", "-o", "out.png", "--variants", "3", "--hints", "photo.csv")
    code, _out, err = run(*words)
    assert (code, err) == (0, [])
    names = [f"out-{number}.png" for number in (1, 2, 3)]
    assert sorted(p.name for p in tmp_path.glob("out*")) == names
    pictures = [pixels(name) for name in names]
    for number, picture in enumerate(pictures):
        assert f"variant {number + 1} of 3" in mark(tmp_path / names[number])
        for other in pictures[:number]:
            assert not np.array_equal(picture, other)
    run(*words, "--overwrite")
    for name, picture in zip(names, pictures, strict=True):
        np.testing.assert_array_equal(pixels(name), picture)


def test_variants_of_a_folder_resume(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Image.fromarray(PHOTO).save(tmp_path / "in" / "a.png")
    words = ("in", "-o", "out", "--variants", "2")
    assert run(*words)[0] == 0
    files = sorted((tmp_path / "out").iterdir())
    assert [file.name for file in files] == ["a-1.png", "a-2.png"]
    times = [file.stat().st_mtime_ns for file in files]
    assert run(*words)[0] == 0
    assert [file.stat().st_mtime_ns for file in files] == times


def test_caution(run: Run, hinted_model: Path, tmp_path: Path) -> None:
    assert run("photo.png", "-o", "out.png", "--caution", "0.8")[0] == 0
    expected = Colorizer.from_folder(hinted_model).predict(PHOTO)
    np.testing.assert_array_equal(pixels("out.png"), expected.colorize(caution=0.8))
    assert "caution 0.8" in mark(tmp_path / "out.png")
    assert run("photo.png", "-o", "x.png", "--caution", "2")[0] == 2


def test_the_mark_tells_an_exact_picture_from_one_in_8_bits(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    Image.fromarray(PHOTO).save(tmp_path / "in" / "a.png")
    words = ("in", "-o", "out")
    assert run(*words, model="default")[0] == 0
    small = pixels("out/a.png")
    assert "precision" not in mark(tmp_path / "out" / "a.png")
    exact = (*words, "--precision", "float32")
    assert run(*exact, model="default")[0] == 1, "another picture has that name"
    assert run(*exact, "--overwrite", model="default")[0] == 0
    assert "precision float32" in mark(tmp_path / "out" / "a.png")
    assert not np.array_equal(pixels("out/a.png"), small)


@needs_dask
@pytest.mark.parametrize("name", ["out.ome.tif", "out.zarr"])
def test_hints_of_a_stack(run: Run, hinted_model: Path, name: str) -> None:
    from colorize_engine import stacks
    from colorize_engine.stackfiles import open_stack

    film = np.stack([PHOTO, PHOTO[::-1], PHOTO])
    tifffile.imwrite("film.tif", film, photometric="minisblack")
    Path("film.csv").write_text("x,y,a,b,frame\n40,30,50,40,2\n9,8,-20,,\n")
    assert run("film.tif", "-o", name, "--hints", "film.csv") == (0, [name], [])
    hints = [Hint(30, 40, 50, 40, frame=2), Hint(8, 9, -20)]
    lazy = stacks.predict(film, hinted_model, hints=hints)
    found = open_stack(Path(name), rgb=True).frames.compute()
    np.testing.assert_array_equal(found, lazy.colorize().compute())
    # They come back from what was saved.
    assert run("film.tif", "-o", "again.zarr", "--hints", name)[0] == 0
    again = open_stack(Path("again.zarr"), rgb=True).frames.compute()
    np.testing.assert_array_equal(again, found)


@needs_dask
def test_errors_of_a_stack_are_one_line(run: Run, tmp_path: Path) -> None:
    tifffile.imwrite("film.tif", np.stack([PHOTO, PHOTO]), photometric="minisblack")
    Path("far.csv").write_text("x,y,color,frame\n1,1,#f00,2\n")
    (tmp_path / "empty").mkdir()
    for words, expected, message in (
        (("--variants", "2"), 2, "--variants does not work with a stack"),
        (("--hints", "none.csv"), 2, "none.csv: no such file"),
        (("--hints", "empty"), 2, "it is a folder, and no Zarr array"),
        (("--hints", "film.tif"), 2, "film.tif was saved without hints"),
        (("--hints", "far.csv"), 1, "frame 2 lies outside the stack of 2 frames"),
    ):
        code, _, (line,) = run("film.tif", "-o", "out.ome.tif", *words)
        assert code == expected
        assert message in line


@pytest.mark.parametrize("name", ["out.png", "out.jpg", "out.tif", "out.webp"])
def test_hints_come_back_from_a_saved_picture(run: Run, name: str) -> None:
    assert run("photo.png", "-o", name, "--hints", "photo.csv")[0] == 0
    assert run("photo.png", "-o", "again.png", "--hints", name)[0] == 0
    run("photo.png", "-o", "first.png", "--hints", "photo.csv")
    assert np.abs(pixels("again.png").astype(int) - pixels("first.png")).max() <= 1
    code, _, err = run("photo.png", "-o", "none.png", "--hints", "photo.png")
    assert code == 1
    assert "photo.png was saved without hints" in err[0]
