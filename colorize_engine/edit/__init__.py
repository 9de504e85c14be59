"""Edits: all that a person has set for a picture, with undo, as text and command."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
