"""The controls of the Colorize widget: what there is to set, in plain words."""

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
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QGroupBox, QLabel, QSizePolicy, QSlider

from colorize_engine.decode import DecodeSettings
from napari_colorize.accessibility import label_controls
from napari_colorize.runs import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from napari_colorize.widget.preferences import Preferences

WHOLE_STACK, CURRENT_SLICE = "whole stack", "current slice"
_PAGE = 10  # steps of a slider for Page Up and Page Down

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
    """Temperature, rebalance and saturation, and a button that resets them."""

    def __init__(self) -> None:
        self.temperature = FloatSlider(
            min=0,
            max=1,
            step=0.01,
            value=0.38,
            label="t&emperature",
            tooltip=(
                "How the color of a pixel is taken from what the net thinks possible: "
                "0 takes the most probable one (vivid, may be patchy), 1 the mean of "
                "all (smooth, may be pale). No unit, 0 to 1."
            ),
        )
        self.rebalance = FloatSlider(
            min=-1,
            max=1,
            step=0.05,
            value=0,
            label="re&balance",
            tooltip=(
                "How much rare colors are favored: -1 as probable as they are in "
                "photos (cautious), 0 as the net was trained, above 0 more (colorful). "
                "No unit, -1 to 1."
            ),
        )
        self.saturation = FloatSlider(
            min=0,
            max=3,
            step=0.05,
            value=1,
            label="sat&uration",
            tooltip=(
                "Strength of the colors: 0 is gray, 1 as the net says. "
                "A factor, 0 to 3."
            ),
        )
        self.reset = PushButton(
            text="&Reset",
            tooltip=(
                "Set temperature and rebalance as the model wants them, and "
                "saturation to 1."
            ),
        )
        super().__init__(
            widgets=[self.temperature, self.rebalance, self.saturation, self.reset]
        )
        self.margins = (0, 0, 0, 0)
        label_controls(self)
        for slider in (self.temperature, self.rebalance, self.saturation):
            inner = slider.native.findChild(QSlider)
            inner.setPageStep(_PAGE * inner.singleStep())

    def settings(self) -> DecodeSettings:
        """Read the sliders."""
        return DecodeSettings(
            round(self.temperature.value, 4),
            round(self.rebalance.value, 4),
            round(self.saturation.value, 4),
        )

    def set(self, settings: DecodeSettings) -> None:
        """Move the sliders without telling anybody."""
        with self.changed.blocked():
            for slider, value in (
                (self.temperature, settings.temperature),
                (self.rebalance, settings.rebalance),
                (self.saturation, settings.saturation),
            ):
                with slider.changed.blocked():
                    slider.value = min(max(value, slider.min), slider.max)


class LayerChoice(QGroupBox):
    """Check boxes for the kinds of layers to add, what belongs together in one row."""

    def __init__(self, chosen: Iterable[str]) -> None:
        super().__init__("Layers to add")
        grid = QGridLayout(self)
        grid.setContentsMargins(6, 6, 6, 6)
        boxes: dict[str, CheckBox] = {}
        # In the order of the Tab key, which is that in which they are made.
        for number, kind in enumerate(_ROWS):
            box = CheckBox(text=kind, value=kind in chosen, tooltip=_KIND_TIPS[kind])
            boxes[kind] = box
            grid.addWidget(box.native, number // 2, number % 2)
        self.boxes = {kind: boxes[kind] for kind in KINDS}

    def kinds(self) -> tuple[str, ...]:
        """Kinds that are ticked."""
        return tuple(kind for kind, box in self.boxes.items() if box.value)


class Advanced(Container):  # type: ignore[type-arg]
    """What most people leave alone."""

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
                "Where the nets run: auto for the best there is. The list is filled by "
                "the first run."
            ),
        )
        self.working_size = SpinBox(
            min=1,
            max=8192,
            step=32,
            value=working_size,
            label="working size",
            tooltip=(
                "Short side in pixels at which the nets see the picture. Smaller is "
                "faster, larger may find small things; models are made for 256."
            ),
        )
        self.frames = ComboBox(
            choices=[WHOLE_STACK, CURRENT_SLICE],
            label="frames",
            tooltip="Of a stack: color all of it, or only the slice that is shown.",
        )
        self.region = ComboBox(
            choices=shapes,
            nullable=True,
            label="region",
            tooltip="A Shapes layer with a rectangle around the part to color.",
        )
        self.display_range = CheckBox(
            text="use the display range",
            tooltip=(
                "Take the layer's contrast limits for black and white: for scientific "
                "images whose values do not fill the range of their type."
            ),
        )
        self.folder = FileEdit(
            mode=FileDialogMode.EXISTING_DIRECTORY,
            nullable=True,
            label="model folder",
            tooltip="A model of your own instead of a shipped one.",
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
        self.folder.choose_btn.tooltip = "Look for the folder of a model of your own."


class Status(Container):  # type: ignore[type-arg]
    """What happens, how far it is, and a button to stop it."""

    def __init__(self) -> None:
        self.text = Label(value="Choose an image and press Colorize.")
        label = self.text.native
        if isinstance(label, QLabel):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            # Any long message wraps instead of widening the dock.
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
        super().__init__(widgets=[self.text, self.progress, self.cancel], labels=False)
        self.margins = (0, 0, 0, 0)

    def running(self, running: bool) -> None:
        """Show or hide progress and Cancel."""
        self.progress.visible = self.cancel.visible = running
        self.cancel.enabled = running
        if running:
            self.progress.value = 0
            self.progress.max = 0

    def at(self, done: int, total: int, text: str) -> None:
        """Show how far it is; with a single step only that it runs."""
        steps = total if total > 1 else 0
        self.progress.value = 0
        self.progress.max = steps
        self.progress.value = min(done, steps)
        self.text.value = text
