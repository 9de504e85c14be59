"""Saving: a photo, all of them, hints and settings."""

from __future__ import annotations

import asyncio
from pathlib import PurePath
from typing import TYPE_CHECKING

from nicegui import ui

from colorize_engine.batch import explained, one_line
from colorize_engine.edit import to_json
from colorize_engine.editor import Archive, file_name, save
from colorize_engine.hints import write_hints

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from colorize_engine.app.progress import Progress
    from colorize_engine.app.tab import Tab
    from colorize_engine.edit import Edit
    from colorize_engine.editor import OpenPhoto

_FORMATS = {"": "as the photo", ".jpg": "JPEG", ".png": "PNG", ".tif": "TIFF"}


class SavingDialog:
    """A dialog with all that can be taken away from the page.

    Parameters
    ----------
    tab : Tab
    progress : Progress
        Shows the work on many photos.
    tell
        Called with a line for the person.
    """

    def __init__(
        self, tab: Tab, progress: Progress, tell: Callable[[str], None]
    ) -> None:
        self._tab, self._progress, self._tell = tab, progress, tell
        with ui.dialog() as self._dialog, ui.card().classes("saving"):
            self._dialog.props('aria-label="Save"')
            ui.label("Save").classes("card-title")
            self._format = ui.toggle(_FORMATS, value="").props("no-caps")
            self._one = ui.button("This photo", on_click=self._save_one)
            self._all = ui.button(
                "All photos, as one ZIP file", on_click=self._save_all
            )
            ui.separator()
            self._hints = ui.button("Hints (CSV)", on_click=self._save_hints)
            self._settings = ui.button("Settings (JSON)", on_click=self._save_settings)
            self._command = ui.button("Copy as command", on_click=self._copy)
            for button in (self._one, self._all):
                button.props("no-caps")
            for button in (self._hints, self._settings, self._command):
                button.props("no-caps outline")
            ui.button("Close", on_click=self._dialog.close).props("flat no-caps")

    def open(self) -> None:
        """Show the dialog."""
        if self._tab.photo is None:
            return
        self._all.set_enabled(not self._progress.busy)
        self._hints.set_enabled(bool(self._tab.photo.state.hints))
        self._dialog.open()

    @property
    def _suffix(self) -> str | None:
        return str(self._format.value) or None

    async def _save_one(self) -> None:
        photo = self._tab.photo
        if photo is None:
            return
        self._one.props("loading")
        desk = self._tab.desk
        path = desk.new_file(file_name(photo, self._suffix))
        try:
            record = await asyncio.to_thread(
                lambda: save(photo, path, desk.editor.colorizer())
            )
        except Exception as error:
            self._fail(photo.name, error, path)
            return
        finally:
            self._one.props(remove="loading")
        for note in record.notes:
            if note not in photo.notes:
                self._tell(f"{photo.name}: {note}")
        self._dialog.close()
        ui.download(desk.offer(path))

    async def _save_all(self) -> None:
        desk = self._tab.desk
        photos = desk.editor.photos
        self._dialog.close()
        path = desk.new_file("colorized.zip")
        suffix = self._suffix
        try:
            colorizer = await asyncio.to_thread(desk.editor.colorizer)
            archive = Archive(photos, path, suffix, colorizer)
            whole = await self._progress.run(
                "Saving", archive.write(), len(photos), archive.stop
            )
        except Exception as error:
            self._fail(path.name, error, path)
            return
        for photo, reason in archive.failed:
            self._tell(f"{photo.name}: {reason}")
        if whole and len(archive.failed) < len(photos):
            ui.download(desk.offer(path))

    def _save_hints(self) -> None:
        photo = self._tab.photo
        if photo is not None:
            path = self._beside(photo, ".csv")
            write_hints(path, photo.state.hints)
            ui.download(self._tab.desk.offer(path))

    async def _save_settings(self) -> None:
        photo = self._tab.photo
        if photo is not None and (edit := await self._edit(photo)):
            path = self._beside(photo, ".json")
            path.write_text(to_json(edit), "utf-8")
            ui.download(self._tab.desk.offer(path))

    def _beside(self, photo: OpenPhoto, suffix: str) -> Path:
        return self._tab.desk.new_file(PurePath(photo.name).stem + suffix)

    async def _copy(self) -> None:
        photo = self._tab.photo
        if photo is not None and (edit := await self._edit(photo)):
            more = {"--nan": "blank"} if photo.blank else {}
            line = edit.command(photo.name, file_name(photo, self._suffix), more)
            ui.clipboard.write(line)
            self._tell(line)

    async def _edit(self, photo: OpenPhoto) -> Edit | None:
        """Return what is set; it waits for the model."""
        try:
            return await asyncio.to_thread(photo.edit)
        except Exception as error:
            self._fail(photo.name, error, photo.path)
            return None

    def _fail(self, name: str, error: Exception, path: Path) -> None:
        self._tell(f"{name}: {one_line(explained(error, path))}")
