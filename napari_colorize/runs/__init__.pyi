from .backdrop import Backdrop
from .drawn_region import region_of
from .image_history import ImageHistory, history_of
from .kinds import AT_FULL_SIZE, DECODED, KINDS, METADATA
from .pixel import Place
from .results import Results
from .run import Run, active_run, plain, registry, run_of
from .source import NotColorable, Source, picture_shape, shown_frame, source_of
from .worker import Cancelled, Reporter, Worker

__all__ = [
    "AT_FULL_SIZE",
    "DECODED",
    "KINDS",
    "METADATA",
    "Backdrop",
    "Cancelled",
    "ImageHistory",
    "NotColorable",
    "Place",
    "Reporter",
    "Results",
    "Run",
    "Source",
    "Worker",
    "active_run",
    "history_of",
    "picture_shape",
    "plain",
    "region_of",
    "registry",
    "run_of",
    "shown_frame",
    "source_of",
]
