"""Chroma enlarged to the working size, and from there along the edges of L."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
