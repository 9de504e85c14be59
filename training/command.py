"""Options and error handling that the command lines share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence


def run(parser: argparse.ArgumentParser, work: Callable[[], object]) -> None:
    """Run the work of a command line; on failure, exit with one line on stderr.

    Parameters
    ----------
    parser
        Parser of the command line; the line begins with its ``prog``.
    work
        Everything that may fail because of the user's input.

    Raises
    ------
    SystemExit
        With 2 if the input is wrong or a package is missing, 130 if interrupted.
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
        fail(130, "interrupted; run the same command again to continue")


def add_photos(parser: argparse.ArgumentParser) -> None:
    """Add ``--photos``, a source of color photos."""
    parser.add_argument(
        "--photos",
        required=True,
        help="folder tree, tar archive, or folder of tar archives",
    )


def add_choice(parser: argparse.ArgumentParser, parity: str, limit: int) -> None:
    """Add ``--parity`` and ``--limit``, the arguments of `photos.select`."""
    parser.add_argument(
        "--parity",
        choices=("even", "odd", "all"),
        default=parity,
        help="which photos, by the number in their names: even ones are for choices, "
        "odd ones for reported figures",
    )
    parser.add_argument(
        "--limit", type=int, default=limit, help="maximum number of photos; 0 = all"
    )


def add_models(parser: argparse.ArgumentParser, default: Sequence[str]) -> None:
    """Add ``--models``."""
    parser.add_argument(
        "--models", nargs="*", default=list(default), help="names or model folders"
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add ``--model``."""
    parser.add_argument("--model", default="default", help="name or model folder")


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add ``--device``."""
    parser.add_argument(
        "--device", default="auto", help="auto, cpu, cuda, cuda:N or mps"
    )


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add ``--data``, the folder that `training.dataset` writes."""
    parser.add_argument("--data", required=True, help="folder of the data set")


def add_preset(parser: argparse.ArgumentParser) -> None:
    """Add ``--preset``."""
    parser.add_argument("--preset", default="default", help="name or .toml file")


def add_version(parser: argparse.ArgumentParser) -> None:
    """Add ``--version``, the version of the model that is made."""
    parser.add_argument("--version", default="1", help="version for the model's card")
