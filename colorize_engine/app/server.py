"""The server of the page: from its start to its end."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import webbrowser
from contextlib import suppress
from typing import TYPE_CHECKING

from colorize_engine.app.guard import Address, Guard
from colorize_engine.editor import scratch_folder
from colorize_engine.files import MAX_PIXELS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from fastapi import FastAPI

    from colorize_engine.app.desk import Desk
    from colorize_engine.colorizer import Colorizer

_TITLE = "Colorize"


def serve(
    photos: Sequence[Path],
    colorizer: Callable[[], Colorizer],
    tell: Callable[[Address], None],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    browser: bool = True,
    max_pixels: int = MAX_PIXELS,
) -> None:
    """Serve the page until Ctrl+C.

    Parameters
    ----------
    photos
        Files to open at once.
    colorizer
        Returns the model; it is called in a thread at once.
    tell
        Called with the address as soon as the page answers.
    host
        Address to listen at.
    port
        0 is any that is free.
    browser
        Whether to open a browser.
    max_pixels
        Largest number of pixels of a photo.

    Raises
    ------
    OSError
        If the address or the port is not free.
    ImportError
        Without NiceGUI.
    """
    with scratch_folder() as folder, _listening(host, port) as listener:
        # NiceGUI would make a folder where the program was started.
        os.environ["NICEGUI_STORAGE_PATH"] = str(folder / "storage")
        import uvicorn

        from colorize_engine.app.desk import Desk

        address = Address(host, listener.getsockname()[1], secrets.token_urlsafe(24))
        desk = Desk(colorizer, folder, max_pixels)
        for act in (colorizer, lambda: desk.open(photos)):
            threading.Thread(target=_quietly(act), daemon=True).start()

        def ready() -> None:
            tell(address)
            if browser:
                # Some browsers keep the call waiting.
                threading.Thread(
                    target=webbrowser.open, args=(address.url,), daemon=True
                ).start()

        config = uvicorn.Config(
            Guard(application(desk, ready), address),
            log_level=logging.CRITICAL,
            access_log=False,
            server_header=False,
            ws_max_size=1 << 20,
            timeout_graceful_shutdown=1,
        )
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])
        desk.editor.close()


def application(desk: Desk, ready: Callable[[], None] = lambda: None) -> FastAPI:
    """Return the page of a desk as an app, which lets anybody in; see `Guard`.

    Parameters
    ----------
    desk : Desk
    ready
        Called when it is about to answer.
    """
    from contextlib import asynccontextmanager

    from fastapi import FastAPI
    from nicegui import ui

    from colorize_engine.app.page import Page
    from colorize_engine.app.pictures import routes

    @asynccontextmanager
    async def lifespan(_: FastAPI):  # type: ignore[no-untyped-def]
        ready()
        yield

    app = FastAPI(openapi_url=None, lifespan=lifespan)
    app.include_router(routes(desk))
    ui.run_with(
        app,
        root=lambda photo="": Page(desk, photo),
        title=_TITLE,
        dark=None,
        show_welcome_message=False,
        reconnect_timeout=20,
        tailwind=False,
        language="en-US",
    )
    return app


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _quietly(act: Callable[[], object]) -> Callable[[], None]:
    """Return a function whose errors come again where the result is needed."""

    def run() -> None:
        with suppress(Exception):
            act()

    return run
