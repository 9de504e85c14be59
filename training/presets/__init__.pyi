from .bins import BINS, load_bins, make_bins, save_bins
from .preset import FOLDER, Preset, load_preset
from .run import Run, Stage

__all__ = [
    "BINS",
    "FOLDER",
    "Preset",
    "Run",
    "Stage",
    "load_bins",
    "load_preset",
    "make_bins",
    "save_bins",
]
