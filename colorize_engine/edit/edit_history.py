"""Settings and hints of a picture, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from colorize_engine.edit.history import History

if TYPE_CHECKING:
    from collections.abc import Hashable

    from colorize_engine.decode import DecodeSettings
    from colorize_engine.hints import Hint


class State(NamedTuple):
    """What a person has set for a picture.

    Attributes
    ----------
    hints : tuple of Hint
        In pixels of the whole picture.
    settings : DecodeSettings or None
        Positions of the sliders; None before the picture was colored.
    """

    hints: tuple[Hint, ...] = ()
    settings: DecodeSettings | None = None


class EditHistory(History[State]):
    """The states of a picture, one after each change of its hints or settings."""

    def __init__(self) -> None:
        super().__init__(State())

    def set_hints(self, hints: tuple[Hint, ...], change: Hashable = None) -> None:
        """Record the hints after a change, see `History.record`."""
        self.record(self.present._replace(hints=hints), change)

    def set_settings(self, settings: DecodeSettings, change: Hashable = None) -> None:
        """Record the settings after a change, see `History.record`."""
        self.record(self.present._replace(settings=settings), change)

    def begin(self, settings: DecodeSettings) -> None:
        """Take settings that nobody has chosen; they are no step."""
        self.amend(self.present._replace(settings=settings))
