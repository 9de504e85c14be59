"""The choice of a model, of the list or of a folder, and of what runs it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from magicgui.widgets import ComboBox

from colorize_engine import ModelError, list_models
from colorize_engine.pretrained import Backend, read_card
from napari_colorize.widget import preferences

if TYPE_CHECKING:
    from collections.abc import Callable

    from colorize_engine import Card
    from napari_colorize.widget.controls import Advanced


class ModelChoice:
    """The list of the shipped models, beside the controls of a folder and a device.

    Parameters
    ----------
    preferred
        Name of the model that is chosen at first, if it is there.
    advanced
        Returns the controls of the folder and of the device.

    Attributes
    ----------
    cards : dict of Card
        Cards of the shipped models by name.
    box : ComboBox
        The list.
    """

    def __init__(self, preferred: str, advanced: Callable[[], Advanced]) -> None:
        self._advanced = advanced
        self.cards = {card.name: card for card in list_models()}
        self.box = ComboBox(
            choices=[(_with_purpose(card), name) for name, card in self.cards.items()],
            value=preferred if preferred in self.cards else None,
            label="&model",
            tooltip="The nets that predict the colors.\n"
            + "\n".join(
                f"{c.name}: {c.purpose}\n    {c.description}"
                for c in self.cards.values()
            ),
        )

    @property
    def model(self) -> str | Path:
        """The chosen model: its name, or its folder."""
        return self._folder or str(self.box.value)

    @property
    def backend(self) -> Backend:
        """What is to run the nets; a change in Preferences counts at once."""
        chosen = preferences.read()
        return Backend(self._advanced().device.value, chosen.runtime, chosen.precision)

    @property
    def card(self) -> Card:
        """The card of the chosen model.

        For a model folder that is broken, it is the card of the model in the list. Only
        a run reports what is wrong with the folder.
        """
        if self._folder is not None:
            try:
                return read_card(self._folder)
            except ModelError:
                pass
        return self.cards[self.box.value]

    @property
    def _folder(self) -> Path | None:
        """The person's own model folder, if one is chosen."""
        value = self._advanced().folder.value
        return value if isinstance(value, Path) else None


def _with_purpose(card: Card) -> str:
    """Return the name of a model, with what it is for in a few words."""
    words = card.purpose.partition(":")[0]
    return f"{card.name} ({words[0].lower()}{words[1:]})" if words else card.name
