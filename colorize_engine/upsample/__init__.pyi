from .alignment import align
from .guided import METHODS, check_method, upsample, upsample_at
from .interpolation import enlarge, positions

__all__ = [
    "METHODS",
    "align",
    "check_method",
    "enlarge",
    "positions",
    "upsample",
    "upsample_at",
]
