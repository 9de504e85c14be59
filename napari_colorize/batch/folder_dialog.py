"""The dialog "Color a folder": choose two folders, follow the run, read its report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, Qt, QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_colorize.accessibility import FocusRing
from napari_colorize.batch.folder_edit import FolderEdit
from napari_colorize.batch.folder_run import FolderRun
from napari_colorize.batch.record_table import RecordTable
from napari_colorize.messages import describe, reason, sentence
from napari_colorize.runs import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_colorize.batch.folder_run import Setup

_WIDTH, _HEIGHT = 620, 560
_SUFFIX = "-color"


class FolderDialog(QDialog):
    """A dialog that colors the photos of a folder in the background.

    It does not block the viewer. Closing it asks the run to stop.

    Parameters
    ----------
    parent
        The window that it belongs to.
    setup
        Returns the model and the settings of the widget as they are now.

    Attributes
    ----------
    folder, output : FolderEdit
    skip_color, overwrite : QCheckBox
    start_button, cancel_button, report_button, open_button, close_button : QPushButton
    text : QLabel
        Says what is happening and what was done.
    progress : QProgressBar
    table : RecordTable
    run : FolderRun or None
        The latest run.
    """

    def __init__(self, parent: QWidget | None, setup: Callable[[], Setup]) -> None:
        super().__init__(parent)
        self._setup = setup
        self.run: FolderRun | None = None
        self._busy = False
        self.setWindowTitle("Color a folder")
        self._make_controls()
        self._lay_out()
        self._connect()
        FocusRing(self)
        self._show_busy(False)
        self.folder.edit.setFocus()
        self.resize(_WIDTH, self.sizeHint().height())

    def _make_controls(self) -> None:
        self.folder = FolderEdit(
            "The folder with the photos to color. Its subfolders are included."
        )
        self.output = FolderEdit(
            "The folder for the colored photos. It gets the same subfolders, and is "
            "created if it is missing."
        )
        self.about = _wrapped(QLabel())
        self.skip_color = QCheckBox("&skip photos that are in color")
        self.skip_color.setToolTip("Sepia, other tones and faded prints count as gray.")
        self.overwrite = QCheckBox("&replace existing files")
        self.overwrite.setToolTip(
            "Replace outputs that exist already. Outputs that would not change are "
            "skipped in any case."
        )
        self.text = _wrapped(QLabel())
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.progress = QProgressBar()
        self.progress.setAccessibleName("progress")
        self.table = RecordTable()
        # The Tab key follows the order in which the buttons are made.
        self.report_button = _button(
            "Save re&port...", "Save the table of all photos as CSV or JSON."
        )
        self.open_button = _button(
            "Open output fo&lder", "Open it in the file manager."
        )
        self.start_button = _button("&Color", "Color the photos in the folder.")
        self.cancel_button = _button(
            "C&ancel", "Stop the run. Photos that are being written are finished."
        )
        self.close_button = _button("Clos&e", "Close this window and stop the run.")
        self.start_button.setDefault(True)

    def _lay_out(self) -> None:
        form = QFormLayout()
        # The buddy of a label is the field, for Alt with its letter.
        for name, row in (("&folder", self.folder), ("&output", self.output)):
            label = QLabel(name)
            label.setBuddy(row.edit)
            row.edit.setAccessibleName(name.replace("&", ""))
            form.addRow(label, row)
        form.addRow("", self.about)
        form.addRow("", self.skip_color)
        form.addRow("", self.overwrite)
        whole = QVBoxLayout(self)
        whole.addLayout(form)
        whole.addWidget(self.text)
        whole.addWidget(self.progress)
        whole.addWidget(self.table, 1)
        # Without the table it takes the space that is left.
        whole.addStretch()
        whole.addLayout(_row(self.report_button, self.open_button))
        last = _row(self.start_button, self.cancel_button, self.close_button)
        whole.addLayout(last)
        for after in (self.report_button, self.open_button):
            after.setVisible(False)
        self.table.setVisible(False)

    def _connect(self) -> None:
        self.folder.changed.connect(self._suggest_output)
        self.start_button.clicked.connect(self.start)
        self.cancel_button.clicked.connect(self.stop)
        self.close_button.clicked.connect(self.reject)
        self.report_button.clicked.connect(self._on_report)
        self.open_button.clicked.connect(self._on_open)

    @property
    def busy(self) -> bool:
        """Whether a run is going on."""
        return self._busy

    # -- actions of a person

    def start(self) -> None:
        """Color the folder; do nothing while a run is going on."""
        if self._busy:
            return
        folder, output = self.folder.path, self.output.text
        if not folder.is_dir() or not self.folder.text:
            self._say("Choose a folder with photos; there is none of this name.")
            self.folder.edit.setFocus()
            return
        if not output:
            self._say("Choose a folder for the colored photos.")
            self.output.edit.setFocus()
            return
        setup = self._setup().with_options(
            overwrite=self.overwrite.isChecked(), skip_color=self.skip_color.isChecked()
        )
        self.run = run = FolderRun(folder, output, setup)
        run.worker.progressed.connect(self._on_progress)
        run.worker.errored.connect(self._on_error)
        run.worker.returned.connect(self._on_done)
        run.worker.finished.connect(self._on_finished)
        # The window may be destroyed with the viewer.
        self.destroyed.connect(run.stop)
        self.table.show_records((), folder)
        self._show_busy(True)
        run.worker.start()

    def stop(self) -> None:
        """Start no more photos; those that are being written are finished."""
        if self._busy and self.run is not None:
            self.run.stop()
            self.cancel_button.setEnabled(False)
            self._say("Stopping...")

    def reject(self) -> None:
        """Close the dialog, also by Esc or its X, and ask the run to stop."""
        self.stop()
        super().reject()

    def save_report(self, path: Path) -> None:
        """Write the records of the latest run as the command does with ``--report``."""
        from colorize_engine.batch import write_report

        if self.run is None:
            return
        asked, path = bool(path.suffix), path if path.suffix else Path(f"{path}.csv")
        try:
            # The dialog of names has asked about a file that exists.
            write_report(path, self.run.tally.records, overwrite=asked)
        except (OSError, ValueError) as error:
            self._say(f"Could not save the report: {reason(error)}.")
        else:
            self._say(f"Saved the report {path}.")

    # -- the run

    def _on_progress(self, done: int, total: int, text: str) -> None:
        stopping = self.run is not None and self.run.stopped
        self.progress.setMaximum(total)
        self.progress.setValue(done)
        if not stopping:
            self._say(text)

    def _on_error(self, error: Exception) -> None:
        from colorize_engine.batch import TargetError

        if isinstance(error, Cancelled):
            self._on_done()
        elif isinstance(error, TargetError):
            self._say(sentence(str(error)))
        else:
            self._say(describe(error))

    def _on_done(self, _result: object = None) -> None:
        if self.run is not None:
            self._say(self.run.summary)

    def _on_finished(self) -> None:
        self._show_busy(False)
        run = self.run
        if run is None:
            return
        self.destroyed.disconnect(run.stop)
        if not run.tally.records:
            return
        self.table.setVisible(True)
        self.table.show_records(run.tally.records, self.folder.path)
        self.report_button.setVisible(True)
        self.open_button.setVisible(True)
        self.open_button.setEnabled(self.output.path.is_dir())
        self._grow()

    def _grow(self) -> None:
        """Make room for the table, within the screen."""
        screen, frame = self.screen(), self.frameGeometry()
        height = max(self.height(), _HEIGHT)
        if screen is not None:
            room, bar = screen.availableGeometry(), frame.height() - self.height()
            height = min(height, room.height() - bar)
            top = room.bottom() + 1 - bar - height
            self.move(frame.left(), max(room.top(), min(frame.top(), top)))
        self.resize(self.width(), height)

    def _show_busy(self, busy: bool) -> None:
        """Enable what can be done, and hand the focus on."""
        self._busy = busy
        before, after = self.start_button, self.cancel_button
        # What has the focus at the start is disabled then, but for Close.
        handed_on = not self.close_button.hasFocus()
        if not busy:
            before, after = after, before
            handed_on = before.hasFocus()
        after.setEnabled(True)
        if handed_on:
            after.setFocus(Qt.FocusReason.OtherFocusReason)
        before.setEnabled(False)
        for choice in (self.folder, self.output, self.skip_color, self.overwrite):
            choice.setEnabled(not busy)
        told = self.run is not None and bool(self.run.tally.records)
        self.report_button.setEnabled(told and not busy)
        self.progress.setVisible(busy)
        if busy:
            self.progress.setRange(0, 0)

    # -- the rest

    def _suggest_output(self) -> None:
        """Propose a folder beside, unless the person has chosen one."""
        if self.folder.text and not self.output.edited:
            folder = self.folder.path
            self.output.suggest(str(folder.with_name(f"{folder.name}{_SUFFIX}")))

    def _on_report(self) -> None:
        name = f"{self.output.path}.csv"
        path, _ = QFileDialog.getSaveFileName(
            self, "Save report", name, "Reports (*.csv *.json)"
        )
        if path:
            self.save_report(Path(path))

    def _on_open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.output.path)))

    def _say(self, text: str) -> None:
        self.text.setText(text)

    def event(self, event: QEvent | None) -> bool:
        """Show the widget's settings anew when the window is shown or activated."""
        kinds = (QEvent.Type.WindowActivate, QEvent.Type.Show)
        if event is not None and event.type() in kinds and not self._busy:
            self.about.setText(self._setup().text)
        return bool(super().event(event))


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    return button


def _wrapped(label: QLabel) -> QLabel:
    """Let a label wrap instead of widening the window."""
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Maximum)
    return label


def _row(*widgets: QWidget) -> QLayout:
    row = QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget)
    return row
