"""Color for grayscale images: distributions of CIE a and b from two U-Nets.

Importing this package imports neither torch nor any GUI; names load on first use.
"""

import lazy_loader

__version__ = "0.2.0"

# The names are listed in __init__.pyi, where type checkers find them, too (SPEC 1).
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
