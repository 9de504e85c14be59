"""Buttons of the page, pressed as a browser presses them: by its socket."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from typing import TYPE_CHECKING, Any

import nicegui
import socketio

if TYPE_CHECKING:
    from served import Served


def press(served: Served, text: str) -> None:
    """Open the page, press the button of a text, and close the page."""
    asyncio.run(_press(served, text))


async def _press(served: Served, text: str) -> None:
    page = served.get("/").body.decode()
    client_id = re.search(r"'client_id': '([0-9a-f-]+)'", page)[1]
    elements = json.loads(
        re.search(r"parseElements\(String.raw`(.*?)`\)", page, re.S)[1]
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#96;", "`")
        .replace("&#36;", "$")
        .replace("&amp;", "&")
    )
    number, button = next(
        (number, element)
        for number, element in elements.items()
        if element.get("props", {}).get("label") == text
    )
    (listener,) = (e for e in button["events"] if e["type"] == "click")
    query: dict[str, Any] = {
        "client_id": client_id,
        "tab_id": str(uuid.uuid4()),
        "document_id": str(uuid.uuid4()),
        "implicit_handshake": "true",
        "next_message_id": "0",
        "old_tab_id": "",
        "version": nicegui.__version__,
    }
    address = f"http://127.0.0.1:{served.port}"
    parts = "&".join(f"{name}={value}" for name, value in query.items())
    browser = socketio.AsyncClient()
    await browser.connect(
        f"{address}?{parts}",
        headers={"Cookie": served.cookie, "Origin": address},
        transports=["websocket"],
        socketio_path="/_nicegui_ws/socket.io",
    )
    told = {
        "id": int(number),
        "client_id": client_id,
        "listener_id": listener["listener_id"],
        "args": [],
    }
    await browser.emit("event", told)
    await browser.sleep(0.5)
    await browser.disconnect()
