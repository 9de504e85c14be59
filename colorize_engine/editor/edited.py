"""Hints and settings of a photo that is open, changed by one thread and seen by any."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, cast

from colorize_engine.decode import DecodeOptions
from colorize_engine.edit import EditHistory, State, saved_edit

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from pathlib import Path

    from colorize_engine.colorizer import Colorizer
    from colorize_engine.decode import DecodeSettings
    from colorize_engine.hints import Hint


class Edited:
    """What a person has set for a photo, and how to take it back.

    Parameters
    ----------
    colorizer
        Returns the model; it may wait until the model is loaded.

    Attributes
    ----------
    history : EditHistory
        Hints and settings.
    edits : int
        Counts the changes of the edit.
    """

    def __init__(self, colorizer: Callable[[], Colorizer]) -> None:
        self.history, self.edits = EditHistory(), 0
        self._colorizer, self._changing = colorizer, Lock()

    @property
    def state(self) -> State:
        """Hints and settings as they are now."""
        return self.history.present

    @property
    def settings(self) -> DecodeSettings:
        """Settings as they are now; at first those of the model, which it waits for."""
        if self.state.settings is None:
            own = DecodeOptions().resolved(self._colorizer())
            with self._changing:
                if self.state.settings is None:
                    self.history.begin(own)
        return cast("DecodeSettings", self.state.settings)

    def set_hints(self, hints: tuple[Hint, ...], change: Hashable = None) -> None:
        """Change the hints; see `History.record`."""
        with self._changing:
            self.history.set_hints(hints, change)
            self.edits += 1

    def set_settings(self, settings: DecodeSettings, change: Hashable = None) -> None:
        """Change the settings; see `History.record`."""
        with self._changing:
            self.history.set_settings(settings, change)
            self.edits += 1

    def set_state(self, state: State) -> None:
        """Change hints and settings in one step."""
        with self._changing:
            self.history.record(state)
            self.edits += 1

    def undo(self) -> None:
        """Take back the last change."""
        with self._changing:
            self.history.undo()
            self.edits += 1

    def redo(self) -> None:
        """Do the change again that was undone last."""
        with self._changing:
            self.history.redo()
            self.edits += 1

    def _restore(self, path: Path, shape: tuple[int, int]) -> bool:
        """Take up the edit of a photo that this program has saved, if it has."""
        try:
            edit = saved_edit(path)
        except (OSError, ValueError):
            return False
        if edit is None:
            return False
        inside = [
            hint
            for hint in edit.hints
            if hint.row < shape[0] and hint.column < shape[1]
        ]
        self.history.amend(State(tuple(inside), edit.decoding))
        return True
