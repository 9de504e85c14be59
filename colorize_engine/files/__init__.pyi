from .atomic import replacing
from .atomic_folder import replacing_folder, temporary_folder
from .leftovers import sweep, swept, temporary_name, writing_in
from .mark_reader import is_current, mark_of
from .output import (
    FORMATS,
    MAX_PIXELS,
    Photo,
    check_target,
    format_of,
    read,
    storable,
    write,
)
from .picture import FileError, Mark, Metadata, Picture, Samples
from .value_range import ValueRange, fit, parse_range, retyped

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "FileError",
    "Mark",
    "Metadata",
    "Photo",
    "Picture",
    "Samples",
    "ValueRange",
    "check_target",
    "fit",
    "format_of",
    "is_current",
    "mark_of",
    "parse_range",
    "read",
    "replacing",
    "replacing_folder",
    "retyped",
    "storable",
    "sweep",
    "swept",
    "temporary_folder",
    "temporary_name",
    "write",
    "writing_in",
]
