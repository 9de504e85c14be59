from .patched import Patched, mix
from .pyramid import Pyramid
from .rendering import Rendering
from .window_cache import Colors, WindowCache

__all__ = ["Colors", "Patched", "Pyramid", "Rendering", "WindowCache", "mix"]
