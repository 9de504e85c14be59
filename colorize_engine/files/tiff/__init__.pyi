from .guard import check_description, page_offsets
from .pages import (
    Pages,
    check_list,
    claimed_pictures,
    full_pages,
    is_copy,
    is_tiff,
    open_pages,
)
from .planes import PlaneWriter
from .reader import directory_metadata, metadata_of, read_pages
from .writer import needs_bigtiff, write_pages

__all__ = [
    "Pages",
    "PlaneWriter",
    "check_description",
    "check_list",
    "claimed_pictures",
    "directory_metadata",
    "full_pages",
    "is_copy",
    "is_tiff",
    "metadata_of",
    "needs_bigtiff",
    "open_pages",
    "page_offsets",
    "read_pages",
    "write_pages",
]
