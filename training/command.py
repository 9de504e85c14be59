"""What the command lines of this package share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def run(parser: argparse.ArgumentParser, work: Callable[[], object]) -> None:
    """Do the work of a command line; end with one line on stderr if it cannot be done.

    Parameters
    ----------
    parser
        Of the command line; its ``prog`` begins the line.
    work
        Everything that may fail because of what the user gave.

    Raises
    ------
    SystemExit
        With 2 if the input is wrong or a package is missing, with 130 if interrupted.
    """

    def fail(code: int, message: str) -> NoReturn:
        parser.exit(code, f"{parser.prog}: {' '.join(message.split())}\n")

    try:
        work()
    except ModuleNotFoundError as error:
        hint = "install the extra: pip install -e '.[training]'"
        fail(2, f"needs the package {error.name}; {hint}")
    except (OSError, ValueError) as error:
        fail(2, str(error))
    except KeyboardInterrupt:
        fail(130, "interrupted; the same command goes on from what is done")
