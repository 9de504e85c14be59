"""The layers of the chosen image: those that are ticked, and what the nets think."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_colorize.runs.bin_overlay import attach

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Image

    from napari_colorize.runs import Run
    from napari_colorize.widget.controls import LayerChoice, Status

_THINKING = "a probability"


class TickedLayers:
    """The wire between the boxes of the layers, their button and the layers.

    Parameters
    ----------
    viewer
        The viewer of the layers.
    layer_choice
        The boxes and the button.
    status
        Shows a sentence to the person.
    run
        Returns the run of the chosen image, or None.
    changed
        Called after layers were added, removed or shown.

    Attributes
    ----------
    wanted : tuple of str
        Kinds that are ticked again after all layers were removed.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        layer_choice: LayerChoice,
        status: Status,
        run: Callable[[], Run | None],
        changed: Callable[[], None],
    ) -> None:
        self._viewer, self._choice, self._status = viewer, layer_choice, status
        self._run, self._changed = run, changed
        self.wanted = layer_choice.kinds()
        layer_choice.changed.connect(self._on_kinds)
        layer_choice.think.clicked.connect(self._on_think)

    def follow(self, run: Run | None) -> None:
        """Tick the boxes of the layers of a run, and name what the button does."""
        if run is not None:
            # A layer that was just removed may still be among those of the run.
            there = self._viewer.layers
            self._choice.tick(k for k, layer in run.layers.items() if layer in there)
        elif not self._choice.kinds():
            # All layers of the run were removed, and it went with the last one.
            self._choice.tick(self.wanted)
        self._name_button()

    def _name_button(self, _event: Any = None) -> None:
        run = self._run()
        if run is not None and _THINKING in run.layers:
            # Its eye in napari's list hides it, too; a second connection does nothing.
            run.layers[_THINKING].events.visible.connect(self._name_button)
        verb = "Show" if self._shown(run) is None else "Hide"
        self._choice.think.text = f"{verb} what the nets think"

    def _shown(self, run: Run | None) -> Image | None:
        """Return the layer that shows what a net thinks, if it can be seen."""
        found = None if run is None else run.layers.get(_THINKING)
        return found if found is not None and found.visible else None

    def _on_kinds(self) -> None:
        """Add and remove layers as the boxes are ticked; one stays."""
        run = self._run()
        if run is None:
            return
        run.want(self._choice.kinds())
        attach(self._viewer)
        self._changed()

    def _on_think(self) -> None:
        """Show what the a-net thinks, or hide it."""
        run = self._run()
        if run is None:
            self._status.text.value = "Press Colorize first."
            return
        shown, selection = self._shown(run), self._viewer.layers.selection
        if shown is not None:
            shown.visible = False
            selection.active = run.layers.get("colorized", shown)
        else:
            run.want({*run.layers, _THINKING})
            attach(self._viewer)
            layer = run.layers[_THINKING]
            layer.visible = True
            selection.active = layer
        self._changed()
