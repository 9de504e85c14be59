"""Hints in napari: a Points layer, and a palette for its points."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
