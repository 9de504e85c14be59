"""The picture as a file, and the command that makes it from the photo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from magicgui.widgets import PushButton
from napari.utils.notifications import show_error, show_warning
from qtpy.QtWidgets import QApplication, QFileDialog

from napari_colorize.accessibility import Row
from napari_colorize.messages import reason
from napari_colorize.widget.command_line import command_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_colorize.batch import ImageJob
    from napari_colorize.runs import Run


class Saving(Row):
    """The buttons "Save picture..." and "Copy as command".

    Parameters
    ----------
    run
        Returns the run of the chosen image, or None.
    job
        Returns what a run was started with.
    say
        Shows a sentence to the person.

    Attributes
    ----------
    save_button, copy_button : PushButton
    """

    def __init__(
        self,
        run: Callable[[], Run | None],
        job: Callable[[Run], ImageJob],
        say: Callable[[str], None],
    ) -> None:
        self._run, self._job, self._say = run, job, say
        self.save_button = PushButton(
            text="S&ave picture...",
            tooltip="Save the colored picture, with its settings in the file.",
            enabled=False,
        )
        self.copy_button = PushButton(
            text="Copy as command",
            tooltip="Copy a command that does the same with the file of the image.",
            enabled=False,
        )
        super().__init__(self.save_button.native, self.copy_button.native)
        self.save_button.clicked.connect(self._on_save)
        self.copy_button.clicked.connect(self.copy)

    def follow(self, run: Run | None) -> None:
        """Enable what can be done with a run."""
        self.save_button.enabled = run is not None and "colorized" in run.layers
        self.copy_button.enabled = run is not None

    def copy(self) -> None:
        """Put the line of the command on the clipboard."""
        run, clipboard = self._run(), QApplication.clipboard()
        if run is None or clipboard is None:
            return
        try:
            line = command_line(run, self._job(run))
        except ValueError as error:
            self._say(f"No command can do this: {error}.")
            return
        clipboard.setText(line)
        self._say("Copied the command to the clipboard.")

    def _on_save(self) -> None:
        from colorize_engine.files import FORMATS

        run = self._run()
        if run is None or "colorized" not in run.layers:
            return
        layer = run.layers["colorized"]
        suffix = ".tif" if run.results.source.is_stack else ".png"
        path, _ = QFileDialog.getSaveFileName(
            self,
            "Save picture",
            f"{layer.name}{suffix}",
            f"Pictures (*{' *'.join(FORMATS)})",
        )
        if path:
            self.save(path)

    def save(self, path: str) -> None:
        """Write the colored picture of the chosen image, marked with its settings."""
        from napari_colorize.writer import write_image

        run = self._run()
        if run is None or "colorized" not in run.layers:
            show_warning(
                "There is no colored picture to save. Press Colorize first, with "
                "'colorized' ticked."
            )
            return
        if run.live.busy:
            show_warning(
                "The colors do not match the sliders yet. Wait a moment and save again."
            )
            return
        data, attributes, _ = run.layers["colorized"].as_layer_data_tuple()
        try:
            (written,) = write_image(path, data, attributes)
        except (OSError, ValueError) as error:
            show_error(
                f"Could not save {path}: {reason(error)}. Choose another name or "
                "folder."
            )
            return
        self._say(f"Saved {written}")
