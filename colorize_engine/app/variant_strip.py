"""Six plausible pictures to choose from."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from nicegui import ui

if TYPE_CHECKING:
    from colorize_engine.app.tab import Tab
    from colorize_engine.editor import OpenPhoto

COUNT = 6


class VariantStrip:
    """A button that draws variants, and the pictures; a click takes one."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        # The photo that the pictures belong to.
        self._shown: OpenPhoto | None = None
        self._seed = -1
        self._hints: list[Any] = []
        self._button = ui.button("Variants", icon="auto_awesome", on_click=self._draw)
        self._button.props('outline no-caps title="Show six plausible colorings"')
        self._pictures = ui.element("div").classes("variants")
        tab.follow(self.refresh)

    async def _draw(self) -> None:
        photo = self._tab.photo
        if photo is None:
            return
        self._seed += 1
        seed, state = self._seed, photo.state
        self._button.props("loading")
        try:
            hints = await asyncio.to_thread(photo.variants, seed, COUNT)
        except Exception as error:
            ui.notify(str(error), type="negative")
            return
        finally:
            self._button.props(remove="loading")
        if photo is not self._tab.photo or photo.state.hints != state.hints:
            return
        self._hints, self._shown = hints, photo
        self._pictures.clear()
        with self._pictures:
            for number in range(len(hints)):
                with ui.element("button").classes("variant") as button:
                    button.props(f'type=button aria-label="Use variant {number + 1}"')
                    source = f"/photos/{photo.key}/variants/{seed}/{number}"
                    ui.element("img").props(f'src="{source}" alt=""')
                button.on("click", lambda _, n=number: self._take(n))
                button.mark(f"variant {number + 1}")
        self._button.set_text("More variants")

    def _take(self, number: int) -> None:
        self._tab.set_hints(self._hints[number])

    def refresh(self) -> None:
        """Forget the pictures when another photo is shown."""
        photo = self._tab.photo
        self._button.set_enabled(photo is not None)
        if self._shown is not None and photo is not self._shown:
            self._shown, self._seed = None, -1
            self._pictures.clear()
            self._button.set_text("Variants")
