"""The button "Many images..." and its menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtGui import QAction  # type: ignore[attr-defined]
from qtpy.QtWidgets import QMainWindow, QMenu, QPushButton, QWidget

from napari_colorize.batch.folder_dialog import FolderDialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_colorize.batch.folder_run import Setup

_TIP = "Color all open images, or all photos of a folder, one after the other."


class ManyButton(QPushButton):
    """A button that opens a menu with the two ways to color many images.

    Parameters
    ----------
    setup
        Returns the model and the settings of the widget as they are now.

    Attributes
    ----------
    open_images, folder : QAction
        The entries.
    dialog : FolderDialog or None
        The dialog that colors a folder, once it was opened.
    """

    def __init__(self, setup: Callable[[], Setup]) -> None:
        super().__init__("Man&y images...")
        self._setup = setup
        self.dialog: FolderDialog | None = None
        self.setToolTip(_TIP)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.open_images = QAction("Color all &open images", menu)
        self.open_images.setToolTip(
            "Color each image of the list with the chosen model and its own sliders."
        )
        self.folder = QAction("Color a &folder...", menu)
        self.folder.setToolTip(
            "Color all photos in a folder and its subfolders, and write them to "
            "another folder."
        )
        self.folder.triggered.connect(self.open_dialog)
        menu.addActions([self.open_images, self.folder])
        self.setMenu(menu)

    def open_dialog(self) -> None:
        """Open the dialog that colors a folder, or bring it to the front."""
        if self.dialog is None:
            self.dialog = FolderDialog(self._main_window(), self._setup)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def _main_window(self) -> QWidget:
        """Return napari's window, which stays when the panel is closed."""
        above: QWidget | None = self
        while above is not None and not isinstance(above, QMainWindow):
            above = above.parentWidget()
        return above or self
