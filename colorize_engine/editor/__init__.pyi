from .editor import Editor
from .open_photo import OpenPhoto
from .saving import Archive, NotSaved, file_name, save
from .scratch import scratch_folder
from .view import View

__all__ = [
    "Archive",
    "Editor",
    "NotSaved",
    "OpenPhoto",
    "View",
    "file_name",
    "save",
    "scratch_folder",
]
