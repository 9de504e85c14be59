from .exif import Exif

__all__ = [
    "Exif",
]
