"""Undo and redo of what a person sets for an image: its hints and its sliders."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

from psygnal import Signal

from napari_colorize.runs.run import run_of

if TYPE_CHECKING:
    from collections.abc import Hashable

    from napari.components import ViewerModel
    from napari.layers import Image

    from colorize_engine import Hint
    from colorize_engine.decode import DecodeSettings
    from colorize_engine.edit import State
    from napari_colorize.runs.run import Run


class ImageHistory:
    """The states of an image, one after each change. Get it from `history_of`.

    Parameters
    ----------
    viewer
        The viewer of the image.
    image
        The image.

    Attributes
    ----------
    changed : Signal
        Emitted after a state was recorded or restored.
    restored : Signal
        Emitted with the state that undo or redo went to. The colors follow its settings
        by themselves; who shows hints puts them there.
    """

    changed = Signal()
    restored = Signal(object)

    def __init__(self, viewer: ViewerModel, image: Image) -> None:
        from colorize_engine.edit import EditHistory

        # What lives as long as the image must not keep it alive.
        self._viewer, self._image = ref(viewer), ref(image)
        self._states = EditHistory()

    @property
    def present(self) -> State:
        """The state as it is now."""
        return self._states.present

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return self._states.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is a change that was undone."""
        return self._states.can_redo

    def set_hints(self, hints: tuple[Hint, ...], change: Hashable = None) -> None:
        """Record the hints after a change, see `edit.History.record`."""
        self._states.set_hints(hints, change)
        self.changed.emit()

    def set_settings(self, settings: DecodeSettings, change: Hashable = None) -> None:
        """Record the settings after a change, see `edit.History.record`."""
        self._states.set_settings(settings, change)
        self.changed.emit()

    def begin(self, settings: DecodeSettings) -> None:
        """Take the settings of a new run; nobody has to undo a run."""
        self._states.begin(settings)

    def settle(self) -> None:
        """End a change that goes on, such as a slider that was dragged."""
        self._states.settle()

    def undo(self) -> None:
        """Go back by one change."""
        if self.can_undo:
            self._restore(self._states.undo())

    def redo(self) -> None:
        """Do the change again that was undone last."""
        if self.can_redo:
            self._restore(self._states.redo())

    def _restore(self, state: State) -> None:
        viewer, image = self._viewer(), self._image()
        run = None if viewer is None or image is None else run_of(viewer, image)
        if run is not None and state.settings is not None:
            run.decode(state.settings)
        self.restored.emit(state)
        self.changed.emit()


_all: WeakKeyDictionary[Image, ImageHistory] = WeakKeyDictionary()


def history_of(run: Run) -> ImageHistory | None:
    """Return the history of a run's image; None once its viewer is gone."""
    viewer = run.viewer
    if viewer is None:
        return None
    if run.layer not in _all:
        _all[run.layer] = ImageHistory(viewer, run.layer)
    return _all[run.layer]
