from .convert import lab_to_rgb, lab_to_srgb, lightness, lightness_to_gray, srgb_to_lab
from .curves import encoded_from, linear_from
from .difference import ciede2000
from .gamut import TO_XYZ
from .levels import full_scale, strips
from .tones import is_in_color
from .ycbcr import Luma, luma_chroma, luma_for, rgb_of

__all__ = [
    "TO_XYZ",
    "Luma",
    "ciede2000",
    "encoded_from",
    "full_scale",
    "is_in_color",
    "lab_to_rgb",
    "lab_to_srgb",
    "lightness",
    "lightness_to_gray",
    "linear_from",
    "luma_chroma",
    "luma_for",
    "rgb_of",
    "srgb_to_lab",
    "strips",
]
