"""The help of the command, by topic, and the words that lead to it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

import colorize_engine
from colorize_engine.cli.command import main
from colorize_engine.cli.help import ALL_TOPICS

if TYPE_CHECKING:
    from collections.abc import Callable

    Say = Callable[..., tuple[int, str, str]]

ROOT = Path(colorize_engine.__file__).parents[1]
NAMES = [topic.name for topic in ALL_TOPICS]
OPTIONS = [param for param in main.params if isinstance(param, click.Option)]
EXAMPLES = [line for topic in ALL_TOPICS for line in topic.examples] + [
    line.strip()
    for line in str(main.help).splitlines()
    if "colorize" in line and "colorize app" not in line
]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """Run the command on a terminal of 80 columns: exit code, stdout and stderr."""
    monkeypatch.setenv("COLUMNS", "80")

    def call(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(list(words))
        return (end.value.code, *capsys.readouterr())

    return call


def assert_fits(text: str, lines: int) -> None:
    assert len(text.splitlines()) <= lines
    assert max(map(len, text.splitlines())) <= 80


def test_help_fits_a_screen_and_names_every_option_once(say: Say) -> None:
    code, text, errors = say("--help")
    assert (code, errors) == (0, "")
    assert say("-h") == (code, text, errors)
    assert_fits(text, 40)
    assert text.startswith("Usage: colorize ")
    listed = text.partition("explains one:")[2]
    names = Counter(listed.replace(",", " ").replace("/", " ").split())
    for option in OPTIONS:
        assert all(names[name] == 1 for name in option.opts), option.opts
    assert text.count("\n    colorize ") == 6
    codes = "0 all done, 1 some file failed, 2 wrong usage, 130 stopped."
    assert f"Exit codes: {codes}" in text


def test_every_option_belongs_to_one_topic() -> None:
    topics = Counter(id(option) for topic in ALL_TOPICS for option in topic.options)
    assert OPTIONS
    assert topics == {id(option): 1 for option in OPTIONS}


@pytest.mark.parametrize("topic", ALL_TOPICS, ids=NAMES)
def test_a_topic_fits_a_screen_and_explains_its_options(say: Say, topic) -> None:
    code, text, errors = say("--help", topic.name)
    assert (code, errors) == (0, "")
    assert say(f"--help={topic.name}")[1] == say("-h", topic.name)[1] == text
    assert_fits(text, 50)
    joined = "".join(text.split())
    assert "".join(topic.text.split()) in joined
    for option in topic.options:
        assert re.search(rf"^  (-\w, )?{option.opts[-1]} ", text, re.M)
        assert "".join(option.help.split()) in joined
    others = [other for other in OPTIONS if other not in topic.options]
    assert not any(f"  {other.opts[0]} " in text for other in others)


def test_help_with_all_is_every_topic(say: Say) -> None:
    code, text, _ = say("--help", "all")
    assert code == 0
    assert text.startswith("Usage: colorize ")
    for name in NAMES:
        assert say("--help", name)[1] in text


def test_an_unknown_topic_names_those_that_there_are(say: Say) -> None:
    code, out, errors = say("--help", "colour")
    assert (code, out, errors.count("\n")) == (2, "", 1)
    assert f"no topic 'colour'; there are {', '.join(NAMES)}, all." in errors


def test_help_goes_before_what_is_missing_or_follows(say: Say) -> None:
    assert say("photo.jpg", "--help") == say("--help", "-o", "x") == say("--help")


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ((), "colorize --help"),
        (("photo.jpg",), "colorize --help"),
        (("photo.jpg", "-o", "x", "--nan", "no"), "colorize --help input"),
        (("photo.jpg", "-o", "x", "--range", "no"), "colorize --help input"),
        (("photo.jpg", "-o"), "colorize --help"),
        (("photo.jpg", "--ouptut", "x"), "colorize --help"),
        (("app", "--prot"), "colorize app --help"),
    ],
)
def test_wrong_usage_leads_to_the_help(
    say: Say, words: tuple[str, ...], advice: str
) -> None:
    code, out, errors = say(*words)
    assert (code, out, errors.count("\n")) == (2, "", 1)
    assert errors.endswith(f" Try '{advice}'.\n")


@pytest.mark.parametrize("line", [at for at in EXAMPLES if "eval" not in at])
def test_examples_are_right_usage(line: str) -> None:
    command = line.partition(" > ")[0].rpartition(" | ")[2]
    _, *words = shlex.split(command)
    ctx = main.make_context("colorize", words, resilient_parsing="--export" in line)
    assert ctx.params["model"] in ("default", "reference-10")


def test_help_of_the_app_is_its_own(say: Say) -> None:
    code, text, _ = say("app", "--help")
    assert (code, say("app", "-h")[1]) == (0, text)
    assert text.startswith("Usage: colorize app [OPTIONS] [PHOTO]...")
    for name in ("--model", "--no-browser", "--port", "--host", "--max-pixels"):
        assert name in text
    assert "TOPIC" not in text


@pytest.mark.parametrize("words", [("--help",), ("--help", "all"), ("--version",)])
def test_help_loads_little(words: tuple[str, ...]) -> None:
    check = (
        "import sys; assert not {'torch', 'numpy', 'PIL', 'tqdm'} & set(sys.modules)"
    )
    script = "from colorize_engine.cli import main\ntry:\n main()\nfinally:\n "
    done = subprocess.run(
        [sys.executable, "-c", script + check, *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "colorize" in done.stdout


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("colorize --sat", ["--saturation"]),
        ("colorize --help fo", ["folders"]),
        ("colorize --nan ", ["error", "blank"]),
    ],
)
def test_a_shell_completes(line: str, offered: list[str]) -> None:
    count = line.count(" ")
    out = subprocess.run(
        [sys.executable, "-m", "colorize_engine"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={
            **os.environ,
            **{"COMP_WORDS": line, "COMP_CWORD": str(count)},
            "_COLORIZE_COMPLETE": "bash_complete",
        },
    ).stdout
    assert out == "".join(f"plain,{word}\n" for word in offered)
