"""The photos that are open, as a strip of small pictures."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from nicegui import ui

if TYPE_CHECKING:
    from colorize_engine.app.tab import Tab
    from colorize_engine.editor import OpenPhoto


class PhotoStrip:
    """A button for each photo; the one that is shown has a frame."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        self._buttons: dict[str, ui.element] = {}
        self._pictures: dict[str, tuple[ui.element, str]] = {}
        self._keys: list[str] = []
        self._strip = ui.element("div").classes("photos")
        self._strip.props('role=group aria-label="Photos"')
        tab.follow(self.refresh)

    def refresh(self) -> None:
        """Show the photos that are open now."""
        photos = self._tab.desk.editor.photos
        keys = [photo.key for photo in photos]
        if keys != self._keys:
            self._build(photos)
            self._keys = keys
        for photo in photos:
            self._mark(photo)

    def _build(self, photos: list[OpenPhoto]) -> None:
        self._strip.clear()
        self._buttons.clear()
        self._pictures.clear()
        self._strip.set_visibility(len(photos) > 0)
        with self._strip:
            for photo in photos:
                self._add(photo)
                self.show_picture(photo, "first")

    def _add(self, photo: OpenPhoto) -> None:
        with ui.element("div").classes("photo"):
            with ui.element("button").classes("choose") as button:
                button.props("type=button").mark(f"photo {photo.name}")
                button.on("click", lambda _, p=photo: self._tab.choose(p))
                picture = ui.element("img").props('alt="" loading=lazy')
                ui.label(photo.name).classes("name")
            close = ui.button(icon="close", on_click=lambda p=photo: self._close(p))
            close.props("flat dense round size=sm").classes("close")
            close._props["aria-label"] = f"Close {photo.name}"
        self._buttons[photo.key], self._pictures[photo.key] = button, (picture, "")

    def _mark(self, photo: OpenPhoto) -> None:
        button = self._buttons[photo.key]
        pressed = "true" if photo is self._tab.photo else "false"
        if button._props.get("aria-pressed") != pressed:
            button._props["aria-pressed"] = pressed
            button._props["title"] = photo.name
            button.update()

    def show_picture(self, photo: OpenPhoto, version: Any) -> None:
        """Show the small picture of a photo as it is now."""
        if photo.key not in self._pictures:
            return
        picture, before = self._pictures[photo.key]
        source = f"/photos/{photo.key}/thumbnail?of={version}"
        if source != before:
            picture._props["src"] = source
            picture.update()
            self._pictures[photo.key] = picture, source

    async def _close(self, photo: OpenPhoto) -> None:
        if photo is self._tab.photo:
            # The next one is shown, or else the one before.
            photos = self._tab.desk.editor.photos
            at = photos.index(photo)
            others = [*photos[at + 1 :][:1], *photos[:at][-1:]]
            self._tab.choose(others[0] if others else None)
        # It waits for what is being rendered.
        await asyncio.to_thread(self._tab.desk.close, photo)
        self._tab.look()
