from .guard import page_offsets
from .planes import PlaneWriter
from .reader import is_tiff, open_pages, read_pages
from .writer import needs_bigtiff, write_pages

__all__ = [
    "PlaneWriter",
    "is_tiff",
    "needs_bigtiff",
    "open_pages",
    "page_offsets",
    "read_pages",
    "write_pages",
]
