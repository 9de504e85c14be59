from .scores import FLOAT32, GRAY, Calibration, ChromaScores, Row, Truth
from .sheets import Sheets
from .sweep import Sweep
from .tables import markdown, save, table

__all__ = [
    "FLOAT32",
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
