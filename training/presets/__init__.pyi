from .bins import BINS, load_bins, make_bins, save_bins, weighted
from .preset import FOLDER, Preset, load_preset
from .run import ClassWeights, Run

__all__ = [
    "BINS",
    "FOLDER",
    "ClassWeights",
    "Preset",
    "Run",
    "load_bins",
    "load_preset",
    "make_bins",
    "save_bins",
    "weighted",
]
