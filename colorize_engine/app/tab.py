"""State of one tab of the browser: the photo that it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from colorize_engine.app.desk import Desk
    from colorize_engine.decode import DecodeSettings
    from colorize_engine.editor import OpenPhoto
    from colorize_engine.hints import Hint


class Tab:
    """The photo that a tab shows; its parts follow.

    Parameters
    ----------
    desk : Desk
        What all tabs share.

    Attributes
    ----------
    desk : Desk
    photo : OpenPhoto or None
        The one that is shown.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.photo: OpenPhoto | None = None
        self._followers: list[Callable[[], Any]] = []
        self._seen: tuple[Any, ...] = ()

    def follow(self, refresh: Callable[[], Any]) -> None:
        """Call a function after each change of the photo that is shown."""
        self._followers.append(refresh)

    def choose(self, photo: OpenPhoto | None) -> None:
        """Show another photo."""
        self.photo = photo
        self.refresh()

    def look(self) -> None:
        """Refresh if there was a change, also by another tab."""
        if self.photo is not None and self.desk.editor.get(self.photo.key) is None:
            self.photo = None
        if self.photo is None and self.desk.editor.photos:
            self.photo = self.desk.editor.photos[0]
        if self._now() != self._seen:
            self.refresh()

    def refresh(self) -> None:
        """Let all parts show the photo as it is now."""
        self._seen = self._now()
        for refresh in self._followers:
            refresh()

    def _now(self) -> tuple[Any, ...]:
        photo = self.photo
        return self.desk.editor.version, photo, photo and photo.edits

    def set_hints(self, hints: tuple[Hint, ...], change: Hashable = None) -> None:
        """Change the hints of the photo."""
        if self.photo is not None:
            self.photo.set_hints(hints, change)
            self.refresh()

    def set_settings(self, settings: DecodeSettings, change: Hashable = None) -> None:
        """Change the settings of the photo."""
        if self.photo is not None:
            self.photo.set_settings(settings, change)
            self.refresh()

    def undo(self) -> None:
        """Take back the last change of the photo."""
        if self.photo is not None and self.photo.history.can_undo:
            self.photo.undo()
            self.refresh()

    def redo(self) -> None:
        """Do the change again that was undone last."""
        if self.photo is not None and self.photo.history.can_redo:
            self.photo.redo()
            self.refresh()
