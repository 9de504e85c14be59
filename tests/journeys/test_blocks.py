"""Every block of code on every page for users is run, or listed with the reason."""

from __future__ import annotations

import importlib
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import documents
import pytest
from not_run import HOURS, INSTALL, MADE, MAKE, NOT_RUN, PARAMETER

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari import Viewer

PAGES = documents.pages()
TUTORIALS = {f"docs/tutorials/{name}.md" for name in documents.TUTORIALS}
# Pages whose commands and scripts are all run: in test_readme, test_docs, and below.
RUN = {"README.md", *TUTORIALS}
# Its examples are those of --help, which tests/engine/cli/test_help.py parses.
PARSED = {"docs/reference/command.md"}
RUN_SCRIPTS = {*RUN, "docs/reference/engine.md", "docs/reference/plugin.md"}
LANGUAGES = {"console", "python", "toml", "text"}
HERE = Path(__file__).parent


def languages(text: str) -> list[str]:
    """Languages of the blocks of a page; "" for a block without one."""
    return re.findall(r"^```(.*)$", text, re.M)[::2]


def test_every_command_is_run_or_listed() -> None:
    left = {
        name: documents.commands_to_run(text)
        for name, text in PAGES.items()
        if name not in RUN | PARSED
    }
    assert not {name: lines for name, lines in left.items() if lines}


def test_every_listed_command_stands_in_a_page_once_in_the_list() -> None:
    listed = [command for each in NOT_RUN.values() for command in each]
    assert len(listed) == len(set(listed))
    printed = {line for text in PAGES.values() for line in documents.commands(text)}
    assert set(listed) <= printed, set(listed) - printed


def test_every_script_is_run() -> None:
    with_scripts = {name for name, text in PAGES.items() if "```python" in text}
    # The page of examples holds nothing but the files of the folder.
    assert with_scripts == (RUN_SCRIPTS & with_scripts) | {"docs/examples.md"}
    blocks = documents.blocks(PAGES["docs/examples.md"], "python")
    assert all(re.fullmatch(r'--8<-- "examples/\w+\.py"\n', each) for each in blocks)
    tests = (HERE / "test_examples.py").read_text("utf-8")
    for each in blocks:
        assert re.search(rf"\b{Path(each.split(chr(34))[1]).stem}\b", tests), each


def test_every_block_has_a_language_that_is_looked_at() -> None:
    # The page of benchmarks is written by them, with what they print.
    others = {n: languages(text) for n, text in PAGES.items() if "benchmarks" not in n}
    found = {language for each in others.values() for language in each}
    assert found <= LANGUAGES
    for name, text in PAGES.items():
        assert text.count("\n```") == 2 * len(languages(text)), name
        hidden = [
            block for block in documents.blocks(text, "text") if "import " in block
        ]
        assert not hidden, f"{name}: this is Python"


def test_scripts_of_the_reference_run(make_napari_viewer: Callable[[], Viewer]) -> None:
    (script,) = documents.blocks(PAGES["docs/reference/engine.md"], "python")
    exec(script, {})
    (script,) = documents.blocks(PAGES["docs/reference/plugin.md"], "python")
    viewer = make_napari_viewer()
    exec(script, {"viewer": viewer})
    assert "coffee gray" in viewer.layers
    assert len(viewer.window.dock_widgets) == 2


@pytest.mark.parametrize("command", NOT_RUN[HOURS])
def test_commands_of_hours_lack_nothing_but_their_photos(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    _, _, module, *words = shlex.split(command)
    lacking = "--about" if "--about" in words else "--photos"
    photos = words[words.index(lacking) + 1]
    with pytest.raises(SystemExit) as end:
        importlib.import_module(module).main(words)
    said = capsys.readouterr().err.splitlines()[-1]
    assert end.value.code == 2
    # It is about the photos (or the nets), not about an option that there is not.
    assert photos in said, said
    assert "argument" not in said, said


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/tutorials/training.md"])
def test_a_model_of_hours_is_used_by_the_command_that_follows(name: str) -> None:
    lines = documents.commands(PAGES[name])
    made = [line for line in lines if line in NOT_RUN[HOURS] and "regenerate" in line]
    (color,) = (line for line in lines if line in NOT_RUN[MADE])
    assert f"--out {shlex.split(color)[-1]} " in made[0]


def test_targets_of_make_exist() -> None:
    makefile = (documents.ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([\w-]+):", makefile, re.M))
    for command in NOT_RUN[MAKE]:
        assert shlex.split(command)[1] in targets, command


def test_the_number_of_a_damaged_file_is_enough_to_read_it_again() -> None:
    (command,) = NOT_RUN[PARAMETER]
    _, *words = command.replace("NUMBER", "5").split()
    done = subprocess.run(
        [sys.executable, *words], cwd=documents.ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "number=5" in done.stdout


def test_extras_that_pages_name_exist() -> None:
    project = tomllib.loads((documents.ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"].keys()
    text = "".join(PAGES.values())
    groups = re.findall(r"(?:napari-colorize|\"\.)\[([\w,]+)\]", text)
    named = {extra for group in groups for extra in group.split(",")}
    assert {"napari", "stacks", "video", "training", "app"} <= named <= extras
    assert any("[app]" in command for command in NOT_RUN[INSTALL])


def test_scripts_that_pages_name_exist() -> None:
    text = "".join(PAGES.values())
    files = set(re.findall(r"\b((?:benchmarks|examples|docs)/\w+\.py)\b", text))
    modules = set(re.findall(r"python -m (training\.[a-z]\w*)", text))
    assert len(files) > 10
    assert len(modules) > 5
    for name in files:
        assert (documents.ROOT / name).is_file(), name
    for name in modules:
        place = documents.ROOT / name.replace(".", "/")
        main = place / "__main__.py" if place.is_dir() else place.with_suffix(".py")
        assert main.is_file(), name
