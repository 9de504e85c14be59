"""The records of a run as a table."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QSortFilterProxyModel, Qt
from qtpy.QtWidgets import QAbstractItemView, QTableView

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from colorize_engine.batch import Record

_TITLES = ("file", "result", "notes")
_RESULTS = {"done": "colored", "skipped": "skipped", "failed": "failed"}
_SHOWN = Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole
_LOOKED_AT = 50  # rows that the widths of columns follow from


def plain_words(text: str) -> str:
    """Return a message of the command in words of the window.

    Options that the window lacks are named as those of the command.
    """
    from colorize_engine.batch.messages import REPLACE

    text = text.replace(REPLACE, "tick 'replace existing files' to replace it")
    return re.sub(r"\bgive (?=(a larger )?--)", "give the command colorize ", text)


class _Records(QAbstractTableModel):
    """Records, one in each row: file, result, notes or error."""

    def __init__(self, records: Iterable[Record], folder: Path) -> None:
        super().__init__()
        self._rows = [
            (
                _below(record.source, folder),
                _RESULTS[record.status],
                plain_words(record.error or "; ".join(record.notes)),
            )
            for record in sorted(records, key=_order)
        ]

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of records."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(_TITLES)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the text of a cell, which is its tooltip, too."""
        return self._rows[index.row()][index.column()] if role in _SHOWN else None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Return the title of a column."""
        shown = role == Qt.ItemDataRole.DisplayRole
        if shown and orientation == Qt.Orientation.Horizontal:
            return _TITLES[section]
        return None


class RecordTable(QTableView):
    """A table of records that is sorted by clicks on its titles."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Report")
        self.setToolTip("The result of each photo.")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        if rows is not None and columns is not None:
            rows.hide()
            columns.setStretchLastSection(True)
            columns.setResizeContentsPrecision(_LOOKED_AT)
            columns.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)

    def show_records(self, records: Iterable[Record], folder: Path) -> None:
        """Show records, those that failed first.

        Parameters
        ----------
        records
            Those of a run.
        folder
            Folder that the files are named from.
        """
        proxy = QSortFilterProxyModel(self)
        model = _Records(records, folder)
        model.setParent(proxy)
        proxy.setSourceModel(model)
        self.setModel(proxy)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.resizeColumnsToContents()
        # A long name leaves room for the notes.
        self.setColumnWidth(0, min(self.columnWidth(0), self.width() // 2))


def _order(record: Record) -> tuple[int, str]:
    """Return a key that sorts failed photos first, then skipped ones."""
    return ("failed", "skipped", "done").index(record.status), record.source


def _below(source: str, folder: Path) -> str:
    """Return the path of a file from a folder, as text that can be shown."""
    path = os.path.relpath(source, folder)
    shown = source if path.startswith(os.pardir) else path
    return shown.encode("utf-8", "replace").decode()
