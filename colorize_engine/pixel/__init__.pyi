from .numbers import COLUMNS, ChannelNumbers, PixelNumbers, describe, write_csv
from .pixel import Pixel, pixel_of
from .text import RANGES, about_bin, about_bins, summary, value

__all__ = [
    "COLUMNS",
    "RANGES",
    "ChannelNumbers",
    "Pixel",
    "PixelNumbers",
    "about_bin",
    "about_bins",
    "describe",
    "pixel_of",
    "summary",
    "value",
    "write_csv",
]
