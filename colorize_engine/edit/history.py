"""Undo and redo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

State = TypeVar("State")


class History(Generic[State]):
    """The states of a picture as they were after each change.

    Parameters
    ----------
    first
        The first state.
    limit
        Largest number of changes that can be undone, 1 or more; the oldest are
        forgotten.

    Raises
    ------
    ValueError
        If the limit is below 1.
    """

    def __init__(self, first: State, limit: int = 100) -> None:
        if limit < 1:
            raise ValueError(f"expected a limit of 1 or more, got {limit}")
        self._states, self._at, self._limit = [first], 0, limit
        self._going_on: Hashable = None

    @property
    def present(self) -> State:
        """The state as it is now."""
        return self._states[self._at]

    @property
    def can_undo(self) -> bool:
        """Whether there is an earlier state."""
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a state that was undone."""
        return self._at < len(self._states) - 1

    def record(self, state: State, change: Hashable = None) -> None:
        """Add the state after a change; forget what was undone.

        A state that equals the present one is no change.

        Parameters
        ----------
        state
            The new state.
        change
            Name of a change that goes on, such as a slider that is dragged. States that
            are recorded one after another with the same name are one step. None is a
            step by itself.
        """
        if state == self.present:
            if change is None:
                self.settle()
            return
        if change is not None and change == self._going_on:
            self._at -= 1
        del self._states[self._at + 1 :]
        self.settle()
        if state != self.present:
            self._states.append(state)
            self._going_on = change
        del self._states[: -self._limit - 1]
        self._at = len(self._states) - 1

    def settle(self) -> None:
        """End a change that goes on; the next one is a step of its own."""
        self._going_on = None

    def amend(self, state: State) -> None:
        """Put a state in place of the present one; it is no step."""
        self._states[self._at] = state
        self.settle()

    def undo(self) -> State:
        """Go back by one change, if there is one; return the state then."""
        return self._go(self._at - 1)

    def redo(self) -> State:
        """Do the change again that was undone last, if any; return the state then."""
        return self._go(self._at + 1)

    def _go(self, at: int) -> State:
        self._at = min(max(at, 0), len(self._states) - 1)
        self.settle()
        return self.present
