from .compare_buttons import CompareButtons
from .comparison import Comparison
from .split_line import SplitLine

__all__ = ["CompareButtons", "Comparison", "SplitLine"]
