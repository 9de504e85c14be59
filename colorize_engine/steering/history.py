"""Undo and redo of hints."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from colorize_engine.hints import Hint


class History:
    """The hints of a picture as they were after each change.

    Parameters
    ----------
    hints
        The first state.
    limit
        Largest number of changes that can be undone, 1 or more; the oldest are
        forgotten.

    Raises
    ------
    ValueError
        If the limit is below 1.
    """

    def __init__(self, hints: Iterable[Hint] = (), limit: int = 100) -> None:
        if limit < 1:
            raise ValueError(f"expected a limit of 1 or more, got {limit}")
        self._states, self._at, self._limit = [tuple(hints)], 0, limit
        self._going_on: Hashable = None

    @property
    def present(self) -> tuple[Hint, ...]:
        """The hints as they are now."""
        return self._states[self._at]

    @property
    def can_undo(self) -> bool:
        """Whether there is an earlier state."""
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a state that was undone."""
        return self._at < len(self._states) - 1

    def record(self, hints: Iterable[Hint], change: Hashable = None) -> None:
        """Add the state after a change; forget what was undone.

        Hints as they are now are no change.

        Parameters
        ----------
        hints
            The new state.
        change
            Name of a change that goes on, such as a color that is dragged. States that
            are recorded one after another with the same name are one step. None is a
            step by itself.
        """
        state = tuple(hints)
        if state == self.present:
            if change is None:
                self._going_on = None
            return
        if change is not None and change == self._going_on:
            self._at -= 1
        del self._states[self._at + 1 :]
        self._going_on = None
        if state != self.present:
            self._states.append(state)
            self._going_on = change
        del self._states[: -self._limit - 1]
        self._at = len(self._states) - 1

    def undo(self) -> tuple[Hint, ...]:
        """Go back by one change, if there is one; return the hints then."""
        return self._go(self._at - 1)

    def redo(self) -> tuple[Hint, ...]:
        """Do the change again that was undone last, if any; return the hints then."""
        return self._go(self._at + 1)

    def _go(self, at: int) -> tuple[Hint, ...]:
        self._at = min(max(at, 0), len(self._states) - 1)
        self._going_on = None
        return self.present
