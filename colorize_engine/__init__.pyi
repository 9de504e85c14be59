from .bins import ChannelBins
from .colorizer import Colorizer, colorize
from .decode import Distribution
from .prediction import Prediction
from .pretrained import Card, ModelError, list_models

__all__ = [
    "Card",
    "ChannelBins",
    "Colorizer",
    "Distribution",
    "ModelError",
    "Prediction",
    "colorize",
    "list_models",
]

__version__: str
