"""Open photos, each with its own edit: looked at, steered, saved as the command does.

It knows neither a window nor a page; ``app`` shows it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
