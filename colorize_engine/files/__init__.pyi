from .atomic import (
    remove_leftovers,
    removing_leftovers,
    replacing,
    replacing_folder,
    temporary_folder,
    temporary_name,
    writing_in,
)
from .errors import (
    AxesError,
    FileError,
    NotFiniteError,
    RangeError,
    RangeNote,
    TooLarge,
    check_size,
    reading,
)
from .formats import FORMATS, format_of, named
from .mark import Mark, mark_of
from .mark_reader import is_current, stored_parameters
from .not_finite import NotFinite, blank_note, blanked, check_not_finite
from .output import check_target, storable, write
from .photo import (
    COLOR_NOTE,
    MAX_PIXELS,
    TONE_NOTE,
    Photo,
    color_note,
    measure,
    read,
)
from .picture import Metadata, Picture, Samples
from .value_range import ValueRange, fills_little, fit, parse_range, retyped

__all__ = [
    "COLOR_NOTE",
    "FORMATS",
    "MAX_PIXELS",
    "TONE_NOTE",
    "AxesError",
    "FileError",
    "Mark",
    "Metadata",
    "NotFinite",
    "NotFiniteError",
    "Photo",
    "Picture",
    "RangeError",
    "RangeNote",
    "Samples",
    "TooLarge",
    "ValueRange",
    "blank_note",
    "blanked",
    "check_not_finite",
    "check_size",
    "check_target",
    "color_note",
    "fills_little",
    "fit",
    "format_of",
    "is_current",
    "mark_of",
    "measure",
    "named",
    "parse_range",
    "read",
    "reading",
    "remove_leftovers",
    "removing_leftovers",
    "replacing",
    "replacing_folder",
    "retyped",
    "storable",
    "stored_parameters",
    "temporary_folder",
    "temporary_name",
    "write",
    "writing_in",
]
