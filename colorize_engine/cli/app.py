"""The command ``colorize app``: a page for people without napari."""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from colorize_engine.cli.console import DONE, OneLineCommand, complain
from colorize_engine.cli.help import ByTopic
from colorize_engine.cli.options import MAX_PIXELS

if TYPE_CHECKING:
    from colorize_engine.app import Address

_EXTRA = "the page needs NiceGUI: pip install 'napari-colorize[app]'"
_HELP = """Color photos on a page in your browser.

The page runs on this machine, and photos never leave it. Drop photos on it, see them in
color, click what is wrong, take the right color, save. It needs the extra
napari-colorize[app]. Ctrl+C ends it.

\b
Examples:
  colorize app
  colorize app grandma.jpg scans/*.tif
"""


class WithApp(ByTopic):
    """The command ``colorize``, whose first word may be ``app``."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run ``colorize app`` or the command itself."""
        given = args[0] if args else extra.pop("args", None)
        words = list(sys.argv[1:] if given is None else given)
        if words[:1] == ["app"]:
            return app.main(words[1:], **extra)
        return super().main(words, **extra)


_PARAMETERS: list[click.Parameter] = [
    click.Argument(
        ["photos"], metavar="[PHOTO]...", nargs=-1, type=click.Path(path_type=Path)
    ),
    click.Option(
        ["-m", "--model"],
        default="default",
        show_default=True,
        metavar="NAME|FOLDER",
        help="A model from colorize --list-models, or the folder of your own model.",
    ),
    click.Option(
        ["--browser/--no-browser"],
        default=True,
        help="Whether to open the page in a browser.  [default: browser]",
    ),
    click.Option(
        ["--port"],
        type=click.IntRange(0, 65535),
        default=0,
        show_default="any free one",
        help="Port of the page.",
    ),
    click.Option(
        ["--host"],
        default="127.0.0.1",
        show_default=True,
        help="Address of the page. With 0.0.0.0 other machines can reach it, too; they "
        "need the token, and nothing is encrypted.",
    ),
    MAX_PIXELS,
]


@click.command(
    cls=OneLineCommand,
    name="colorize app",
    help=_HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 88},
    params=_PARAMETERS,
)
def app(
    photos: tuple[Path, ...],
    model: str,
    browser: bool,
    port: int,
    host: str,
    max_pixels: int,
) -> int:
    """Serve the page until Ctrl+C; return the exit code."""
    needed = ("nicegui", "fastapi", "uvicorn")
    if any(importlib.util.find_spec(name) is None for name in needed):
        raise click.UsageError(_EXTRA)
    from colorize_engine.app import serve
    from colorize_engine.cli.loading import load, name_or_path
    from colorize_engine.pretrained import Backend, ModelError, find_folder, read_card

    try:
        read_card(find_folder(name_or_path(model)))
    except ModelError as error:
        raise click.UsageError(str(error)) from error
    try:
        serve(
            photos,
            partial(load, model, Backend()),
            _tell,
            host=host,
            port=port,
            browser=browser,
            max_pixels=max_pixels,
        )
    except OSError as error:
        reason = error.strerror or str(error)
        raise click.UsageError(f"cannot serve at {host}:{port}: {reason}") from error
    _leave_threads()
    return DONE


def _leave_threads() -> None:
    """End the program if threads still color photos, which nobody will see."""
    others = set(threading.enumerate()) - {threading.main_thread()}
    if any(not thread.daemon for thread in others):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(DONE)


def _tell(address: Address) -> None:
    click.echo(f"Open {address.url}")
    if address.is_open:
        complain(
            "other machines of the network can reach this page; whoever has the "
            "address with the token sees and changes your photos, and nothing is "
            "encrypted"
        )
    complain("Ctrl+C ends it")
