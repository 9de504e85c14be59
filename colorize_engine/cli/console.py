"""One-line errors, exit codes and parsing of option values."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from colorize_engine.batch import one_line

if TYPE_CHECKING:
    from colorize_engine.hints import Hint

DONE, SOME_FAILED, WRONG_USAGE, STOPPED = 0, 1, 2, 130
_MEGA = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}


class OneLineCommand(click.Command):
    """A command that prints each error as one line on stderr, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run as `click.Command.invoke` does, but stop quietly at Ctrl+C."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            complain("stopped")
            return STOPPED

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command as `click.Command.main` does; exit with its exit code."""
        extra |= {"standalone_mode": False, "prog_name": self.name}
        try:
            code = super().main(*args, **extra)
        except click.ClickException as error:
            complain(error.format_message())
            code = WRONG_USAGE
        except BrokenPipeError:
            # The reader of stdout is gone; without this Python complains at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = SOME_FAILED
        except click.Abort:
            complain("stopped")
            code = STOPPED
        except Exception as error:
            complain(f"unexpected {type(error).__name__}: {error}")
            code = SOME_FAILED
        sys.exit(code)


class Finite(click.FloatRange):
    """A finite number in a range; click lets "nan" pass every range."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number; fail if it is not finite or not in the range."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


def as_count(_: click.Context, param: click.Parameter, value: str) -> int:
    """Return a number of pixels, typed as 400000000, 4e8 or 400M."""
    text = value.strip().lower()
    digits = text.rstrip("kmg")
    try:
        number = float(digits) * _MEGA[text[len(digits) :]]
    except (KeyError, ValueError):
        number = math.nan
    if not 1 <= number < math.inf:
        raise click.BadParameter(
            f"expected a number of pixels, such as 400M, got {value!r}", param=param
        )
    return round(number)


max_pixels = click.option(
    "--max-pixels",
    callback=as_count,
    metavar="NUMBER",
    default="250M",
    show_default=True,
    help="Refuse larger pictures; their files may be damaged or malicious.",
)


def as_range(_: click.Context, param: click.Parameter, value: str) -> Any:
    """Return the range that the text of --range means."""
    from colorize_engine.files import parse_range

    try:
        return parse_range(value)
    except ValueError as error:
        raise click.BadParameter(str(error), param=param) from error


def as_hints(
    _: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> tuple[Hint, ...]:
    """Return the hints that the texts of --hint mean."""
    from colorize_engine.hints import from_text

    try:
        return from_text(" ".join(text.replace(" ", "") for text in value))
    except ValueError as error:
        raise click.BadParameter(str(error), param=param) from error


def hints_in(path: Path | None) -> tuple[Hint, ...]:
    """Return the hints in a file.

    Raises
    ------
    click.UsageError
        If there are none, or the file cannot be read.
    """
    from colorize_engine.batch import explained
    from colorize_engine.batch.marks import load_hints

    if path is None:
        return ()
    try:
        return load_hints(path)
    except OSError as error:
        raise click.UsageError(f"{path}: {explained(error, path)}") from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def as_report(
    _: click.Context, param: click.Parameter, value: str | None
) -> Path | None:
    """Return the path of --report, if its suffix is right."""
    from colorize_engine.batch import check_suffix

    if value is None:
        return None
    try:
        check_suffix(Path(value))
    except ValueError as error:
        raise click.BadParameter(str(error), param=param) from error
    return Path(value)


def complain(message: str) -> None:
    """Print a line on stderr, above a progress bar if there is one."""
    from tqdm import tqdm

    tqdm.write(f"colorize: {one_line(message)}", file=sys.stderr)
