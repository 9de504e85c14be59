"""The help of the command: an overview of all topics, and one topic in full."""

from __future__ import annotations

from inspect import cleandoc
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from colorize_engine import __version__
from colorize_engine.cli.console import OneLineCommand
from colorize_engine.cli.options import TOPICS, Topic

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_ALL, _OVERVIEW = "all", ""


class TopicName(click.types.StringParamType):
    """The name of a topic, or "all"."""

    name = "topic"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Return the name; fail if there is no such topic."""
        if value not in (*_names(), _OVERVIEW):
            known = ", ".join(_names())
            self.fail(f"no topic {value!r}; there are {known}", param, ctx)
        return str(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the topics that begin so."""
        return click.Choice(_names()).shell_complete(ctx, param, incomplete)


def _names() -> tuple[str, ...]:
    return (*(topic.name for topic in ALL_TOPICS), _ALL)


def show_help(ctx: click.Context, _: click.Parameter, name: str | None) -> None:
    """Print the overview, a topic or all, and exit."""
    if name is None or ctx.resilient_parsing:
        return
    formatter = ctx.make_formatter()
    if name == _OVERVIEW:
        ctx.command.format_help(ctx, formatter)
    if name == _ALL:
        ctx.command.format_usage(ctx, formatter)
        ctx.command.format_help_text(ctx, formatter)
        formatter.write_paragraph()
    chosen = [topic for topic in ALL_TOPICS if name in (topic.name, _ALL)]
    for topic in chosen:
        if topic is not chosen[0]:
            formatter.write_paragraph()
        write_topic(topic, ctx, formatter)
    click.echo(formatter.getvalue().rstrip("\n"))
    ctx.exit()


def print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the version and exit."""
    if wanted and not ctx.resilient_parsing:
        click.echo(f"colorize {__version__} (napari-colorize)")
        ctx.exit()


def write_topic(
    topic: Topic, ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    """Write all that there is to say of a topic."""
    with formatter.section(f"{topic.name.capitalize()} ({topic.title})"):
        formatter.write_text(cleandoc(topic.text))
        records = [option.get_help_record(ctx) for option in topic.options]
        formatter.write_paragraph()
        formatter.write_dl([record for record in records if record])
        if topic.examples:
            formatter.write_paragraph()
            for line in topic.examples:
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


class ByTopic(OneLineCommand):
    """A command whose help lists its options by topic."""

    def format_options(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the names of the options, a paragraph for each topic."""
        with formatter.section("Options by topic; colorize --help TOPIC explains one"):
            for topic in ALL_TOPICS:
                names = ", ".join("/".join(option.opts) for option in topic.options)
                # Unlike click's lists, names of options are not cut at their hyphens.
                lines = wrap(
                    f"{topic.title}: {names}",
                    formatter.width,
                    initial_indent=f"  {topic.name:9}",
                    subsequent_indent=" " * 11,
                    break_on_hyphens=False,
                )
                formatter.write("\n".join((*lines, "")))

    def advice(self, error: click.UsageError) -> str:
        """Return the words that lead to the help on an option."""
        wrong = getattr(error, "param", None)
        names = [topic.name for topic in TOPICS if wrong in topic.options]
        if not names or isinstance(error, click.MissingParameter):
            return super().advice(error)
        return f"{self.name} --help {names[0]}"


ALL_TOPICS = (
    *TOPICS,
    Topic(
        name="help",
        title="topics, exit codes, the shell",
        text="""Exit codes: 0 all done, 1 some file failed, 2 wrong usage, 130 stopped.

        The shell completes options and topics after the line below in .bashrc;
        zsh_source and fish_source are for other shells.""",
        examples=('eval "$(_COLORIZE_COMPLETE=bash_source colorize)"',),
        options=(
            click.Option(
                ["-h", "--help"],
                type=TopicName(),
                is_flag=False,
                flag_value=_OVERVIEW,
                is_eager=True,
                expose_value=False,
                callback=show_help,
                metavar="[TOPIC]",
                help="Show an overview, one topic or all, and exit.",
            ),
            click.Option(
                ["--version"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=print_version,
                help="Show the version and exit.",
            ),
        ),
    ),
)
