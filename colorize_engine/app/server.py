"""The server of the page: from its start to its end."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import socket
import threading
import webbrowser
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from colorize_engine.app.guard import Address, Guard
from colorize_engine.editor import scratch_folder
from colorize_engine.files import MAX_PIXELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import uvicorn
    from fastapi import FastAPI

    from colorize_engine.app.desk import Desk
    from colorize_engine.colorizer import Colorizer

_TITLE = "Colorize"
# What a terminal sends when it is closed; Windows has no such signal.
_HANGUP = getattr(signal, "SIGHUP", None)


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
    """Serve the page until Ctrl+C, or until the terminal is closed.

    Threads that still work on photos then are not waited for.

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
    with (
        suppress(KeyboardInterrupt),
        _ended_by_signals(),
        scratch_folder() as folder,
        _listening(host, port) as listener,
    ):
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
                    target=webbrowser.open, args=(guard.url_for_once(),), daemon=True
                ).start()

        guard = Guard(application(desk, ready), address)
        config = uvicorn.Config(
            guard,
            log_level=logging.CRITICAL,
            access_log=False,
            server_header=False,
            ws_max_size=1 << 20,
            timeout_graceful_shutdown=1,
        )
        _run(uvicorn.Server(config), listener)


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    """Serve until a signal comes; do not wait for threads that are at work."""
    if threading.current_thread() is threading.main_thread() and _HANGUP:
        signal.signal(_HANGUP, server.handle_exit)
    # That of `asyncio.run` would wait for the threads.
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(server.serve(sockets=[listener]))
    finally:
        if tasks := asyncio.all_tasks(loop):
            for task in tasks:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.close()


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let other signals end the block as Ctrl+C does, so that no file is left.

    Only the main thread gets signals; in other threads this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    numbers = [signal.SIGTERM] + ([_HANGUP] if _HANGUP else [])
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
        """Say that it is about to answer."""
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
