from .image_history import ImageHistory, State, history_of
from .kinds import AT_FULL_SIZE, DECODED, KINDS, METADATA
from .results import Results
from .run import Pixel, Place, Run, active_run, plain, registry, run_of
from .source import NotColorable, Source, shown_frame, source_of
from .worker import Cancelled, Reporter, Worker

__all__ = [
    "AT_FULL_SIZE",
    "DECODED",
    "KINDS",
    "METADATA",
    "Cancelled",
    "ImageHistory",
    "NotColorable",
    "Pixel",
    "Place",
    "Reporter",
    "Results",
    "Run",
    "Source",
    "State",
    "Worker",
    "active_run",
    "history_of",
    "plain",
    "registry",
    "run_of",
    "shown_frame",
    "source_of",
]
