from .batches import Augmentation, Batches, Dice
from .data_set import CHANNELS, INDEX, DataSet, read_index
from .source import Photo, find_photos, fingerprint, read_photos, select, square

__all__ = [
    "CHANNELS",
    "INDEX",
    "Augmentation",
    "Batches",
    "DataSet",
    "Dice",
    "Photo",
    "find_photos",
    "fingerprint",
    "read_index",
    "read_photos",
    "select",
    "square",
]
