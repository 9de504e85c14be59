from .scores import GRAY, Calibration, ChromaScores, Row, Truth
from .sheets import Sheets
from .sweep import Sweep
from .tables import markdown, save, table

__all__ = [
    "GRAY",
    "Calibration",
    "ChromaScores",
    "Row",
    "Sheets",
    "Sweep",
    "Truth",
    "markdown",
    "save",
    "table",
]
