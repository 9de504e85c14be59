from .bins import ChannelBins
from .colorizer import Colorizer, colorize
from .decode import Distribution
from .hints import Hint
from .prediction import Prediction
from .pretrained import Card, ModelError, list_models
from .steering import Suggestion

__all__ = [
    "Card",
    "ChannelBins",
    "Colorizer",
    "Distribution",
    "Hint",
    "ModelError",
    "Prediction",
    "Suggestion",
    "colorize",
    "list_models",
]

__version__: str
