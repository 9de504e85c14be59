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
from qtpy.QtWidgets import (
    QGridLayout,
    QGroupBox,
    QLabel,
    QSizePolicy,
    QSlider,
)

from colorize_engine.decode import DecodeSettings
from colorize_engine.resize import LARGEST
from napari_colorize.accessibility import label_controls
from napari_colorize.runs import KINDS
from napari_colorize.widget.smoothing_choice import SmoothingChoice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from colorize_engine import Card
    from napari_colorize.widget.preferences import Preferences

WHOLE_STACK, CURRENT_SLICE = "whole stack", "current slice"
_PAGE = 10  # slider steps of Page Up and Page Down
_EXACT = 1e-6

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
_NAMES = {"a": "a* (green - red)", "b": "b* (blue - yellow)"}
_ROWS = ("colorized", "uncertainty", "a", "a probability", "b", "b probability")


class Sliders(Container):  # type: ignore[type-arg]
    """Temperature, rebalance, saturation, caution; undo, redo and reset.

    Their ranges end where pictures do. A picture that was made with a value beyond
    widens the range of its slider.
    """

    def __init__(self) -> None:
        self.temperature = _slider(
            "temperature",
            (0, 1, 0.01),
            0.7,
            "vivid - car&eful",
            "Temperature: how a pixel gets its color from the probabilities. 0 takes "
            "the most probable color (vivid, may be patchy), 1 the mean of all colors "
            "(smooth, may be pale). No unit, 0 to 1.",
        )
        self.rebalance = _slider(
            "rebalance",
            (-1, 0.5, 0.05),
            0,
            "rare colors",
            "Rebalance: how strongly rare colors are favored. At -1 they are as "
            "probable as in photos (grayish), at 0 as the nets were trained, above 0 "
            "more probable (colorful). No unit, -1 to 0.5.",
        )
        self.saturation = _slider(
            "saturation",
            (0, 2, 0.05),
            1,
            "sat&uration",
            "Strength of the colors: 0 is gray, 1 is what the nets predict. "
            "A factor, 0 to 2.",
        )
        self.caution = _slider(
            "caution",
            (0, 1, 0.05),
            0,
            "caution",
            "How much color is removed where the nets are unsure: 0 none, 1 all color "
            "about which they know nothing. No unit, 0 to 1.",
        )
        self.undo = PushButton(
            text="Undo",
            enabled=False,
            tooltip="Undo the last change of a slider or a hint (Ctrl+Z).",
        )
        self.redo = PushButton(
            text="Redo",
            enabled=False,
            tooltip="Redo the last change that was undone (Ctrl+Shift+Z).",
        )
        self.reset = PushButton(
            text="&Reset",
            tooltip=(
                "Set the first two sliders to the values of the model, saturation to 1 "
                "and caution to 0."
            ),
        )
        self.all = (self.temperature, self.rebalance, self.saturation, self.caution)
        steps = [self.undo, self.redo, self.reset]
        row = Container(widgets=steps, layout="horizontal", labels=False)
        row.margins = (0, 0, 0, 0)
        super().__init__(widgets=[*self.all, row])
        self.margins = (0, 0, 0, 0)
        label_controls(self)

    @property
    def held(self) -> bool:
        """Whether a person holds the handle of a slider."""
        handles = (slider.native.findChild(QSlider) for slider in self.all)
        return any(handle.isSliderDown() for handle in handles)

    def settings(self) -> DecodeSettings:
        """Return the settings of the sliders."""
        return DecodeSettings(*(round(slider.value, 4) for slider in self.all))

    def set(self, settings: DecodeSettings) -> None:
        """Move the sliders without emitting signals."""
        values = (
            settings.temperature,
            settings.rebalance,
            settings.saturation,
            settings.caution,
        )
        with self.changed.blocked():
            for slider, value in zip(self.all, values, strict=True):
                with slider.changed.blocked():
                    slider.min = min(slider.min, value)
                    slider.max = max(slider.max, value)
                    slider.value = value

    def set_own(self, card: Card) -> None:
        """Move the sliders to a model's own settings without emitting signals."""
        self.set(DecodeSettings(card.temperature, card.rebalance))


def _slider(
    name: str, limits: tuple[float, float, float], value: float, label: str, tip: str
) -> FloatSlider:
    """Return a slider whose values snap to its step, given least, largest and step."""
    low, high, step = limits
    slider = FloatSlider(
        name=name,
        min=low,
        max=high,
        step=step,
        value=value,
        label=label,
        tooltip=tip,
    )
    handle = slider.native.findChild(QSlider)
    handle.setPageStep(_PAGE * handle.singleStep())
    slider.native.layout().setContentsMargins(0, 0, 0, 0)

    def snap(found: float) -> None:
        nearest = round(round(found / step) * step, 4)
        if abs(nearest - found) > _EXACT:
            slider.value = min(max(nearest, slider.min), slider.max)

    slider.changed.connect(snap)
    return slider


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
            box = CheckBox(
                text=_NAMES.get(kind, kind),
                value=kind in chosen,
                tooltip=_KIND_TIPS[kind],
            )
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
                "Where the nets run: auto chooses the best device. The list is "
                "complete after the first run."
            ),
        )
        self.working_size = SpinBox(
            min=1,
            max=LARGEST,
            step=32,
            value=working_size,
            label="working size",
            tooltip=(
                "Short side, in pixels, of the picture that the nets see. A smaller "
                "size is faster; with a larger one the nets may find smaller things. "
                "Each model has its own default."
            ),
        )
        self.frames = ComboBox(
            choices=[WHOLE_STACK, CURRENT_SLICE],
            label="frames",
            tooltip="Color the whole stack, or only the slice that is shown.",
        )
        self.smoothing = SmoothingChoice()
        self.region = ComboBox(
            choices=shapes,
            nullable=True,
            label="region",
            tooltip=(
                "A Shapes layer. Only the inside of its rectangles, ellipses and "
                "polygons is colored; if some are selected, only the inside of those. "
                "The rest of the picture keeps its colors."
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
                self.smoothing,
                self.region,
                self.display_range,
                self.folder,
            ]
        )
        self.margins = (0, 0, 0, 0)
        label_controls(self)
        self.folder.choose_btn.tooltip = "Choose the folder of your own model."

    def offer(self, devices: list[str]) -> None:
        """Fill the list of devices; what is chosen stays."""
        value = self.device.value
        self.device.choices = list(dict.fromkeys(["auto", *devices, value]))
        self.device.value = value


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
            tooltip="Stop the run and change no layer (Esc).",
        )
        self.stretch = PushButton(
            text="Use the display range",
            visible=False,
            tooltip=(
                "Color the image again, with the layer's contrast limits as black and "
                "white."
            ),
        )
        self.go_on = PushButton(
            text="Restore its settings",
            visible=False,
            tooltip=(
                "Open the gray image with the settings and hints that are saved in "
                "the file."
            ),
        )
        super().__init__(
            widgets=[
                self.text,
                self.progress,
                self.cancel,
                self.stretch,
                self.go_on,
            ],
            labels=False,
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
