"""The dialog of folders in a real viewer, beside the command and its files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import Qt, QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QApplication, QFileDialog
from skimage import data

from colorize_engine import cli
from napari_colorize.batch import FolderDialog, FolderRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari import Viewer
    from pytestqt.qtbot import QtBot

    from napari_colorize.widget import ColorizeWidget

PHOTO = data.camera()[100:164, 180:260]
UNKNOWN = "the file is in no picture format that can be read here"


def save(path: Path, number: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.roll(PHOTO, number, 1)).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a tree with four gray photos, a broken file and a photo in color."""
    top = tmp_path / "scans"
    for number, name in enumerate(
        ("one.png", "two.jpg", "a/three.tif", "a/b/four.png")
    ):
        save(top / name, number)
    (top / "broken.png").write_bytes(b"no picture")
    Image.fromarray(data.coffee()[::8, ::8]).save(top / "a" / "coffee.png")
    (top / "notes.txt").write_text("no photo")
    return top


@pytest.fixture
def dialog(widget: ColorizeWidget) -> FolderDialog:
    """Open the dialog from the menu of the widget."""
    widget.many_button.folder.trigger()
    assert isinstance(widget.many_button.dialog, FolderDialog)
    return widget.many_button.dialog


@pytest.fixture
def run(qtbot: QtBot) -> Callable[[FolderDialog], None]:
    """Press the button and wait until the run is over."""

    def press_and_wait(dialog: FolderDialog) -> None:
        dialog.start_button.click()
        qtbot.waitUntil(lambda: not dialog.busy, timeout=60_000)

    return press_and_wait


def command(*words: object) -> int:
    with pytest.raises(SystemExit) as left:
        cli.main([str(word) for word in words])
    return int(left.value.code or 0)


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def rows(report: Path) -> list[dict[str, Any]]:
    """Return the rows of a report but for the time that each photo took."""
    return [{**row, "seconds": 0} for row in json.loads(report.read_text())]


def table(dialog: FolderDialog) -> list[tuple[str, ...]]:
    model = dialog.table.model()
    return [
        tuple(model.index(row, column).data() for column in range(model.columnCount()))
        for row in range(model.rowCount())
    ]


# -- as the command


def test_it_makes_what_the_command_makes_to_the_byte_and_the_same_report(
    dialog: FolderDialog,
    run: Callable[[FolderDialog], None],
    folder: Path,
    tiny_model: Path,
    tmp_path: Path,
) -> None:
    out = folder.with_name("scans-color")
    dialog.folder.choose(str(folder))
    assert dialog.output.text == str(out)
    dialog.skip_color.setChecked(True)
    run(dialog)
    assert dialog.text.text() == (
        "4 colored, 1 skipped, 1 failed. Skipped: 1 in color."
    )
    assert table(dialog) == [
        (
            "broken.png",
            "failed",
            "the file is in no picture format that can be read here",
        ),
        ("a/coffee.png", "skipped", "in color"),
        ("a/b/four.png", "colored", ""),
        ("a/three.tif", "colored", ""),
        ("one.png", "colored", ""),
        ("two.jpg", "colored", ""),
    ]
    for suffix in ("json", "csv"):
        dialog.save_report(tmp_path / f"dialog.{suffix}")
    ours = content(out)
    assert sorted(ours) == ["a/b/four.png", "a/three.tif", "one.png", "two.jpg"]
    shutil.rmtree(out)
    options = ("--skip-color", "--report", tmp_path / "command.json")
    code = command(folder, "-o", out, "-m", f"{tiny_model}/", *options)
    assert code == 1, "one photo failed"
    assert content(out) == ours
    assert rows(tmp_path / "dialog.json") == rows(tmp_path / "command.json")
    header = (tmp_path / "dialog.csv").read_text().splitlines()[0]
    assert header.startswith("source,output,status,width,height,pages,model")
    # The command knows the outputs as its own, and the other way round.
    run(dialog)
    assert dialog.text.text() == (
        "0 colored, 5 skipped, 1 failed. Skipped: 4 already done, 1 in color."
    )
    assert content(out) == ours


def test_settings_of_the_widget_are_those_of_the_command(
    widget: ColorizeWidget,
    dialog: FolderDialog,
    run: Callable[[FolderDialog], None],
    folder: Path,
    tiny_model: Path,
    tmp_path: Path,
) -> None:
    own = "Model tiny at working size 32, with the model's own settings."
    assert dialog.about.text() == own
    widget.sliders.temperature.value = 0.7
    widget.sliders.saturation.value = 1.5
    widget.sliders.caution.value = 0.25
    widget.advanced.working_size.value = 48
    dialog.hide()
    dialog.show()
    assert dialog.about.text() == (
        "Model tiny at working size 48, with temperature 0.7, saturation 1.5, caution "
        "0.25."
    )
    dialog.folder.choose(str(folder))
    dialog.output.choose(str(tmp_path / "ours"))
    run(dialog)
    options = ("-t", 0.7, "-s", 1.5, "--caution", 0.25, "--working-size", 48)
    theirs = tmp_path / "theirs"
    assert command(folder, "-o", theirs, "-m", f"{tiny_model}/", *options) == 1
    assert len(content(theirs)) == 5
    assert content(tmp_path / "ours") == content(theirs)


def test_a_model_that_is_chosen_anew_brings_its_own_settings(
    widget: ColorizeWidget,
    dialog: FolderDialog,
    finish: Callable[[ColorizeWidget], None],
) -> None:
    widget.viewer.add_image(PHOTO, name="scan")
    finish(widget)
    widget.sliders.temperature.value = 0.9
    dialog.hide()
    widget.advanced.folder.value = None
    dialog.show()
    # The sliders are still those of the picture that is shown.
    assert widget.sliders.temperature.value == pytest.approx(0.9)
    assert dialog.about.text() == (
        "Model default at working size 32, with the model's own settings."
    )


def test_files_of_others_are_replaced_only_if_asked(
    dialog: FolderDialog,
    run: Callable[[FolderDialog], None],
    folder: Path,
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    save(out / "one.png")
    before = (out / "one.png").read_bytes()
    dialog.folder.choose(str(folder))
    dialog.output.choose(str(out))
    run(dialog)
    assert dialog.text.text() == "4 colored, 0 skipped, 2 failed."
    found = {row[0]: row[1:] for row in table(dialog)}
    advice = f"{out / 'one.png'} exists; tick 'replace existing files' to replace it"
    assert found["one.png"] == ("failed", advice)
    assert (out / "one.png").read_bytes() == before
    # The report is the command's, with its options.
    dialog.save_report(tmp_path / "report.json")
    errors = [row["error"] for row in rows(tmp_path / "report.json")]
    assert f"{out / 'one.png'} exists; give --overwrite to replace it" in errors
    dialog.overwrite.setChecked(True)
    run(dialog)
    assert dialog.text.text() == (
        "1 colored, 4 skipped, 1 failed. Skipped: 4 already done."
    )
    assert (out / "one.png").read_bytes() != before


# -- stopping


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Make a folder of twelve photos."""
    for number in range(12):
        save(tmp_path / "many" / f"{number:02}.png", number)
    return tmp_path / "many"


@pytest.fixture
def started(
    dialog: FolderDialog, slow_nets: Any, many: Path, qtbot: QtBot
) -> FolderDialog:
    """Dialog whose run has colored some photos and waits for the nets."""
    predictor = type(slow_nets).__call__

    def fourth_waits(nets: object, lightness: np.ndarray) -> object:
        if slow_nets.calls == 3:
            slow_nets.go.clear()
        return predictor(nets, lightness)

    dialog.folder.choose(str(many))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(slow_nets), "__call__", fourth_waits)
        dialog.start_button.click()
        qtbot.waitUntil(lambda: dialog.progress.value() >= 2, timeout=20_000)
        qtbot.waitUntil(lambda: slow_nets.calls >= 4, timeout=20_000)
    return dialog


def check_whole(dialog: FolderDialog) -> int:
    """Check that all outputs are whole pictures; return their number."""
    files = list(dialog.output.path.rglob("*"))
    for path in files:
        with Image.open(path) as picture:
            assert np.asarray(picture).shape == (*PHOTO.shape, 3)
    assert not any(path.name.startswith(".") for path in files)
    return len(files)


def test_cancel_leaves_whole_files_and_the_next_run_goes_on(
    started: FolderDialog,
    slow_nets: Any,
    qtbot: QtBot,
    run: Callable[[FolderDialog], None],
) -> None:
    assert started.text.text() in ("2 of 12", "3 of 12")
    assert (started.progress.maximum(), started.progress.isVisible()) == (12, True)
    assert not started.folder.isEnabled()
    started.cancel_button.click()
    assert started.text.text() == "Stopping..."
    slow_nets.go.set()
    qtbot.waitUntil(lambda: not started.busy, timeout=20_000)
    count = check_whole(started)
    assert 3 <= count <= 8
    assert started.text.text() == (
        f"Stopped. {count} colored, 0 skipped, 0 failed. Color the folder again to "
        "continue."
    )
    assert len(table(started)) == count
    run(started)
    assert started.text.text().startswith(f"{12 - count} colored, {count} skipped, ")
    assert check_whole(started) == 12


@pytest.mark.parametrize("way", ["escape", "x", "button"])
def test_closing_the_dialog_asks_the_run_to_stop(
    started: FolderDialog, slow_nets: Any, qtbot: QtBot, way: str
) -> None:
    if way == "escape":
        qtbot.keyClick(started, Qt.Key.Key_Escape)
    elif way == "x":
        started.close()
    else:
        started.close_button.click()
    assert not started.isVisible()
    assert started.run.stopped
    slow_nets.go.set()
    qtbot.waitUntil(lambda: not started.busy, timeout=20_000)
    assert slow_nets.calls <= 8
    assert check_whole(started) == len(started.run.tally.records) < 12


def test_closing_the_viewer_stops_the_run(
    started: FolderDialog, slow_nets: Any, widget: ColorizeWidget, qtbot: QtBot
) -> None:
    run, viewer = started.run, widget.viewer
    finished: list[bool] = []
    run.worker.finished.connect(lambda: finished.append(True))
    viewer.close()
    qtbot.waitUntil(lambda: run.stopped, timeout=20_000)
    slow_nets.go.set()
    qtbot.waitUntil(lambda: bool(finished), timeout=20_000)
    assert slow_nets.calls <= 8
    assert len(run.tally.records) < 12


def test_the_viewer_answers_while_a_folder_is_colored(
    started: FolderDialog,
    slow_nets: Any,
    widget: ColorizeWidget,
    qtbot: QtBot,
) -> None:
    viewer: Viewer = widget.viewer
    assert not started.isModal()
    layer = viewer.add_image(np.zeros((3, 8, 9), np.uint8), name="film")
    viewer.dims.set_current_step(0, 2)
    assert widget.image.value is layer
    widget.sliders.saturation.value = 1.3
    assert started.busy
    assert started.isVisible()
    # The settings of the run are those that it was started with.
    assert "saturation" not in started.about.text()
    slow_nets.go.set()
    qtbot.waitUntil(lambda: not started.busy, timeout=20_000)
    assert started.text.text() == "12 colored, 0 skipped, 0 failed."
    assert all(record.saturation == 1.0 for record in started.run.tally.records)


def test_a_run_that_is_stopped_before_the_first_photo(
    dialog: FolderDialog, slow_nets: Any, many: Path, qtbot: QtBot
) -> None:
    dialog.folder.choose(str(many))
    dialog.start()
    dialog.stop()
    qtbot.waitUntil(lambda: not dialog.busy, timeout=20_000)
    assert dialog.text.text().startswith("Stopped. 0 colored")
    assert slow_nets.calls == 0
    assert not dialog.output.path.exists()


# -- what cannot be


@pytest.mark.parametrize(
    ("given", "output", "said"),
    [
        ("", "", "Choose a folder with photos; there is none of this name."),
        ("missing", "out", "Choose a folder with photos; there is none of this name."),
        ("scans", "", "Choose a folder for the colored photos."),
        (
            "scans",
            "scans",
            "The folder '{0}/scans' is the output folder itself; choose another one.",
        ),
        (
            "scans",
            "scans/notes.txt",
            "'{0}/scans/notes.txt' must be a folder, but a file has that name.",
        ),
        ("empty", "out", "There are no photos in '{0}/empty'."),
    ],
)
def test_a_plan_that_does_not_fit_is_one_sentence(
    dialog: FolderDialog,
    run: Callable[[FolderDialog], None],
    folder: Path,
    tmp_path: Path,
    given: str,
    output: str,
    said: str,
) -> None:
    (tmp_path / "empty").mkdir()
    before = content(tmp_path)
    dialog.folder.choose(str(tmp_path / given) if given else "")
    dialog.output.choose(str(tmp_path / output) if output else "")
    run(dialog)
    assert dialog.text.text() == said.format(tmp_path)
    assert dialog.start_button.isEnabled()
    assert content(tmp_path) == before


def test_a_broken_model_is_told(
    widget: ColorizeWidget,
    dialog: FolderDialog,
    run: Callable[[FolderDialog], None],
    folder: Path,
    tmp_path: Path,
) -> None:
    (tmp_path / "card.json").write_text("{}")
    widget.advanced.folder.value = tmp_path
    dialog.folder.choose(str(folder))
    run(dialog)
    assert dialog.text.text().startswith("The model cannot be used: ")
    assert not dialog.output.path.exists()


# -- folders, report, desktop


def test_the_output_is_proposed_beside_until_one_is_chosen(
    dialog: FolderDialog, tmp_path: Path
) -> None:
    dialog.folder.choose(str(tmp_path / "scans.2020"))
    assert dialog.output.text == str(tmp_path / "scans.2020-color")
    dialog.folder.choose(str(tmp_path / "other"))
    assert dialog.output.text == str(tmp_path / "other-color")
    dialog.output.choose(str(tmp_path / "mine"))
    dialog.folder.choose(str(tmp_path / "scans"))
    assert dialog.output.text == str(tmp_path / "mine")


def test_folders_are_chosen_in_napari_as_elsewhere(
    dialog: FolderDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "scans")
    )
    dialog.folder.button.click()
    assert dialog.folder.path == tmp_path / "scans"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    dialog.folder.button.click()
    assert dialog.folder.path == tmp_path / "scans"
    dialog.folder.choose("~/scans")
    assert dialog.folder.path == Path.home() / "scans"


def test_report_and_output_folder_have_buttons(
    dialog: FolderDialog,
    run: Callable[[FolderDialog], None],
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not dialog.report_button.isVisible()
    dialog.folder.choose(str(folder))
    run(dialog)
    proposed: list[str] = []

    def answer(_parent: object, _title: str, name: str, _kinds: str) -> tuple[str, str]:
        proposed.append(name)
        return str(tmp_path / "table"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    dialog.report_button.click()
    assert proposed == [f"{folder}-color.csv"]
    assert dialog.text.text() == f"Saved the report {tmp_path / 'table.csv'}."
    assert len((tmp_path / "table.csv").read_text().splitlines()) == 7
    # Nobody was asked whether that file may be replaced.
    dialog.report_button.click()
    assert dialog.text.text() == "Could not save the report: the file exists."
    dialog.save_report(tmp_path / "table.txt")
    assert "expected a report that ends in .csv or .json" in dialog.text.text()
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    dialog.open_button.click()
    assert [url.toLocalFile() for url in opened] == [f"{folder}-color"]


def test_the_table_can_be_sorted(
    dialog: FolderDialog, run: Callable[[FolderDialog], None], folder: Path
) -> None:
    dialog.folder.choose(str(folder))
    run(dialog)
    dialog.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    names = [row[0] for row in table(dialog)]
    assert names == sorted(names, reverse=True)


def test_the_dialog_fits_and_its_table_is_seen_on_a_small_screen(
    dialog: FolderDialog, run: Callable[[FolderDialog], None], folder: Path
) -> None:
    screen = dialog.screen().availableGeometry()
    dialog.move(screen.left(), screen.bottom() - 250)
    dialog.folder.choose(str(folder))
    run(dialog)
    QApplication.processEvents()
    assert screen.contains(dialog.frameGeometry())
    assert dialog.width() <= 700
    assert 450 <= dialog.height() <= 640
    assert dialog.table.height() > 150


def test_it_is_opened_once_and_found_again(
    widget: ColorizeWidget, started: FolderDialog, slow_nets: Any, qtbot: QtBot
) -> None:
    widget.many_button.folder.trigger()
    assert widget.many_button.dialog is started
    started.start()
    assert isinstance(started.run, FolderRun)
    assert not started.run.stopped, "a second start does nothing"
    slow_nets.go.set()
    qtbot.waitUntil(lambda: not started.busy, timeout=20_000)
    assert len(started.run.tally.records) == 12
