from .color_file import StackSettings, color_stack_file, is_stack_target
from .reader import StackFile, open_stack

__all__ = [
    "StackFile",
    "StackSettings",
    "color_stack_file",
    "is_stack_target",
    "open_stack",
]
