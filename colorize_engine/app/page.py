"""The page: a photo, what can be set for it, and the other photos."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nicegui import ui

from colorize_engine.app.desk import SAMPLES
from colorize_engine.app.files_in import FilesIn
from colorize_engine.app.hint_card import HintCard, hint_places
from colorize_engine.app.photo_strip import PhotoStrip
from colorize_engine.app.progress import Progress, Stoppable
from colorize_engine.app.saving_dialog import SavingDialog
from colorize_engine.app.sliders import Sliders
from colorize_engine.app.stage import Stage
from colorize_engine.app.tab import Tab
from colorize_engine.app.thinking import Thinking
from colorize_engine.app.variant_strip import VariantStrip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colorize_engine.app.desk import Desk

# Seconds after which a tab looks for what other tabs have done.
_LOOK = 0.3
_STYLE = Path(__file__).with_name("web") / "page.css"


class Page:
    """The elements of one tab.

    Parameters
    ----------
    desk : Desk
    key : str
        Of the photo to show; that of the first one if it is none.
    """

    def __init__(self, desk: Desk, key: str = "") -> None:
        self.tab = Tab(desk)
        self._told = 0
        self._address = ""
        ui.colors(primary="#1f5fa8")
        ui.add_css(_STYLE.read_text("utf-8"))
        ui.page_title("Colorize")
        with ui.element("div").classes("shell") as self._shell:
            with ui.element("header").classes("bar"):
                self._add_bar()
            with ui.element("div").classes("middle"):
                self.stage = Stage(self._on_stage)
                self.card = HintCard(self.tab, self.stage)
                self._add_welcome()
            with ui.element("aside").classes("side").props('aria-label="Colors"'):
                self._notes = ui.label().classes("notes")
                self.sliders = Sliders(self.tab)
                self.variants = VariantStrip(self.tab)
                self.thinking = Thinking(self.tab, self.stage)
            with ui.element("footer").classes("foot"):
                self._messages = ui.element("div").classes("messages")
                self._messages.props("role=alert")
                self.progress = Progress()
                with ui.element("div").classes("foot-row"):
                    self.strip = PhotoStrip(self.tab)
                    self._color_all = ui.button("Color all", on_click=self.color_all)
                    self._color_all.props("outline no-caps")
        self.saving = SavingDialog(self.tab, self.progress, self.tell)
        self.tab.follow(self.refresh)
        self.tab.photo = desk.editor.get(key)
        self.tab.look()
        self.tab.refresh()
        ui.timer(_LOOK, self._look)

    def _add_bar(self) -> None:
        ui.element("h1").props("innerHTML=Colorize")
        self.files = FilesIn(self._on_files)
        ui.button("Open", icon="folder_open", on_click=self.files.choose).props(
            "no-caps unelevated"
        )
        self._undo = self._icon("undo", "Undo (Ctrl+Z)", self.tab.undo)
        self._redo = self._icon("redo", "Redo (Ctrl+Shift+Z)", self.tab.redo)
        self._split = self._icon("compare", "Gray beside color", self._toggle_split)
        self._status = ui.label().classes("status").props("role=status")
        self._save = ui.button(
            "Save", icon="download", on_click=lambda: self.saving.open()
        )
        self._save.props("no-caps unelevated")

    def _icon(self, icon: str, label: str, act: Any) -> ui.button:
        button = ui.button(icon=icon, on_click=act).props("flat round dense")
        button._props["aria-label"] = button._props["title"] = label
        return button.mark(label)

    def _add_welcome(self) -> None:
        with ui.element("div").classes("welcome") as self._welcome:
            ui.label("Drop photos here").classes("welcome-title")
            ui.label(
                "They are colored on this machine and never leave it. "
                "You can also paste."
            )
            ui.button("Choose photos", on_click=self.files.choose).props("no-caps")
            with ui.element("div").classes("samples"):
                ui.label("or try a sample:")
                for name in SAMPLES:
                    button = ui.button(name, on_click=lambda n=name: self._sample(n))
                    button.props("outline no-caps dense").mark(f"sample {name}")

    # What a person does

    async def _on_stage(self, name: str, told: Any) -> None:
        if name == "point":
            if self.card.is_open:
                self.card.close()
            else:
                await self.card.ask(*hint_places(told))
        elif name == "dot":
            await self._on_dot(int(told["number"]))
        elif name == "move":
            place = hint_places(told)
            self.card.move(int(told["number"]), *place, done=bool(told["done"]))
        elif name == "remove":
            self.card.remove(int(told["number"]))
        elif name == "watch":
            await self.thinking.watch(told)
        elif name == "drawn":
            self._on_drawn()
        elif name == "problem":
            self.tell(str(told))
        elif name == "beside":
            self.card.close()
        elif name == "undo":
            self.tab.undo()
        elif name == "redo":
            self.tab.redo()

    async def _on_dot(self, number: int) -> None:
        photo = self.tab.photo
        if photo is not None and number < len(photo.state.hints):
            hint = photo.state.hints[number]
            await self.card.ask(hint.row, hint.column, number)

    def _on_drawn(self) -> None:
        photo = self.tab.photo
        if photo is not None:
            self.strip.show_picture(photo, photo.edits)
            self.sliders.refresh()

    def _on_files(self, name: str, told: Any) -> None:
        if name == "progress":
            text = "" if told is None else f"opening {told['name']} …"
            self._status.set_text(text)
        elif name == "refused":
            self.tell(f"{told['name']}: {told['reason']}")
        elif name == "opened":
            photo = self.tab.desk.editor.get(str(told["photo"]))
            if photo is not None and (told["first"] or self.tab.photo is None):
                self.tab.choose(photo)
            self.tab.look()

    async def _sample(self, name: str) -> None:
        try:
            photo = await asyncio.to_thread(self.tab.desk.sample, name)
        except ImportError:
            self.tell(
                "The samples come from scikit-image. Install it, or open a photo."
            )
            return
        self.tab.choose(photo)

    def _toggle_split(self) -> None:
        on = self._split._props.get("aria-pressed") != "true"
        self._split._props["aria-pressed"] = "true" if on else "false"
        self._split.update()
        self.stage.set_split(on)

    async def color_all(self) -> None:
        """Color all photos that are gray yet, so that the strip shows them in color."""
        photos = [p for p in self.tab.desk.editor.photos if not p.is_colored]
        if self.progress.busy or not photos:
            return

        def steps() -> Iterator[None]:
            """Color one photo after the other."""
            for photo in photos:
                try:
                    photo.color()
                except Exception as error:
                    failed.append(f"{photo.name}: {error}")
                self.tab.desk.editor.use(photo)
                yield

        failed: list[str] = []
        work = Stoppable(steps())
        await self.progress.run("Coloring", work, len(photos), work.stop)
        for text in failed:
            self.tell(text)
        for photo in photos:
            self.strip.show_picture(photo, f"all-{photo.edits}")

    # What the page shows

    def tell(self, text: str) -> None:
        """Show a line that stays until it is closed."""
        with self._messages, ui.element("div").classes("message") as line:
            ui.label(text)
            close = ui.button(icon="close", on_click=lambda: line.delete())
            close.props('flat dense round size=sm aria-label="Close message"')

    def refresh(self) -> None:
        """Show the photo as it is now."""
        photo, tab = self.tab.photo, self.tab
        self.stage.show(photo)
        self.stage.set_visibility(photo is not None)
        empty = {"add": "empty"} if photo is None else {"remove": "empty"}
        self._shell.classes(**empty)
        self._welcome.set_visibility(photo is None)
        self._undo.set_enabled(photo is not None and photo.history.can_undo)
        self._redo.set_enabled(photo is not None and photo.history.can_redo)
        self._split.set_enabled(photo is not None)
        self._save.set_enabled(photo is not None)
        self._color_all.set_visibility(len(tab.desk.editor.photos) > 1)
        self._notes.set_text("" if photo is None else ". ".join(_told(photo)))
        self.files.set_photo("" if photo is None else photo.key)
        address = "/" if photo is None else f"/?photo={photo.key}"
        if address != self._address:
            self.card.close()
            self._address = address
            # A tab that is loaded again shows the same photo.
            ui.run_javascript(f"history.replaceState(null, '', {address!r})")

    def _look(self) -> None:
        self.tab.look()
        for text in self.tab.desk.messages[self._told :]:
            self.tell(text)
        self._told = len(self.tab.desk.messages)


def _told(photo: Any) -> list[str]:
    notes = [note[:1].upper() + note[1:] for note in photo.notes]
    if photo.page_count > 1:
        notes.append(
            f"{photo.page_count} pages: only the first is shown, all are saved"
        )
    return notes
