from .channel import (
    GAMUT_RANGE,
    ChannelBins,
    class_weights,
    smoothed,
    uniform_centers,
    zero_centered,
)
from .lloyd import lloyd_max

__all__ = [
    "GAMUT_RANGE",
    "ChannelBins",
    "class_weights",
    "lloyd_max",
    "smoothed",
    "uniform_centers",
    "zero_centered",
]
