from .dock import Inspector

__all__ = [
    "Inspector",
]
