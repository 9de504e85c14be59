from .palette import Palette
from .points import find_points, hints_of, make_points, set_color

__all__ = ["Palette", "find_points", "hints_of", "make_points", "set_color"]
