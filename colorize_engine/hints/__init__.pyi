from .hint import DEFAULT_RADIUS, Hint
from .insistence import insisting, missing
from .painting import check_inside, paint
from .table import from_text, read_hints, to_text, write_hints

__all__ = [
    "DEFAULT_RADIUS",
    "Hint",
    "check_inside",
    "from_text",
    "insisting",
    "missing",
    "paint",
    "read_hints",
    "to_text",
    "write_hints",
]
