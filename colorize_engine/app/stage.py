"""The photo on the page, with its dots of hints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nicegui.element import Element

if TYPE_CHECKING:
    from collections.abc import Callable

    from nicegui.events import GenericEventArguments

    from colorize_engine.editor import OpenPhoto

_KEYS = (
    "Arrow keys move a cross, Enter shows the likely colors there. Plus, minus and 0 "
    "zoom. Hold G to see gray. Tab goes to the dots: arrow keys move one, Enter "
    "changes its color, Delete removes it."
)
_EVENTS = (
    "point",
    "beside",
    "dot",
    "move",
    "remove",
    "watch",
    "undo",
    "redo",
    "problem",
    "drawn",
)


class Stage(Element, component="web/stage.js"):
    """A photo that can be zoomed, with a line between gray and color.

    Parameters
    ----------
    on
        Called with the name of an event and its arguments: ``point`` (row, column), a
        place that was clicked; ``beside``; ``dot`` (number); ``move`` (number, row,
        column, done); ``remove`` (number); ``watch`` (row, column, or None); ``undo``;
        ``redo``; ``problem`` (text); ``drawn`` (edits).
    """

    def __init__(self, on: Callable[[str, Any], Any]) -> None:
        super().__init__()
        self._props.update(
            {"keys": _KEYS, "label": "No photo", "split": False, "watching": False}
        )
        for name in _EVENTS:

            def handle(event: GenericEventArguments, name: str = name) -> Any:
                return on(name, event.args)

            self.on(name, handle)

    def show(self, photo: OpenPhoto | None) -> None:
        """Show a photo with its hints as they are now."""
        if photo is None:
            self._props.update({"photo": None, "shape": None, "hints": []})
            self._props["label"] = "No photo"
        else:
            self._props["photo"] = photo.key
            self._props["shape"] = list(photo.shape)
            self._props["edits"] = photo.edits
            self._props["label"] = f"{photo.name}, {photo.shape[1]} x {photo.shape[0]}"
            self._props["hints"] = [
                {
                    "row": hint.row,
                    "column": hint.column,
                    "color": hint.color(),
                    "label": f"Hint {number}: {hint.color()}",
                }
                for number, hint in enumerate(photo.state.hints, 1)
            ]
        self.update()

    def set_card(self, place: tuple[float, float] | None) -> None:
        """Put what is in the stage's slot at a row and column; None hides it."""
        self._props["card"] = None if place is None else list(place)
        self.update()

    def set_split(self, on: bool) -> None:
        """Show gray left of the line, and color right of it."""
        self._props["split"] = on
        self.update()

    def set_watching(self, on: bool) -> None:
        """Tell where the pointer is, or not."""
        self._props["watching"] = on
        self.update()

    def focus(self) -> None:
        """Let keys go to the photo."""
        self.run_method("focus")
