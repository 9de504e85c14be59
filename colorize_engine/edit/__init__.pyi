from .edit import Edit, saved_edit
from .history import History

__all__ = ["Edit", "History", "saved_edit"]
