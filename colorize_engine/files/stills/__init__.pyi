from .reader import open_image, read_still
from .writer import encode

__all__ = [
    "encode",
    "open_image",
    "read_still",
]
