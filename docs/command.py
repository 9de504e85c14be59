"""Write the page of the command from the declarations of its options.

``python docs/command.py`` writes ``docs/reference/command.md``. Run it again when an
option, or what is said of it, has changed; a test tells.
"""

from __future__ import annotations

import re
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING

import click

from colorize_engine.cli import main
from colorize_engine.cli.app import app
from colorize_engine.cli.help import ALL_TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE = Path(__file__).parent / "reference" / "command.md"
INTRODUCTION = """# Options of the command

`docs/command.py` makes this page from the declarations that the command itself uses.
`colorize --help` prints an overview, `colorize --help TOPIC` one of these parts,
`colorize --help all` everything.
"""
_CODE = re.compile(r"(?<![\w`])((?:colorize )?--[a-z][a-z-]*|napari-colorize\[\w+\])")


def prose(text: str) -> str:
    """Return text of the help as Markdown."""
    return _CODE.sub(r"`\1`", cleandoc(text).replace("*", r"\*"))


def block(lines: Iterable[str]) -> str:
    """Return lines of a shell as a block of code."""
    return "\n".join(("```console", *lines, "```"))


def context(command: click.Command) -> click.Context:
    """Return the state of a command that was called without a word."""
    return command.make_context(command.name, [], resilient_parsing=True)


def option_parts(option: click.Option, ctx: click.Context) -> list[str]:
    """Return the heading of an option, its text, and its default and range."""
    names, text = option.get_help_record(ctx) or ("", "")
    text, _, extra = text.partition("  [")
    parts = [f"### `{names}`", prose(text)]
    return [*parts, f"`{extra.removesuffix(']')}`"] if extra else parts


def command_parts(command: click.Command) -> list[str]:
    """Return the usage of a command, what it does, and its examples."""
    text, _, examples = (command.help or "").partition("\b\nExamples:\n")
    usage = context(command).get_usage().removeprefix("Usage: ")
    lines = cleandoc(f"\n{examples}").splitlines()
    return [block([usage]), prose(text), block(lines)]


def page() -> str:
    """Return the text of the page."""
    parts = [INTRODUCTION.strip(), *command_parts(main)]
    for topic in ALL_TOPICS:
        title = f"{topic.name.capitalize()}: {topic.title}"
        parts += [f"## {title}", prose(topic.text), block(topic.examples)]
        for option in topic.options:
            parts += option_parts(option, context(main))
    parts += ["## colorize app", *command_parts(app)]
    for parameter in app.get_params(context(app)):
        if isinstance(parameter, click.Option):
            parts += option_parts(parameter, context(app))
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
