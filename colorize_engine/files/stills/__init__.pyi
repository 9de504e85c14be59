from .by_pillow import open_image
from .jxl import is_jxl, stored_xmp
from .reader import read_still, still_size
from .writer import encode

__all__ = [
    "encode",
    "is_jxl",
    "open_image",
    "read_still",
    "still_size",
    "stored_xmp",
]
