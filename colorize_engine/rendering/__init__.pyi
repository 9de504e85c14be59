from .pyramid import Pyramid
from .rendering import Rendering
from .window_cache import Colors, WindowCache

__all__ = ["Colors", "Pyramid", "Rendering", "WindowCache"]
