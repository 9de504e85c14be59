from .history import History
from .suggestions import Suggestion, suggest
from .variants import anchors

__all__ = ["History", "Suggestion", "anchors", "suggest"]
