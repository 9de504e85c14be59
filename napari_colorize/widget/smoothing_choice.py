"""The control for smoothing a stack, and what it says of the chosen image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from magicgui.widgets import FloatSpinBox

from napari_colorize.runs import NotColorable, source_of

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_colorize.runs import Run

_TIP = (
    "Smoothing: how much of each frame's colors comes from the frames before it, along "
    "the motion. It reduces flicker. The past counts as up to s / (1 - s) frames; 0.6 "
    "is a good start. No unit, 0 to 0.99."
)
_NO_STACK = f"For stacks only. {_TIP}"
_ONE_SLICE = f"No effect on the current slice alone. {_TIP}"


class SmoothingChoice(FloatSpinBox):
    """The smoothing of a stack; disabled for a single picture."""

    def __init__(self) -> None:
        super().__init__(
            min=0,
            max=0.99,
            step=0.05,
            value=0,
            label="steady colors",
            tooltip=_NO_STACK,
            enabled=False,
        )
        self._one_slice = False

    @property
    def amount(self) -> float:
        """The smoothing of a stack; a single picture has none."""
        return round(self.value, 4)

    def suit(self, image: Image | None, *, one_slice: bool) -> None:
        """Enable the control if smoothing has an effect, and say why it has none.

        Parameters
        ----------
        image
            The chosen image.
        one_slice
            Whether only the current slice of a stack is colored.
        """
        stack = image is not None and _is_stack(image)
        self._one_slice = stack and one_slice
        self.enabled = stack and not one_slice
        tip = _TIP if self.enabled else _ONE_SLICE if stack else _NO_STACK
        self.tooltip = tip

    def told(self, run: Run, summary: str) -> str:
        """Return the summary of a run, or what there is to know about its smoothing."""
        made = run.results.smoothing
        if self.enabled and self.amount != made:
            return (
                f"Colored with smoothing {made:g}. Press Colorize to apply "
                f"{self.amount:g}."
            )
        if self._one_slice and self.value and not run.results.source.is_stack:
            return f"{summary} The slice is colored by itself, without smoothing."
        return summary


def _is_stack(image: Image) -> bool:
    try:
        return source_of(image).is_stack
    except NotColorable:
        return False
