from .suggestions import Suggestion, suggest
from .variants import anchors

__all__ = ["Suggestion", "anchors", "suggest"]
