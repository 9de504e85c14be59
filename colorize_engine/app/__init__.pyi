from .guard import Address
from .server import serve

__all__ = ["Address", "serve"]
