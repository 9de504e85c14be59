from .folder_dialog import FolderDialog
from .folder_run import FolderRun, Setup
from .image_series import ImageJob, ImageSeries, Outcome
from .many_button import ManyButton

__all__ = [
    "FolderDialog",
    "FolderRun",
    "ImageJob",
    "ImageSeries",
    "ManyButton",
    "Outcome",
    "Setup",
]
