from .color_file import StackSettings, color_stack_file, is_stack_target
from .reader import open_stack
from .stack_file import StackFile

__all__ = [
    "StackFile",
    "StackSettings",
    "color_stack_file",
    "is_stack_target",
    "open_stack",
]
