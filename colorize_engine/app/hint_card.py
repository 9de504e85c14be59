"""The card at a place of the photo: likely colors to click on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nicegui import ui

from colorize_engine.hints import Hint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from colorize_engine.app.stage import Stage
    from colorize_engine.app.tab import Tab
    from colorize_engine.steering import Suggestion

# Of black and white no color could be told from another.
_DARK, _LIGHT = 25.0, 85.0


class HintCard:
    """Colors for a place, or for a hint that is there already.

    Parameters
    ----------
    tab : Tab
    stage : Stage
        It shows the card in its slot.
    """

    def __init__(self, tab: Tab, stage: Stage) -> None:
        self._tab, self._stage = tab, stage
        self._place: tuple[float, float] | None = None
        # Number of the hint that the card is about; None for a new one.
        self._number: int | None = None
        # The hint as it was then: another tab may change it.
        self._hint: Hint | None = None
        self._asked = 0
        with stage, ui.element("div").classes("card") as self._card:
            self._card.props('role=dialog aria-label="Color of this place"')
            self._title = ui.label().classes("card-title")
            self._colors = ui.element("div").classes("swatches likely")
            self._others = ui.element("div").classes("swatches")
            with ui.element("div").classes("card-row"):
                with ui.element("label").classes("own-color"):
                    ui.label("another color")
                    self._own = ui.element("input").props("type=color value=#a06040")
                    self._own.mark("own color")
                    self._own.on(
                        "change",
                        lambda event: self._take_color(str(event.args)),
                        js_handler="(event) => emit(event.target.value)",
                    )
                self._remove = ui.button("Remove", on_click=self._on_remove)
                self._remove.props("flat dense no-caps")
                close = ui.button(icon="close", on_click=self.close)
                close.props('flat dense round aria-label="Close"')
        self._card.on("keydown.esc", self.close)
        self._card.set_visibility(False)

    @property
    def is_open(self) -> bool:
        """Whether the card is shown."""
        return self._place is not None

    async def ask(self, row: float, column: float, number: int | None = None) -> None:
        """Open the card at a place, and offer likely colors.

        Parameters
        ----------
        row, column
            In pixels of the photo.
        number
            Of the hint whose color is to be changed.
        """
        photo = self._tab.photo
        if photo is None:
            return
        self._place, self._number = (row, column), number
        self._hint = None if number is None else photo.state.hints[number]
        self._asked += 1
        asked = self._asked
        self._title.set_text("What color is this?" if number is None else "This hint")
        self._remove.set_visibility(number is not None)
        self._colors.clear()
        with self._colors:
            ui.label("finding likely colors …").props("role=status")
        self._offer_others()
        self._card.set_visibility(True)
        self._stage.set_card(self._place)
        try:
            found, lightness = await asyncio.to_thread(photo.suggestions, row, column)
        except Exception as error:
            if asked == self._asked:
                self._colors.clear()
                with self._colors:
                    ui.label(str(error))
            return
        if asked == self._asked and self.is_open:
            self._offer(found, lightness)

    def _offer(self, found: Iterable[Suggestion], lightness: float) -> None:
        light = min(max(lightness, _DARK), _LIGHT)
        self._colors.clear()
        with self._colors:
            first = None
            for number, each in enumerate(found, 1):
                share = f"{each.probability:.0%}"
                share = "<1%" if share == "0%" else share
                color = Hint(0, 0, each.a, each.b).color(light)
                swatch = self._swatch(color, share, f"Color {number}, {share}: {color}")
                swatch.on("click", lambda _, e=each: self._take(e.a, e.b))
                first = first or swatch
            gray = Hint(0, 0, 0, 0).color(light)
            swatch = self._swatch(gray, "gray", "Gray: no color")
            swatch.on("click", lambda _: self._take(0.0, 0.0))
        if first is not None:
            ui.run_javascript(f"getHtmlElement({first.id})?.focus()")

    def _offer_others(self) -> None:
        """Offer the colors of the photo's other hints."""
        photo = self._tab.photo
        self._others.clear()
        if photo is None:
            return
        own = None if self._number is None else photo.state.hints[self._number]
        colors = {
            (hint.a, hint.b): hint for hint in photo.state.hints if hint is not own
        }
        self._others.set_visibility(bool(colors))
        with self._others:
            for hint in [*colors.values()][-6:]:
                swatch = self._swatch(hint.color(), "", f"Used before: {hint.color()}")
                swatch.on("click", lambda _, h=hint: self._take(h.a, h.b))

    def _swatch(self, color: str, text: str, label: str) -> ui.element:
        with ui.element("button").classes("swatch") as button:
            button.props(f'type=button aria-label="{label}" title="{label}"')
            button.mark(label)
            ui.element("span").classes("patch").style(f"background: {color}")
            if text:
                ui.label(text)
        return button

    def _take_color(self, color: str) -> None:
        try:
            hint = Hint.from_color(0, 0, color)
        except ValueError:
            return
        self._take(hint.a, hint.b)

    def _take(self, a: float | None, b: float | None) -> None:
        photo, place, number = self._tab.photo, self._place, self._number
        hint = self._hint
        self.close()
        if photo is None or place is None:
            return
        hints = list(photo.state.hints)
        if number is None:
            hints.append(Hint(*place, a, b))
        elif hint in hints[number : number + 1]:
            hints[number] = replace(hints[number], a=a, b=b)
        self._tab.set_hints(tuple(hints))

    def _on_remove(self) -> None:
        photo, number, hint = self._tab.photo, self._number, self._hint
        if photo is not None and number is not None:
            if hint in photo.state.hints[number : number + 1]:
                self.remove(number)
            else:
                self.close()

    def remove(self, number: int) -> None:
        """Remove a hint."""
        photo = self._tab.photo
        self.close()
        if photo is not None and 0 <= number < len(photo.state.hints):
            hints = photo.state.hints
            self._tab.set_hints((*hints[:number], *hints[number + 1 :]))

    def move(self, number: int, row: float, column: float, *, done: bool) -> None:
        """Move a hint; moves until one is done are one step of undo."""
        photo = self._tab.photo
        if photo is None or not 0 <= number < len(photo.state.hints):
            return
        self.close()
        hints = list(photo.state.hints)
        row, column = (
            min(max(at, 0.0), size - 1.0)
            for at, size in zip((row, column), photo.shape, strict=True)
        )
        hints[number] = replace(hints[number], row=row, column=column)
        self._tab.set_hints(tuple(hints), ("move", number))
        if done:
            photo.history.settle()

    def close(self) -> None:
        """Hide the card."""
        if not self.is_open:
            return
        self._place = self._number = self._hint = None
        self._asked += 1
        self._card.set_visibility(False)
        self._colors.clear()
        self._stage.set_card(None)
        self._stage.focus()


def hint_places(event: Any) -> tuple[float, float]:
    """Return the row and column that an event of the stage tells."""
    return float(event["row"]), float(event["column"])
