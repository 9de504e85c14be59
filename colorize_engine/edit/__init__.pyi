from .as_json import from_json, to_json
from .edit import Edit, saved_edit
from .edit_history import EditHistory, State
from .history import History

__all__ = [
    "Edit",
    "EditHistory",
    "History",
    "State",
    "from_json",
    "saved_edit",
    "to_json",
]
