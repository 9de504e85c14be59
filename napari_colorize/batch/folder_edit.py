"""A field for a folder, with a button that opens the dialog of folders."""

from __future__ import annotations

from pathlib import Path

from psygnal import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget


class FolderEdit(QWidget):
    """A field for the path of a folder.

    Parameters
    ----------
    tip
        Says what the folder is for.

    Attributes
    ----------
    changed : Signal
        Emitted after a person has typed or chosen a folder.
    edit : QLineEdit
    button : QPushButton
    edited : bool
        Whether a person has typed or chosen a folder.
    """

    changed = Signal()

    def __init__(self, tip: str) -> None:
        super().__init__()
        self.edited = False
        self.edit = QLineEdit()
        self.edit.setToolTip(tip)
        self.button = QPushButton("Choose...")
        self.button.setToolTip(tip)
        self.button.setAutoDefault(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.edit, 1)
        row.addWidget(self.button)
        self.edit.textEdited.connect(self._on_edit)
        self.button.clicked.connect(self._on_choose)

    @property
    def text(self) -> str:
        """The path as typed; ``~`` at its begin stands for the person's own folder."""
        text = self.edit.text().strip()
        return str(Path(text).expanduser()) if text.startswith("~") else text

    @property
    def path(self) -> Path:
        """The path."""
        return Path(self.text)

    def choose(self, path: str) -> None:
        """Take a folder that a person has chosen."""
        self.edit.setText(path)
        self._on_edit()

    def suggest(self, path: str) -> None:
        """Show a folder that a person may change."""
        self.edit.setText(path)

    def _on_edit(self) -> None:
        self.edited = bool(self.text)
        self.changed.emit()

    def _on_choose(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Choose a folder", self.text)
        if path:
            self.choose(path)
