from .batches import Batches
from .data_set import CHANNELS, INDEX, DataSet, read_index
from .dice import Dice
from .hints import Hints, HintShares, draw_hints
from .source import Photo, find_photos, fingerprint, read_photos, select, square
from .variation import vary

__all__ = [
    "CHANNELS",
    "INDEX",
    "Batches",
    "DataSet",
    "Dice",
    "HintShares",
    "Hints",
    "Photo",
    "draw_hints",
    "find_photos",
    "fingerprint",
    "read_index",
    "read_photos",
    "select",
    "square",
    "vary",
]
