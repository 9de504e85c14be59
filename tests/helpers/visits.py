"""Visits to the page of `colorize app` without a browser."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
from nicegui import core
from nicegui.testing import User, UserInteraction
from nicegui.testing.general import nicegui_reset_globals

from colorize_engine.app.server import application
from colorize_engine.app.stage import Stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from colorize_engine.app.desk import Desk

# Seconds; long, for a machine that is busy.
_PATIENCE = 60


class Visit:
    """A tab of a browser.

    Attributes
    ----------
    user : User
        The one of NiceGUI.
    """

    def __init__(self, user: User) -> None:
        self.user = user

    @property
    def stage(self) -> dict[str, Any]:
        """What the photo of the page is told to show."""
        (stage,) = (
            element
            for element in self.user.client.elements.values()
            if isinstance(element, Stage)
        )
        return dict(stage._props)

    async def on_stage(self, event: str, told: Any = None) -> None:
        """Do something with the photo, such as a click on a place."""
        self.user.find(kind=Stage).trigger(event, told)
        await settled()

    def find(self, marker: str) -> Any:
        """Return the elements of a marker as NiceGUI finds them, seen or not."""
        return self.user.find(marker=marker)

    async def change(self, marker: str, event: str, told: Any = None) -> None:
        """Do something with what has a marker, such as a slider."""
        self.find(marker).trigger(event, told)
        await settled()

    async def press(self, text: str = "", *, marker: str = "", label: str = "") -> None:
        """Press what has a text, a marker, or a label that begins so."""
        if label:
            (element,) = (
                element
                for element in self.user.client.elements.values()
                if element._props.get("aria-label", "").startswith(label)
            )
            UserInteraction(self.user, {element}, None).click()
        elif marker:
            self.find(marker).click()
        else:
            self.user.find(content=text).click()
        await settled()

    def sees(self, text: str) -> bool:
        """Return whether a text is on the page."""
        try:
            return bool(self.user.find(content=text).elements)
        except AssertionError:
            return False

    async def upload(self, name: str, content: bytes, photo: str = "") -> Any:
        """Send a file as the page does; return the answer."""
        query = {"name": name, "photo": photo}
        answer = await self.user.http_client.post(
            "/photos", params=query, content=content
        )
        told = answer.json()
        if answer.is_success:
            self._files().trigger("opened", {**told, "first": True})
        else:
            self._files().trigger("refused", {"name": name, "reason": told["error"]})
        return told

    def _files(self) -> Any:
        from colorize_engine.app.files_in import FilesIn

        return self.user.find(kind=FilesIn)


@asynccontextmanager
async def visited(desk: Desk) -> AsyncIterator[Callable[[str], Any]]:
    """Serve the page of a desk; yield a function that opens it in a new tab."""
    os.environ["NICEGUI_USER_SIMULATION"] = "true"
    try:
        with nicegui_reset_globals():
            app = application(desk)
            # Errors of handlers are errors of the test.
            problems: list[Exception] = []
            core.app.on_exception(problems.append)
            async with (
                # That of `app` would look through all objects of the process.
                core.app.router.lifespan_context(core.app),
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(app), base_url="http://test"
                ) as client,
            ):

                async def open_(path: str = "/") -> Visit:
                    user = User(client)
                    await user.open(path)
                    return Visit(user)

                yield open_
            assert problems == []
    finally:
        os.environ.pop("NICEGUI_USER_SIMULATION", None)


async def settled() -> None:
    """Let what an event has begun go on, as far as it waits for no thread."""
    for _ in range(10):
        await asyncio.sleep(0)


async def until(happened: Callable[[], Any]) -> None:
    """Wait until something has happened; fail if it takes too long."""
    end = time.monotonic() + _PATIENCE
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.02)
