"""Every block of code in the tutorials runs, and the generated pages are up to date."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import documents
import numpy as np
import pytest
from PIL import Image

from colorize_engine.pretrained import find_folder, read_card

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

DOCS = documents.ROOT / "docs"
PAGES = {path.stem: path.read_text("utf-8") for path in DOCS.glob("tutorials/*.md")}
# Each has a test of its own; all blocks of the others are run in their order.
BY_THEMSELVES = ("app", "training", "widget")
IN_ORDER = [name for name in documents.TUTORIALS if name not in BY_THEMSELVES]
# Instead of the loop of events: look at the window, and leave.
LOOK = """
import napari

def look():
    viewer = napari.current_viewer()
    print([layer.name for layer in viewer.layers], list(viewer.window.dock_widgets))
    viewer.close()

napari.run = look
"""


def commands(page: str) -> list[str]:
    """Return the commands of a page that can be run here."""
    return documents.commands_to_run(PAGES[page])


def test_every_tutorial_is_run_below() -> None:
    assert PAGES.keys() == {*BY_THEMSELVES, *IN_ORDER} == {*documents.TUTORIALS}


@pytest.mark.parametrize("page", IN_ORDER)
def test_commands_and_then_scripts_of_a_page(page: str, tmp_path: Path) -> None:
    folder = documents.write_photos(tmp_path)
    assert commands(page)
    for command in commands(page):
        documents.run_command(command, folder)
    scripts = documents.blocks(PAGES[page], "python")
    printed = documents.run_script("\n".join(scripts), folder)
    for shown in re.findall(r"^prints\n\n```text\n(.*?)```", PAGES[page], re.M | re.S):
        assert shown in printed, printed


def test_the_page_of_the_app_names_what_is_there() -> None:
    # It is used in tests/browser.
    assert not commands("app")
    assert not documents.blocks(PAGES["app"], "python")
    # A name may be broken over two lines.
    page = " ".join(PAGES["app"].split())
    source = documents.ROOT / "colorize_engine"
    code = "".join(
        path.read_text("utf-8")
        for pattern in ("app/*.py", "app/web/*.js", "cli/app.py")
        for path in source.glob(pattern)
    )
    names = re.findall(r"\*\*([^*]+)\*\*", page)
    assert len(names) > 6
    for name in (*names, *re.findall("`(--[a-z-]+)", page)):
        plain = name.replace("no-", "") if name.startswith("--") else name
        assert plain in code or name == "G", name


def test_the_script_of_the_widget_opens_it(tmp_path: Path) -> None:
    assert not commands("widget")
    (script,) = documents.blocks(PAGES["widget"], "python")
    printed = documents.run_script(LOOK + script, tmp_path, strict=False)
    assert "coffee gray" in printed
    assert "['Colorize (" in printed


def test_the_rehearsal_makes_a_model_that_colors(tmp_path: Path) -> None:
    page = PAGES["training"]
    (script,) = documents.blocks(page, "python")
    (preset,) = documents.blocks(page, "toml")
    documents.run_script(script, tmp_path)
    (tmp_path / "rehearsal.toml").write_text(preset)
    train, color = commands("training")
    documents.run_command(train, tmp_path)
    documents.run_command(color, tmp_path)
    for name in ("runs/statistics.png", "runs/both/log", "evaluation/table.md"):
        assert f"`{name}`" in page
        assert (tmp_path / "rehearsal" / "work" / name).exists(), name
    with Image.open(tmp_path / "rehearsed.png") as picture:
        assert np.ptp(np.asarray(picture).astype(int), axis=-1).max() > 5


@pytest.fixture(scope="module")
def gallery() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gallery", DOCS / "gallery.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its dataclass looks its module up.
    sys.modules["gallery"] = module
    spec.loader.exec_module(module)
    return module


def test_the_gallery_is_what_its_script_writes(gallery: ModuleType) -> None:
    text = gallery.PAGE.read_text("utf-8")
    figures = {
        name: (float(colored), float(gray))
        for name, colored, gray in re.findall(
            r"`skimage\.data\.(\w+)`.* Colorized ([\d.]+), gray ([\d.]+)\.", text
        )
    }
    in_color = {e.name for e in gallery.ENTRIES if gallery.photo(e).ndim == 3}
    assert figures.keys() == in_color
    # Fails after a change of the weights too: then run docs/gallery.py again.
    assert text == gallery.page(read_card(find_folder("default")), figures)


@pytest.mark.parametrize("script", ["formats", "command"])
def test_a_page_is_what_its_script_writes(script: str) -> None:
    spec = importlib.util.spec_from_file_location(script, DOCS / f"{script}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    # Fails after a change of the tables or options: then run the script again.
    assert module.PAGE.read_text("utf-8") == module.page()


def test_the_pictures_of_the_gallery_are_there_and_small(gallery: ModuleType) -> None:
    files = {path.stem: path for path in gallery.IMAGES.iterdir()}
    assert files.keys() == {e.name for e in gallery.ENTRIES} | gallery.STRIPS.keys() | {
        "hints"
    }
    assert sum(path.stat().st_size for path in files.values()) < 1_000_000
    for entry in gallery.ENTRIES:
        count = 3 if gallery.photo(entry).ndim == 3 else 2
        with Image.open(files[entry.name]) as picture:
            assert picture.width == count * gallery.WIDTH + (count - 1) * gallery.GAP


def test_a_row_of_the_gallery_is_gray_then_color_then_truth(
    gallery: ModuleType,
) -> None:
    class Reddish:
        """Gives every pixel the same color, as a model would."""

        def predict(self, image: np.ndarray) -> Reddish:
            self.shape = image.shape
            return self

        def colorize(self) -> np.ndarray:
            return np.full((*self.shape, 3), (200, 100, 100), np.uint8)

    entry = next(e for e in gallery.ENTRIES if e.name == "coffee")
    picture, (colored, gray) = gallery.row(entry, Reddish())
    step = gallery.WIDTH + gallery.GAP
    tiles = [picture[:, at : at + gallery.WIDTH] for at in (0, step, 2 * step)]
    assert np.ptp(tiles[0].astype(int), axis=-1).max() <= 1
    assert (tiles[1] == (200, 100, 100)).all()
    np.testing.assert_array_equal(tiles[2], gallery.shrunk(gallery.photo(entry)))
    assert colored != gray > 0


def test_the_page_of_examples_takes_in_all_scripts() -> None:
    page = (DOCS / "examples.md").read_text("utf-8")
    taken = re.findall(r'^--8<-- "(examples/.*\.py)"$', page, re.M)
    scripts = {f"examples/{path.name}" for path in documents.ROOT.glob("examples/*.py")}
    assert set(taken) == scripts


def test_the_site_is_built_without_a_warning_and_needs_no_net(tmp_path: Path) -> None:
    pytest.importorskip("mkdocstrings_handlers.python", reason="the extra docs")
    site = tmp_path / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    done = subprocess.run(
        [*command, "--site-dir", str(site)],
        cwd=documents.ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr.strip()
    pages = {
        str(p.relative_to(site)): p.read_text("utf-8") for p in site.rglob("*.html")
    }
    for text in pages.values():
        assert not re.search(r'<(?:script|img|iframe)[^>]+src="(?:https?:)?//', text)
        assert not re.search(r'<link[^>]+stylesheet[^>]+href="(?:https?:)?//', text)
    # A group of parameters has its own types and defaults.
    engine = re.sub(r"<[^>]+>|\s+", " ", pages["reference/engine.html"])
    assert re.search(r"rebalance +\( +float +, default: +0\.0 +\)", engine)
    # Links to files outside of docs lead to their pages.
    assert 'href="../training/SOURCES.html"' in pages["models/default.html"]
    assert "images/sweep-default.png" in pages["training/RUNS.html"]
