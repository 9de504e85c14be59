"""The command ``colorize``: files and folders, options, lines and exit codes."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import termios
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
import pytest
import sensors
import tifffile
from PIL import Image
from skimage import data

import colorize_engine
from colorize_engine import Colorizer, files
from colorize_engine.batch import Settings, plan_jobs
from colorize_engine.cli import command as cli
from colorize_engine.cli import model_table
from colorize_engine.color import lightness, srgb_to_lab
from colorize_engine.pretrained import folder as pretrained
from colorize_engine.pretrained import read_card

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, list[str], list[str]]]

ROOT = Path(colorize_engine.__file__).parents[1]

PHOTO = data.camera()[100:196, 180:308]
DEEP = PHOTO.astype(np.uint16) * 257 + np.arange(128, dtype=np.uint16)
pytestmark = pytest.mark.usefixtures("one_thread")

SCRIPT = "from colorize_engine.cli import main; main()"


@pytest.fixture
def run(
    tiny_model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Run the command with the tiny model: exit code, lines of stdout and stderr."""

    def call(*args: object, model: object = tiny_model) -> tuple[int, list, list]:
        words = [str(arg) for arg in args]
        if model is not None:
            words += ["--model", str(model)]
        with pytest.raises(SystemExit) as exit_info:
            cli.main(words)
        out, err = capsys.readouterr()
        return exit_info.value.code, out.splitlines(), err.splitlines()

    return call


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.fromarray(PHOTO).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def read(path: Path) -> np.ndarray:
    if path.suffix == ".tif":
        return tifffile.imread(path)
    if path.suffix == ".png":
        return imagecodecs.png_decode(path.read_bytes())
    with Image.open(path) as image:
        return np.asarray(image)


# The nets replaced by a function, as a new process would take long to load torch.
WITHOUT_TORCH = """
import numpy as np
from colorize_engine import ChannelBins, Colorizer
from colorize_engine.cli import command
bins = ChannelBins([-20, 0, 20], [0.2, 0.6, 0.2], [1, 1, 1])
logits = lambda L: np.stack([L / 20, L * 0, -L / 20])
command.load = lambda *_: Colorizer(lambda L: (logits(L), logits(L)), bins, bins)
command.main()
"""


def command(*args: object, **options: object) -> subprocess.Popen[str]:
    """Start the command as a program of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", WITHOUT_TORCH, *map(str, args)],
        cwd=ROOT,
        text=True,
        **options,
    )


@pytest.mark.parametrize(
    ("suffix", "image"),
    [
        (".png", PHOTO),
        (".png", DEEP),
        (".webp", PHOTO),
        (".tif", PHOTO),
        (".tif", DEEP),
        (".tif", (DEEP / 65535).astype(np.float32)),
    ],
)
def test_gray_in_color_out_with_the_same_lightness_and_depth(
    tmp_path: Path, run: Run, suffix: str, image: np.ndarray
) -> None:
    source, target = tmp_path / f"in{suffix}", tmp_path / "new" / f"out{suffix}"
    if suffix == ".tif":
        tifffile.imwrite(source, image)
    else:
        options = {"lossless": True} if suffix == ".webp" else {}
        Image.fromarray(image).save(source, **options)
    assert run(source, "-o", target) == (0, [str(target)], [])
    color = read(target)
    assert color.dtype == image.dtype
    assert color.shape == (*image.shape, 3)
    assert np.abs(lightness(color) - lightness(image)).mean() < 0.3
    assert np.abs(srgb_to_lab(color)[..., 1:]).mean() > 0.5
    assert len(list(target.parent.iterdir())) == 1


def test_a_folder_run_takes_the_formats_of_today(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    heif = pytest.importorskip("pillow_heif")
    (tmp_path / "in").mkdir()
    deep = np.repeat(DEEP[..., None], 3, axis=2)
    files.write(tmp_path / "in" / "a.jxl", [files.Picture(deep)])
    heif.from_pillow(Image.fromarray(PHOTO)).save(tmp_path / "in" / "b.heic")
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "pillow_heif", None)
        code, lines, errors = run(tmp_path / "in", "-o", out)
    assert (code, lines) == (1, [str(out / "a.jxl")])
    error, _ = errors
    assert "b.heic: " in error and "napari-colorize[heic]" in error
    (color,) = files.read(out / "a.jxl")
    assert color.image.dtype == np.uint16
    assert np.abs(lightness(color.image) - lightness(DEEP)).mean() < 0.3
    assert run(tmp_path / "in", "-o", out)[:2] == (0, [str(out / "b.png")])
    skipped, _ = run(tmp_path / "in", "-o", out)[2]
    assert skipped == "colorize: skipped: 2 already done"
    # Another quality is another picture.
    again = ("--quality", "60", "--overwrite")
    lossless = (out / "a.jxl").stat().st_size
    assert run(tmp_path / "in", "-o", out, *again)[1] == [str(out / "a.jxl")]
    assert (out / "a.jxl").stat().st_size < lossless / 2


def with_preview(path: Path) -> None:
    """Write a scan as scanners do: a small colored preview, then the picture."""
    preview = np.full((12, 16, 3), (200, 60, 30), np.uint8)
    with tifffile.TiffWriter(path) as file:
        file.write(preview, subfiletype=1, subifds=1, metadata=None)
        file.write(DEEP, subfiletype=0, metadata=None)


def test_a_folder_run_takes_no_preview_for_a_picture(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    for name in ("scan.tif", "scanned.nef"):
        with_preview(tmp_path / "in" / name)
    sensors.write_dng(tmp_path / "in" / "raw.dng")
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "rawpy", None)
        code, lines, errors = run(tmp_path / "in", "-o", out)
    written = [str(out / name) for name in ("scan.tif", "scanned.png")]
    assert (code, sorted(lines)) == (1, written)
    error, _ = errors
    assert error.startswith(f"colorize: {tmp_path / 'in' / 'raw.dng'}: ")
    assert "napari-colorize[raw]" in error
    for path in written:
        color = read(Path(path))
        assert (color.shape, color.dtype) == ((*DEEP.shape, 3), np.uint16)
        assert np.abs(lightness(color) - lightness(DEEP)).mean() < 0.3
    pytest.importorskip("rawpy")
    assert run(tmp_path / "in", "-o", out)[:2] == (0, [str(out / "raw.png")])
    color = read(out / "raw.png")
    assert color.dtype == np.uint16
    expected = sensors.encoded(sensors.light()).astype(np.uint16)
    assert np.abs(lightness(color) - lightness(expected))[20:-4, 4:-4].max() < 1


def test_photos_go_to_a_folder_under_their_names(tmp_path: Path, run: Run) -> None:
    sources = [tmp_path / name for name in ("a.png", "b.JPG", "c.tiff", "d e.gif", "f")]
    for source in sources:
        kind = {"": "PNG", ".JPG": "JPEG"}.get(source.suffix)
        Image.fromarray(PHOTO).save(source, kind)
    out = tmp_path / "out" / "deeper"
    code, lines, errors = run(*sources, "-o", out)
    assert code == 0
    assert re.fullmatch(r"colorize: 5 colored, (under 1|\d+) s", *errors)
    names = ["a.png", "b.JPG", "c.tiff", "d e.png", "f.png"]
    assert sorted(lines) == [str(out / name) for name in names]
    assert sorted(path.name for path in out.iterdir()) == sorted(names)
    with Image.open(out / "b.JPG") as image:
        assert image.format == "JPEG"


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("new.jpg", "new.jpg"),
        ("new.TIF", "new.TIF"),
        ("folder", "folder/photo.png"),
        ("folder.v2", "folder.v2/photo.png"),
        ("folder.png/", "folder.png/photo.png"),
        ("there.png", "there.png/photo.png"),
    ],
)
def test_what_is_a_file_and_what_a_folder(
    tmp_path: Path, run: Run, photo: Path, output: str, expected: str
) -> None:
    (tmp_path / "there.png").mkdir()
    end = "/" if output.endswith("/") else ""
    code, lines, _ = run(photo, "-o", f"{tmp_path / output}{end}")
    assert (code, lines) == (0, [str(tmp_path / expected)])
    assert (tmp_path / expected).is_file()


def test_files_of_microscopes_become_tiff(tmp_path: Path) -> None:
    (job,) = plan_jobs([tmp_path / "cell.lsm"], str(tmp_path / "out")).jobs
    assert job.target == tmp_path / "out" / "cell.tif"


def test_a_photo_in_color_is_colored_from_its_lightness(
    tmp_path: Path, run: Run
) -> None:
    photo = data.astronaut()[:60, 200:290]
    Image.fromarray(photo).save(tmp_path / "c.png")
    code, _, errors = run(tmp_path / "c.png", "-o", tmp_path / "o.png")
    assert code == 0
    assert errors == [
        f"colorize: {tmp_path / 'c.png'}: note: it is in color; only its lightness was "
        "used"
    ]
    found = read(tmp_path / "o.png")
    assert np.abs(lightness(found) - lightness(photo)).mean() < 0.3
    assert np.abs(found.astype(int) - photo).mean() > 3


def test_alpha_passes_through(tmp_path: Path, run: Run) -> None:
    alpha = np.linspace(0, 255, PHOTO.size).astype(np.uint8).reshape(PHOTO.shape)
    Image.fromarray(np.dstack((PHOTO, alpha))).save(tmp_path / "a.png")
    code, _, errors = run(tmp_path / "a.png", "-o", tmp_path / "o.png")
    assert (code, errors) == (0, [])
    np.testing.assert_array_equal(read(tmp_path / "o.png")[..., 3], alpha)
    code, _, errors = run(tmp_path / "a.png", "-o", tmp_path / "o.jpg")
    assert code == 0
    assert "alpha" in errors[0]


def test_a_tiff_file_is_colored_page_by_page(tmp_path: Path, run: Run) -> None:
    pages = np.stack([DEEP, DEEP[::-1], DEEP // 2])
    tifffile.imwrite(tmp_path / "p.tif", pages, photometric="minisblack")
    code, _, errors = run(tmp_path / "p.tif", "-o", tmp_path / "o" / "p.tif")
    assert (code, errors) == (0, [])
    pages = read(tmp_path / "o" / "p.tif")
    assert pages.shape == (3, *DEEP.shape, 3)
    assert pages.dtype == np.uint16
    assert np.abs(lightness(pages[1]) - lightness(DEEP[::-1])).mean() < 0.02


def test_the_options_change_the_colors(tmp_path: Path, run: Run, photo: Path) -> None:
    cases = {
        "plain": (),
        "same": ("--temperature", 0.5, "--rebalance", -0.5, "--working-size", 32),
        "gray": ("--saturation", 0),
        "strong": ("--saturation", 1.5),
        "mode": ("--temperature", 0),
        "mean": ("--temperature", 1),
        "rare": ("--rebalance", "1"),
        "fine": ("--working-size", 64),
        "stretched": ("--range", "50,200"),
    }
    found = {}
    for name, options in cases.items():
        target = tmp_path / f"{name}.png"
        assert run(photo, "-o", target, *options)[0] == 0
        found[name] = read(target)
    np.testing.assert_array_equal(found["plain"], found["same"])
    assert (np.ptp(found["gray"].astype(int), axis=2) == 0).all()
    chroma = {
        name: np.abs(srgb_to_lab(image)[..., 1:]).mean()
        for name, image in found.items()
    }
    assert chroma["strong"] > chroma["plain"] > chroma["gray"]
    assert chroma["mode"] != chroma["mean"]
    others = set(cases) - {"plain", "same"}
    assert all((found[name] != found["plain"]).any() for name in others)
    expected = np.clip((PHOTO.astype(float) - 50) / 150, 0, 1).astype(np.float32)
    assert np.abs(lightness(found["stretched"]) - lightness(expected)).mean() < 0.3


def test_the_mark_tells_model_and_settings(
    tmp_path: Path, run: Run, photo: Path, tiny_model: Path
) -> None:
    assert run(photo, "-o", tmp_path / "o.png", "--saturation", 1.2)[0] == 0
    card = pretrained.read_card(tiny_model)
    with Image.open(tmp_path / "o.png") as image:
        comment = image.text["Comment"]
    settings = "temperature 0.5; rebalance -0.5; saturation 1.2; working size 32"
    assert comment.startswith("Color computed by napari-colorize ")
    assert f"model tiny 0 {card.model_hash}; {settings}" in comment


def test_quality_reaches_the_file(tmp_path: Path, run: Run, photo: Path) -> None:
    for quality in (30, 95):
        target = tmp_path / f"{quality}.jpg"
        assert run(photo, "-o", target, "--quality", quality)[0] == 0
    sizes = [(tmp_path / f"{quality}.jpg").stat().st_size for quality in (30, 95)]
    assert sizes[0] < sizes[1]


def test_probabilities_are_those_of_the_model(
    tmp_path: Path, run: Run, photo: Path, tiny_model: Path
) -> None:
    code, _, _ = run(photo, "-o", tmp_path / "o.jpg", "--probabilities")
    assert code == 0
    prediction = Colorizer.from_folder(tiny_model, "cpu").predict(PHOTO)
    for channel, expected in (("a", prediction.a), ("b", prediction.b)):
        with tifffile.TiffFile(tmp_path / f"o.{channel}-probability.tif") as file:
            np.testing.assert_allclose(
                file.asarray(), expected.probabilities, atol=1e-4
            )
            assert file.pages[0].dtype == np.float32
            about = [json.loads(page.description) for page in file.pages]
        assert [page["center"] for page in about] == expected.bins.centers.tolist()
        assert about[0]["bin_centers"] == expected.bins.centers.tolist()
        assert "Color computed" in about[0]["mark"]
        assert f"{channel}*" in about[3]["quantity"]
    # They are outputs like the picture: not to be overwritten unasked.
    (tmp_path / "o.jpg").unlink()
    code, _, errors = run(photo, "-o", tmp_path / "o.jpg", "--probabilities")
    assert code == 1
    assert "o.a-probability.tif exists" in errors[0]
    assert not (tmp_path / "o.jpg").exists()


def test_probabilities_of_all_pages(tmp_path: Path, run: Run) -> None:
    tifffile.imwrite(tmp_path / "p.tif", np.stack([PHOTO, PHOTO[::-1]]))
    run(tmp_path / "p.tif", "-o", tmp_path / "o.tif", "--probabilities")
    with tifffile.TiffFile(tmp_path / "o.b-probability.tif") as file:
        pictures = [json.loads(page.description)["picture"] for page in file.pages]
    assert pictures == [1] * (len(pictures) // 2) + [2] * (len(pictures) // 2)


def test_outputs_are_replaced_when_asked(tmp_path: Path, run: Run, photo: Path) -> None:
    target = tmp_path / "o.png"
    target.write_bytes(b"precious")
    code, lines, errors = run(photo, "-o", target)
    assert (code, lines) == (1, [])
    assert errors == [
        f"colorize: {photo}: {target} exists; give --overwrite to replace it"
    ]
    assert target.read_bytes() == b"precious"
    assert run(photo, "-o", target, "--overwrite")[0] == 0
    assert read(target).shape == (*PHOTO.shape, 3)


def test_one_bad_file_does_not_stop_the_others(
    tmp_path: Path, run: Run, photo: Path
) -> None:
    bad = [tmp_path / "text.png", tmp_path / "gone.png"]
    bad[0].write_text("Not a picture.")
    out = tmp_path / "out"
    last = tmp_path / "last.png"
    Image.fromarray(PHOTO).save(last)
    code, lines, errors = run(bad[0], photo, bad[1], last, "-o", out)
    assert code == 1
    assert sorted(lines) == [str(out / "last.png"), str(out / "photo.png")]
    *told, summary = errors
    assert len(told) == 2
    assert "2 colored, 2 failed, " in summary
    for path in bad:
        assert sum(f"colorize: {path}: " in line for line in errors) == 1


def test_names_with_line_ends_and_other_bytes_make_one_line(
    tmp_path: Path, run: Run
) -> None:
    name = os.fsdecode(b"two\nlines \xff 'quoted'.png")
    Image.fromarray(PHOTO).save(tmp_path / name)
    code, lines, errors = run(tmp_path / name, "-o", tmp_path / "out")
    assert (code, errors, len(lines)) == (0, [], 1)
    assert (tmp_path / "out" / name).is_file()
    (tmp_path / name).write_text("no picture")
    code, _, errors = run(tmp_path / name, "-o", tmp_path / "new")
    assert (code, len(errors)) == (1, 1)


def test_models_are_listed_from_their_cards(
    tmp_path: Path, run: Run, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (pretrained, model_table):
        monkeypatch.setattr(module, "WEIGHTS", tiny_model.parent)
    code, lines, errors = run("--list-models", model=None)
    assert (code, errors) == (0, [])
    assert lines[0].split()[:6] == ["name", "version", "MB", "bins", "a,", "b"]
    size = sum(file.stat().st_size for file in tiny_model.iterdir()) / 1e6
    assert lines[1].split()[:5] == ["tiny", "0", f"{size:.1f}", "11,", "9"]
    assert len(lines) == 2
    card = replace(read_card(tiny_model), purpose="For tests: eleven bins.")
    folder = tmp_path / "weights" / "tiny"
    shutil.copytree(tiny_model, folder)
    (folder / "card.json").write_text(card.to_json())
    for module in (pretrained, model_table):
        monkeypatch.setattr(module, "WEIGHTS", folder.parent)
    assert run("--list-models", model=None)[1][2:] == ["  For tests: eleven bins."]


def test_figures_stand_beside_those_of_gray(tiny_model: Path) -> None:
    card = read_card(tiny_model)
    gray, own = {"auc": 88.0, "psnr": 22.0}, {"auc": 89.5712, "psnr": 23.0}
    assert model_table._figures(card) == "not measured"
    card = replace(card, figures={"set": "ten photos", "gray": gray, card.name: own})
    assert model_table._figures(card) == "AuC 89.57 (88.00)"


def test_a_model_is_found_by_name_and_by_folder(
    tmp_path: Path,
    run: Run,
    photo: Path,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pretrained, "WEIGHTS", tiny_model.parent)
    assert run(photo, "-o", tmp_path / "name.png", model="tiny")[0] == 0
    monkeypatch.chdir(tiny_model)
    assert run(photo, "-o", tmp_path / "folder.png", model="../tiny")[0] == 0
    same = [read(tmp_path / name) for name in ("name.png", "folder.png")]
    np.testing.assert_array_equal(*same)


@pytest.mark.parametrize(
    ("statuses", "seconds", "line"),
    [
        (
            ["done"] * 37 + ["skipped"] * 2 + ["failed"],
            12.2,
            "37 colored, 2 skipped, 1 failed, 12 s",
        ),
        (["skipped"] * 1200, 0.3, "1,200 skipped, under 1 s"),
        (["done", "failed"], 3725, "1 colored, 1 failed, 1 h 2 min 5 s"),
    ],
)
def test_the_summary_of_a_run(statuses: list[str], seconds: float, line: str) -> None:
    from colorize_engine.batch import Record, Tally
    from colorize_engine.cli.photos import summary

    tally = Tally()
    for status in statuses:
        tally.add(Record("a", "b", status))
    assert summary(tally, seconds) == line


def test_version(run: Run) -> None:
    from colorize_engine import __version__

    code, lines, _ = run("--version", model=None)
    assert (code, lines) == (0, [f"colorize {__version__} (napari-colorize)"])


def test_stopping_leaves_no_half_file(
    tmp_path: Path, run: Run, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Colorizer, "predict", stop)
    (tmp_path / "out").mkdir()
    result = run(photo, "-o", tmp_path / "out" / "o.png", "--probabilities")
    assert result == (130, [], ["colorize: stopped"])
    assert list((tmp_path / "out").iterdir()) == []


def test_ctrl_c_ends_the_program_with_one_line(tmp_path: Path) -> None:
    sources = [tmp_path / f"{number}.png" for number in range(300)]
    for source in sources:
        Image.fromarray(PHOTO).save(source)
    out = tmp_path / "out"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with command(*sources, "-o", out, **pipes) as process:
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=300)
    assert Path(first.strip()).parent == out
    assert process.returncode == 130
    assert errors.split("\n") == ["colorize: stopped", ""]
    written = list(out.iterdir())
    assert 1 <= len(written) < 300
    for path in written:
        assert read(path).shape == (*PHOTO.shape, 3)


def test_a_reader_of_the_output_that_leaves_is_no_error(
    tmp_path: Path, photo: Path
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with command(
        *(photo, "-o", tmp_path / "o.png"),
        stdout=writing,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(writing)
        _, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (1, "")
    assert (tmp_path / "o.png").is_file()


def test_a_bar_for_several_files_on_a_terminal(tmp_path: Path, photo: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(ours, (24, 100))
    with command(
        *(photo, bad, "-o", tmp_path / "out"),
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        seen = b""
        while chunk := _chunk(ours):
            seen += chunk
        os.close(ours)
    assert process.returncode == 1
    assert b"0/2" in seen
    assert b"2/2" in seen
    lines = [line.rsplit(b"\r", 1)[-1] for line in seen.split(b"\r\n")]
    # An error, and how the run ended.
    assert sum(line.startswith(b"colorize: ") for line in lines) == 2


def _chunk(descriptor: int) -> bytes:
    """Read from a terminal, whose end Linux tells by an error."""
    try:
        return os.read(descriptor, 1 << 12)
    except OSError:
        return b""


def test_without_a_terminal_there_is_no_bar(
    tmp_path: Path, run: Run, photo: Path
) -> None:
    other = tmp_path / "other.png"
    Image.fromarray(PHOTO).save(other)
    (summary,) = run(photo, other, "-o", tmp_path / "out")[2]
    assert "\r" not in summary


def test_the_settings_of_the_model_are_the_default() -> None:
    assert Settings() == Settings(None, None, 1.0, 0.0, None, "full", 250_000_000)


def archive(folder: Path) -> Path:
    """Make a folder with a gray photo, a toned one, one in color, and a text."""
    (folder / "deep").mkdir(parents=True)
    sepia = np.clip(PHOTO[..., None] * (1.2, 1.0, 0.75), 0, 255).astype(np.uint8)
    Image.fromarray(PHOTO).save(folder / "gray.png")
    Image.fromarray(sepia).save(folder / "deep" / "sepia.png")
    Image.fromarray(data.coffee()[::4, ::4]).save(folder / "deep" / "coffee.jpg")
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_a_folder_is_colored_under_its_tree_and_then_skipped(
    tmp_path: Path, run: Run
) -> None:
    source, out = archive(tmp_path / "in"), tmp_path / "out"
    code, lines, errors = run(source, "-o", out, "--skip-color")
    paths = [out / "deep" / "sepia.png", out / "gray.png"]
    assert (code, sorted(lines)) == (0, [str(path) for path in paths])
    assert errors[-2] == "colorize: skipped: 1 in color"
    assert "2 colored, 1 skipped, " in errors[-1]
    assert sorted(path for path in out.rglob("*") if path.is_file()) == paths
    code, lines, errors = run(source, "-o", out, "--skip-color")
    expected = ["colorize: skipped: 2 already done", "colorize: skipped: 1 in color"]
    assert (code, lines, errors[:-1]) == (0, [], expected)
    code, lines, errors = run(source, "-o", out, "--skip-color", "--saturation", 2)
    assert (code, lines, len(errors)) == (1, [], 4)
    assert all("give --overwrite" in line for line in errors[:2])


def test_a_toned_photo_is_not_said_to_be_in_color(tmp_path: Path, run: Run) -> None:
    source = archive(tmp_path / "in") / "deep"
    _, _, errors = run(source / "sepia.png", "-o", tmp_path / "o.png")
    tone = "note: it has a tone, such as sepia; only its lightness was used"
    assert errors == [f"colorize: {source / 'sepia.png'}: {tone}"]
    # Also where a profile makes gray of it, which keeps the lightness.
    profile = imagecodecs.cms_profile(
        "rgb",
        whitepoint=[0.3127, 0.329, 1],
        primaries=[0.64, 0.33, 1, 0.21, 0.71, 1, 0.15, 0.06, 1],
        gamma=2.2,
    )
    for name, words in (("sepia.png", "has a tone"), ("coffee.jpg", "is in color")):
        target = source / f"profiled-{name}"
        with Image.open(source / name) as image:
            image.save(target, icc_profile=profile)
        (error,) = run(target, "-o", tmp_path / "p.png", "--overwrite")[2]
        assert words in error


def test_a_report_names_what_was_skipped_for_its_color(
    tmp_path: Path, run: Run
) -> None:
    source, report = archive(tmp_path / "in"), tmp_path / "r.json"
    words = (source, "-o", tmp_path / "out", "--skip-color", "--report", report)
    run(*words)
    skipped = source / "deep" / "coffee.jpg"
    (row,) = [
        row for row in json.loads(report.read_text()) if row["status"] == "skipped"
    ]
    assert (row["source"], row["notes"]) == (str(skipped), "in color")
    # There is no such file.
    assert row["output"] == ""


def test_the_output_folder_may_lie_in_the_folder(tmp_path: Path, run: Run) -> None:
    source = archive(tmp_path / "in")
    assert run(source, "-o", source / "color")[0] == 0
    code, lines, errors = run(source, "-o", source / "color")
    assert (code, lines) == (0, [])
    assert errors[0] == "colorize: skipped: 3 already done"
    assert "3 skipped, " in errors[1]


def test_a_report_tells_of_every_photo(
    tmp_path: Path, run: Run, tiny_model: Path
) -> None:
    source, report = archive(tmp_path / "in"), tmp_path / "new" / "r.json"
    (source / "bad.png").write_text("no picture")
    (source / "gone.png").symlink_to("nowhere")
    words = (source, "-o", tmp_path / "out", "--skip-color", "--report", report)
    code, _, errors = run(*words)
    assert code == 1
    rows = {Path(row["source"]).name: row for row in json.loads(report.read_text())}
    assert {name: row["status"] for name, row in rows.items()} == {
        "bad.png": "failed",
        "coffee.jpg": "skipped",
        "gone.png": "failed",
        "gray.png": "done",
        "sepia.png": "done",
    }
    assert "no picture format" in rows["bad.png"]["error"]
    assert rows["gone.png"]["error"] == "no such file or directory"
    assert rows["coffee.jpg"]["notes"] == "in color"
    assert rows["gray.png"]["model_hash"] == read_card(tiny_model).model_hash
    assert rows["gray.png"]["working_size"] == 32
    assert rows["gray.png"]["output"] == str(tmp_path / "out" / "gray.png")
    before = report.read_bytes()
    code, _, errors = run(*words)
    assert (code, len(errors)) == (2, 1)
    assert "r.json exists; give --overwrite" in errors[0]
    assert report.read_bytes() == before
    assert run(*words, "--overwrite")[0] == 1
    assert report.read_bytes() != before


def test_a_wrong_model_leaves_no_report(tmp_path: Path, run: Run, photo: Path) -> None:
    words = (photo, "-o", tmp_path / "o.png", "--report", tmp_path / "r.csv")
    code, _, errors = run(*words, model="defualt")
    assert (code, len(errors)) == (2, 1)
    assert not (tmp_path / "r.csv").exists()
    assert run(*words)[0] == 0
    assert "done" in (tmp_path / "r.csv").read_text()


def test_a_file_where_the_folder_must_be_is_told(tmp_path: Path, run: Run) -> None:
    source = archive(tmp_path / "in")
    (source / "gray.png").rename(source / "deep" / "gray.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "deep").write_text("mine")
    code, _, errors = run(source, "-o", tmp_path / "out")
    assert code == 1
    [line] = [line for line in errors if "gray.png" in line]
    assert "it is a file, not a folder" in line
    assert (tmp_path / "out" / "deep").read_text() == "mine"


@pytest.mark.parametrize("report", ["r.txt", "photo.png/r.csv"])
def test_a_report_that_cannot_be_is_wrong_usage(
    tmp_path: Path, run: Run, photo: Path, report: str
) -> None:
    code, lines, errors = run(
        photo, "-o", tmp_path / "o.png", "--report", tmp_path / report
    )
    assert (code, lines, len(errors)) == (2, [], 1)
    assert not (tmp_path / "o.png").exists()


def test_one_photo_into_a_file_is_not_skipped(
    tmp_path: Path, run: Run, photo: Path
) -> None:
    target = tmp_path / "o.png"
    assert run(photo, "-o", target)[0] == 0
    code, _, errors = run(photo, "-o", target)
    assert (code, len(errors)) == (1, 1)
    assert "o.png exists" in errors[0]
    assert run(photo, "-o", target, "--overwrite")[:2] == (0, [str(target)])


def test_left_overs_of_killed_runs_are_removed(
    tmp_path: Path, run: Run, photo: Path
) -> None:
    for folder in (tmp_path / "out", tmp_path):
        folder.mkdir(exist_ok=True)
        (folder / ".colorize-0123456789ab.part").write_bytes(b"half")
    assert run(photo, "-o", tmp_path / "out")[0] == 0
    assert os.listdir(tmp_path / "out") == ["photo.png"]
    assert (tmp_path / ".colorize-0123456789ab.part").exists()
