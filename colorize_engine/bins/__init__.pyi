from .channel import ChannelBins
from .lloyd import lloyd_max
from .schemes import (
    GAMUT_RANGE,
    class_weights,
    smoothed,
    uniform_centers,
    zero_centered,
)

__all__ = [
    "GAMUT_RANGE",
    "ChannelBins",
    "class_weights",
    "lloyd_max",
    "smoothed",
    "uniform_centers",
    "zero_centered",
]
