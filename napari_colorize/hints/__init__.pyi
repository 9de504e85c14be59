from .palette import Palette
from .points import add_hints, find_points, hints_of, make_points, set_color
from .variant_strip import VariantStrip

__all__ = [
    "Palette",
    "VariantStrip",
    "add_hints",
    "find_points",
    "hints_of",
    "make_points",
    "set_color",
]
