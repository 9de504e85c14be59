"""The controls of the Colorize widget, with their tooltips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from magicgui.types import FileDialogMode
from magicgui.widgets import (
    CheckBox,
    ComboBox,
    Container,
    FileEdit,
    FloatSlider,
    Label,
    ProgressBar,
    PushButton,
    SpinBox,
)
from psygnal import Signal
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QGroupBox, QLabel, QSizePolicy, QSlider

from colorize_engine.decode import DecodeSettings
from napari_colorize.accessibility import label_controls
from napari_colorize.runs import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from colorize_engine import Card
    from napari_colorize.widget.preferences import Preferences

WHOLE_STACK, CURRENT_SLICE = "whole stack", "current slice"
_PAGE = 10  # slider steps of Page Up and Page Down

_KIND_TIPS = {
    "colorized": "The picture in color.",
    "a": "Decoded a*: green (below 0) to red (above 0), in Lab units.",
    "b": "Decoded b*: blue (below 0) to yellow (above 0), in Lab units.",
    "a probability": (
        "How probable each value of a* is, from 0 to 1, one slice for each bin."
    ),
    "b probability": (
        "How probable each value of b* is, from 0 to 1, one slice for each bin."
    ),
    "uncertainty": "How unsure the nets are: entropy of a and b together, in bits.",
}
_ROWS = ("colorized", "uncertainty", "a", "a probability", "b", "b probability")


class Sliders(Container):  # type: ignore[type-arg]
    """Temperature, rebalance, saturation, caution, and a button that resets them."""

    def __init__(self) -> None:
        self.temperature = FloatSlider(
            min=0,
            max=1,
            step=0.01,
            value=0.38,
            label="t&emperature",
            tooltip=(
                "How a pixel's color is chosen among those that the nets find "
                "possible: 0 takes the most probable color (vivid, may be patchy), 1 "
                "the mean of all (smooth, may be pale). No unit, 0 to 1."
            ),
        )
        self.rebalance = FloatSlider(
            min=-1,
            max=1,
            step=0.05,
            value=0,
            label="re&balance",
            tooltip=(
                "How much rare colors are favored: at -1 they are as probable as in "
                "photos (cautious), at 0 as the nets were trained, above 0 more "
                "(colorful). No unit, -1 to 1."
            ),
        )
        self.saturation = FloatSlider(
            min=0,
            max=3,
            step=0.05,
            value=1,
            label="sat&uration",
            tooltip=(
                "Strength of the colors: 0 is gray, 1 is what the nets predict. "
                "A factor, 0 to 3."
            ),
        )
        self.caution = FloatSlider(
            min=0,
            max=1,
            step=0.05,
            value=0,
            label="caution",
            tooltip=(
                "How much color is taken from where the nets are unsure: 0 nothing, 1 "
                "all that they know nothing about. No unit, 0 to 1."
            ),
        )
        self.reset = PushButton(
            text="&Reset",
            tooltip=(
                "Set temperature and rebalance to the values of the model, saturation "
                "to 1 and caution to 0."
            ),
        )
        self.all = (self.temperature, self.rebalance, self.saturation, self.caution)
        super().__init__(widgets=[*self.all, self.reset])
        self.margins = (0, 0, 0, 0)
        label_controls(self)
        for slider in self.all:
            inner = slider.native.findChild(QSlider)
            inner.setPageStep(_PAGE * inner.singleStep())

    def settings(self) -> DecodeSettings:
        """Return the settings of the sliders."""
        return DecodeSettings(
            round(self.temperature.value, 4),
            round(self.rebalance.value, 4),
            round(self.saturation.value, 4),
            round(self.caution.value, 4),
        )

    def set(self, settings: DecodeSettings) -> None:
        """Move the sliders without emitting signals."""
        with self.changed.blocked():
            for slider, value in (
                (self.temperature, settings.temperature),
                (self.rebalance, settings.rebalance),
                (self.saturation, settings.saturation),
                (self.caution, settings.caution),
            ):
                with slider.changed.blocked():
                    slider.value = min(max(value, slider.min), slider.max)

    def set_own(self, card: Card) -> None:
        """Move the sliders to a model's own settings without emitting signals."""
        self.set(DecodeSettings(card.temperature, card.rebalance))


class LayerChoice(QGroupBox):
    """Check boxes for the kinds of layers, related kinds in one row, and a button.

    Attributes
    ----------
    boxes : dict of CheckBox
        By kind.
    think : PushButton
        Shows what the nets think, or hides it.
    changed : Signal
        Emitted after a person has ticked or cleared a box.
    """

    changed = Signal()

    def __init__(self, chosen: Iterable[str]) -> None:
        super().__init__("Layers")
        grid = QGridLayout(self)
        grid.setContentsMargins(6, 6, 6, 6)
        boxes: dict[str, CheckBox] = {}
        # The Tab key follows the order in which the boxes are made.
        for number, kind in enumerate(_ROWS):
            box = CheckBox(text=kind, value=kind in chosen, tooltip=_KIND_TIPS[kind])
            boxes[kind] = box
            box.changed.connect(lambda _: self.changed.emit())
            grid.addWidget(box.native, number // 2, number % 2)
        self.think = PushButton(
            text="Show what the nets think",
            tooltip=(
                "Show how probable each value of a* is at each place; the slider "
                "'bins' below the picture goes through the values."
            ),
        )
        grid.addWidget(self.think.native, len(_ROWS), 0, 1, 2)
        self.boxes = {kind: boxes[kind] for kind in KINDS}

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds that are ticked."""
        return tuple(kind for kind, box in self.boxes.items() if box.value)

    def tick(self, kinds: Iterable[str]) -> None:
        """Tick the boxes of these kinds alone without emitting the signal."""
        wanted = set(kinds)
        with self.changed.blocked():
            for kind, box in self.boxes.items():
                box.value = kind in wanted


class Advanced(Container):  # type: ignore[type-arg]
    """Settings that most people leave alone."""

    def __init__(
        self,
        preferences: Preferences,
        working_size: int,
        shapes: Callable[[Any], list[Any]],
    ) -> None:
        self.device = ComboBox(
            choices=list(dict.fromkeys(["auto", preferences.device])),
            value=preferences.device,
            label="device",
            tooltip=(
                "Where the nets run: auto takes the best device. The first run fills "
                "the list."
            ),
        )
        self.working_size = SpinBox(
            min=1,
            max=8192,
            step=32,
            value=working_size,
            label="working size",
            tooltip=(
                "Short side, in pixels, of the picture that the nets see. Smaller is "
                "faster, larger may find small things. Each model "
                "begins with its own."
            ),
        )
        self.frames = ComboBox(
            choices=[WHOLE_STACK, CURRENT_SLICE],
            label="frames",
            tooltip="Color the whole stack, or only the slice that is shown.",
        )
        self.region = ComboBox(
            choices=shapes,
            nullable=True,
            label="region",
            tooltip=(
                "A Shapes layer. Only what lies in its rectangles, ellipses and "
                "polygons is colored, or in the selected ones. The rest of the picture "
                "keeps its colors."
            ),
        )
        self.display_range = CheckBox(
            text="use the display range",
            tooltip=(
                "Take the layer's contrast limits as black and white. This is for "
                "scientific images whose values do not fill the range of their type."
            ),
        )
        self.folder = FileEdit(
            mode=FileDialogMode.EXISTING_DIRECTORY,
            nullable=True,
            label="model folder",
            tooltip="The folder of your own model, instead of a shipped model.",
        )
        super().__init__(
            widgets=[
                self.device,
                self.working_size,
                self.frames,
                self.region,
                self.display_range,
                self.folder,
            ]
        )
        self.margins = (0, 0, 0, 0)
        label_controls(self)
        self.folder.choose_btn.tooltip = "Choose the folder of your own model."


class Status(Container):  # type: ignore[type-arg]
    """The status line, the progress bar, and the buttons Cancel and Use the range."""

    def __init__(self) -> None:
        self.text = Label(value="Choose an image and press Colorize.")
        label = self.text.native
        if isinstance(label, QLabel):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            # A long message wraps instead of widening the dock.
            label.setSizePolicy(
                QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
            )
        self.progress = ProgressBar(visible=False)
        self.progress.native.setAccessibleName("progress")
        self.cancel = PushButton(
            text="Cancel",
            visible=False,
            tooltip="Stop, and leave all layers as they are (Esc).",
        )
        self.stretch = PushButton(
            text="Use the display range",
            visible=False,
            tooltip=(
                "Color the image again, with the limits that napari shows it with as "
                "black and white."
            ),
        )
        super().__init__(
            widgets=[self.text, self.progress, self.cancel, self.stretch], labels=False
        )
        self.margins = (0, 0, 0, 0)

    def running(self, running: bool) -> None:
        """Show or hide progress and Cancel."""
        self.progress.visible = self.cancel.visible = running
        self.cancel.enabled = running
        if running:
            self.progress.value = 0
            self.progress.max = 0

    def show_progress(self, done: int, total: int, text: str) -> None:
        """Show the progress; for a single step, show only that work goes on."""
        steps = total if total > 1 else 0
        self.progress.value = 0
        self.progress.max = steps
        self.progress.value = min(done, steps)
        self.text.value = text
