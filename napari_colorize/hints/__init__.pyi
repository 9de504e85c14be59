from .image_hints import ImageHints, hints_for
from .palette import Palette
from .points import find_points, hints_of, make_points
from .suggesting import Suggesting
from .swatches import Swatches
from .variant_strip import VariantStrip

__all__ = [
    "ImageHints",
    "Palette",
    "Suggesting",
    "Swatches",
    "VariantStrip",
    "find_points",
    "hints_for",
    "hints_of",
    "make_points",
]
