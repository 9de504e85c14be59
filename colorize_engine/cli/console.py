"""One-line errors and exit codes."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from colorize_engine.batch import one_line

DONE, SOME_FAILED, WRONG_USAGE, STOPPED = 0, 1, 2, 130


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
            message = error.format_message()
            # Errors of click name an option; our own say what to do.
            if (
                isinstance(error, click.UsageError)
                and type(error) is not click.UsageError
            ):
                end = "" if message.endswith((".", "?")) else "."
                message = f"{message}{end} Try '{self.advice(error)}'."
            complain(message)
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

    def advice(self, _: click.UsageError) -> str:
        """Return the command that explains what was wrong."""
        return f"{self.name} --help"


def complain(message: str) -> None:
    """Print a line on stderr, above a progress bar if there is one."""
    from tqdm import tqdm

    tqdm.write(f"colorize: {one_line(message)}", file=sys.stderr)
