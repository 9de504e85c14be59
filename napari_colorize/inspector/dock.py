"""The dock widget of the inspector."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari.utils.notifications import show_error
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from colorize_engine.pixel import PixelNumbers, describe, write_csv
from napari_colorize.accessibility import FocusRing, Scrolled
from napari_colorize.inspector.chart_symbols import Legend
from napari_colorize.inspector.panels import (
    HintRow,
    PixelPanel,
    PlaceFields,
    SideBySide,
)
from napari_colorize.inspector.pin_marker import PinMarker, draw, erase
from napari_colorize.inspector.use_as_hint import UseAsHint
from napari_colorize.inspector.viewer_events import ViewerEvents
from napari_colorize.messages import reason
from napari_colorize.runs import Place, active_run, plain, registry, run_of, shown_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    import napari.viewer

    from colorize_engine.pixel import Pixel
    from napari_colorize.runs import Run

_NO_RUN = "Nothing is colorized yet: press Colorize first."
_OUTSIDE = (
    "Move the cursor over a colorized picture; click to pin a pixel, or type its row "
    "and column and press Pin."
)
_LEAST = 190  # pixels
_IN_3D = "The inspector needs the 2-D display: switch 3-D off."


@dataclass(frozen=True, eq=False)
class _Pin:
    """A pinned position in world coordinates, which stays valid in a new run."""

    run: Run
    world: tuple[float, ...]


class Inspector(QWidget):
    """The a- and b-distributions of the pixel under the cursor and of a pinned one.

    A click on the canvas pins the pixel there, and a ring marks it. The button Pin pins
    the pixel at the row and column typed. The numbers follow the cursor, the viewer's
    sliders and the sliders of the decoding.

    Parameters
    ----------
    napari_viewer
        The viewer whose cursor is followed; napari passes it.

    Attributes
    ----------
    viewer : Viewer
        The viewer whose cursor is followed.
    hint_row : HintRow
        The likely colors of the pinned pixel, to be made hints.
    current, pinned : PixelNumbers or None
        The numbers shown for the pixel under the cursor and for the pinned pixel.
    """

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = plain(napari_viewer)
        self._pin: _Pin | None = None
        self._current_run: Run | None = None
        self.current: PixelNumbers | None = None
        self.pinned: PixelNumbers | None = None
        self._lay_out()
        self._marker = PinMarker(visible=True, blending="translucent_no_depth")
        self._events = ViewerEvents(self._viewer)
        self._events.changed.connect(self.refresh)
        self._events.moved.connect(self.follow)
        self._events.clicked.connect(self.pin_cursor)
        self._events.attach()
        # Not a method of the widget, since the widget is gone by then.
        self.destroyed.connect(partial(ViewerEvents.release, self._events))
        self.destroyed.connect(partial(UseAsHint.release, self._use_as_hint))
        self.destroyed.connect(partial(erase, self._viewer, self._marker))
        self.refresh()

    def _lay_out(self) -> None:
        self._hint = QLabel()
        self._hint.setWordWrap(True)
        self.hint_row = HintRow()
        self._pinned_panel = PixelPanel("Pinned")
        self._use_as_hint = UseAsHint(self._pinned_panel, self.hint_row)
        self._current_panel = PixelPanel("Under the cursor")
        self._legend = Legend()
        self.place = PlaceFields()
        self.place.changed.connect(self._on_place)
        self.pin_button = _button("Pin", "Pin the pixel at this row and column.")
        self.pin_button.clicked.connect(self.pin_place)
        self.unpin_button = _button("Unpin", "Remove the pin.")
        self.unpin_button.clicked.connect(self.unpin)
        self.export_button = _button(
            "E&xport CSV...", "Save the numbers of the shown pixels as a table."
        )
        self.export_button.clicked.connect(self._ask_and_export)
        buttons = QHBoxLayout()
        for button in (self.pin_button, self.unpin_button, self.export_button):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        panels = SideBySide(self._pinned_panel, self._current_panel)
        # The likely colors, the heading and the charts of one pixel.
        above = (self.hint_row, panels, self._hint, self._legend)
        scrolled = Scrolled(*above, least=_LEAST)
        layout.addWidget(scrolled, 1)
        layout.addWidget(self.place)
        layout.addLayout(buttons)
        FocusRing(self)

    @property
    def viewer(self) -> napari.viewer.Viewer:
        """The viewer whose cursor is followed."""
        return self._viewer

    # -- what is shown

    def refresh(self) -> None:
        """Compute both pixels again after the settings, runs or layers have changed."""
        self._current_run = active_run(self._viewer)
        self._renew_pin()
        self._events.listen_to(
            self._current_run, self._pin.run if self._pin is not None else None
        )
        self.pinned = self._numbers_of_pin()
        if self._current_run is not None:
            self.place.set_extent(*self._current_run.extent)
        if self.pinned is not None:
            self.place.set_place(self.pinned.pixel.row, self.pinned.pixel.column)
        if self._pin is None or self.pinned is None:
            self._use_as_hint.show(None, None)
        else:
            self._use_as_hint.show(self._pin.run, _place(self.pinned.pixel))
        self._mark()
        self.current = None
        self.follow()

    def follow(self) -> None:
        """Show the pixel under the cursor if it is not shown already."""
        flat = self._viewer.dims.ndisplay == 2
        run = self._current_run if flat else None
        place = None if run is None else run.place_at(self._world())
        if run is None or place is None:
            self.current = None
        elif self.current is None or _place(self.current.pixel) != place:
            self.current = describe(run.pixel(place), run.settings)
        hint = _OUTSIDE if self._current_run is not None else _NO_RUN
        self._hint.setText(hint if flat else _IN_3D)
        self._show()

    def _world(self) -> tuple[float, ...]:
        """Return the world position of the cursor, on the frame that is shown."""
        return self._on_shown_slice(self._viewer.cursor.position)

    def _on_shown_slice(self, position: Sequence[float]) -> tuple[float, ...]:
        """Return a world position, moved to where the viewer's sliders are."""
        dims = self._viewer.dims
        world = list(position)
        world = [0.0] * (dims.ndim - len(world)) + world[-dims.ndim :]
        # When a slider moves, napari updates the cursor last.
        for axis in dims.not_displayed:
            world[axis] = dims.point[axis]
        return tuple(float(value) for value in world)

    def _renew_pin(self) -> None:
        """Move the pin to the run that replaced its run; drop it if there is none."""
        if self._pin is None:
            return
        run = self._pin.run
        if run not in registry.of(self._viewer):
            successor = run_of(self._viewer, run.layer)
            self._pin = _Pin(successor, self._pin.world) if successor else None

    def _numbers_of_pin(self) -> PixelNumbers | None:
        if self._pin is None:
            return None
        run = self._pin.run
        place = run.place_at(self._pin.world)
        return None if place is None else describe(run.pixel(place), run.settings)

    def _mark(self) -> None:
        """Draw a ring around the pinned pixel if it is on the slice shown."""
        place = self._pin_on_canvas()
        if place is None:
            erase(self._viewer, self._marker)
        else:
            self._marker.place = place
            draw(self._viewer, self._marker)

    def _pin_on_canvas(self) -> tuple[float, float] | None:
        """Return where the pinned pixel is on the displayed axes, None if nowhere."""
        dims = self._viewer.dims
        # A dock that is hidden keeps the widget.
        hidden = not self.isVisibleTo(self.window())
        if self._pin is None or self.pinned is None or dims.ndisplay != 2 or hidden:
            return None
        run, pixel = self._pin.run, _place(self.pinned.pixel)
        at = self._on_shown_slice(
            run.layer.data_to_world((*pixel.frame, pixel.row, pixel.column))
        )
        vertical, horizontal = dims.displayed
        return (at[vertical], at[horizontal]) if run.place_at(at) == pixel else None

    def _show(self) -> None:
        self._pinned_panel.show_numbers(self.pinned)
        self._current_panel.show_numbers(self.current)
        self._hint.setVisible(self.current is None)
        anything = self.current is not None or self.pinned is not None
        self._legend.setVisible(anything)
        self.export_button.setEnabled(anything)
        self.unpin_button.setEnabled(self._pin is not None)
        flat = self._viewer.dims.ndisplay == 2
        self.place.setEnabled(flat and self._current_run is not None)
        self.pin_button.setEnabled(self.place.isEnabled())

    # -- pinning

    def pin(self, world: tuple[float, ...]) -> None:
        """Pin the pixel at a world position, if there is one."""
        run = self._current_run
        if run is not None and run.place_at(world) is not None:
            self._pin = _Pin(run, world)
            self.refresh()

    def unpin(self) -> None:
        """Remove the pin."""
        self._pin = None
        self.refresh()

    def pin_cursor(self) -> None:
        """Pin the pixel under the cursor."""
        self.pin(self._world())

    def pin_place(self) -> None:
        """Pin the pixel at the typed row and column, on the frame that is shown."""
        run = self._current_run
        if run is not None:
            frame = shown_frame(run.layer, self._viewer.dims.point)
            at = (*frame, *self.place.place)
            self.pin(tuple(map(float, run.layer.data_to_world(at))))

    def _on_place(self) -> None:
        """Move the pin while a person steps through rows or columns."""
        if self._pin is not None:
            self.pin_place()

    # -- export

    def export(self, path: str | Path) -> None:
        """Write the numbers shown as CSV; show a notification if that fails.

        Parameters
        ----------
        path
            The file; an existing one is replaced.
        """
        pixels = {"pinned": self.pinned, "cursor": self.current}
        shown = {name: numbers for name, numbers in pixels.items() if numbers}
        try:
            write_csv(path, shown)
        except OSError as error:
            show_error(
                f"Could not write {path}: {reason(error)}. Choose another name or "
                "folder."
            )

    def _ask_and_export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, "Export the shown numbers", "pixels.csv", "CSV table (*.csv)"
        )
        if name:
            self.export(Path(name) if Path(name).suffix else f"{name}.csv")

    # -- docking

    def event(self, event: QEvent | None) -> bool:
        """Follow the viewer while in a dock or window; stop when removed or closed.

        When a dock is closed, napari removes the widget from it and deletes only the
        dock.
        """
        kind = None if event is None else event.type()
        moved = kind == QEvent.Type.ParentChange
        if kind == QEvent.Type.Close or (moved and self.parent() is None):
            self._events.release()
            erase(self._viewer, self._marker)
        elif (moved or kind == QEvent.Type.Show) and self._events.attach():
            self.refresh()
        elif kind in (QEvent.Type.Show, QEvent.Type.Hide):
            self._mark()
        return bool(super().event(event))


def _place(pixel: Pixel) -> Place:
    return Place(pixel.frame, pixel.row, pixel.column)


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button
