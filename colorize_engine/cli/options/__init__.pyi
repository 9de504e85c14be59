from .hints import hints_in
from .input import MAX_PIXELS
from .table import TOPICS
from .topic import Topic

__all__ = ["MAX_PIXELS", "TOPICS", "Topic", "hints_in"]
