from .colorize_widget import ColorizeWidget

__all__ = [
    "ColorizeWidget",
]
