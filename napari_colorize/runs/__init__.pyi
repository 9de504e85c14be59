from .results import AT_FULL_SIZE, DECODED, DecodeSettings, KINDS, METADATA, Results, load_colorizer
from .run import Pixel, Place, Run, active_run, plain, registry, run_of
from .source import NotColorable, Source, shown_frame, source_of
from .worker import Cancelled, Worker

__all__ = [
    "AT_FULL_SIZE",
    "Cancelled",
    "DECODED",
    "DecodeSettings",
    "KINDS",
    "METADATA",
    "NotColorable",
    "Pixel",
    "Place",
    "Results",
    "Run",
    "Source",
    "Worker",
    "active_run",
    "load_colorizer",
    "plain",
    "registry",
    "run_of",
    "shown_frame",
    "source_of",
]
