"""Files that a person chooses, drops or pastes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nicegui.element import Element

if TYPE_CHECKING:
    from collections.abc import Callable

    from nicegui.events import GenericEventArguments


class FilesIn(Element, component="web/files.js"):
    """Sends files to the server, one after the other.

    Parameters
    ----------
    on
        Called with the name of an event and its arguments: ``progress`` (name, done,
        all; None at the end), ``opened`` (photo, name, kind, first), ``refused`` (name,
        reason).
    """

    def __init__(self, on: Callable[[str, Any], Any]) -> None:
        super().__init__()
        for name in ("progress", "opened", "refused"):

            def handle(event: GenericEventArguments, name: str = name) -> Any:
                return on(name, event.args)

            self.on(name, handle)

    def choose(self) -> None:
        """Open the browser's dialog for files."""
        self.run_method("choose")

    def set_photo(self, key: str) -> None:
        """Say which photo hints and settings are for."""
        self._props["photo"] = key
        self.update()
