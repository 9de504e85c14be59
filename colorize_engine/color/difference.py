"""CIEDE2000, the difference of two colors to the eye."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_POWER_7 = 25.0**7


def ciede2000(one: ArrayLike, other: ArrayLike) -> NDArray[np.float64]:
    """Return the differences of colors by CIEDE2000 with all weights 1.

    G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 color-difference formula", Color
    Research and Application 30, 2005; the names are those of its equations.

    Parameters
    ----------
    one, other : (..., 3) array
        CIE Lab. They are broadcast against each other.

    Returns
    -------
    (...) float64
        0 for equal colors; 1 is about the least that can be seen.
    """
    (l1, a1, b1), (l2, a2, b2) = (
        np.moveaxis(np.asarray(lab, np.float64), -1, 0) for lab in (one, other)
    )
    c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(c7 / (c7 + _POWER_7))
    c1, c2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)
    h1 = np.degrees(np.arctan2(b1, stretch * a1)) % 360
    h2 = np.degrees(np.arctan2(b2, stretch * a2)) % 360
    gray = c1 * c2 == 0
    turn = np.where(gray, 0, (h2 - h1 + 180) % 360 - 180)
    # Of opposite hues the one of 180 degrees is meant, as in the paper's equation 10.
    turn = np.where((turn == -180) & (h2 >= h1), 180, turn)
    hue = np.where(gray, h1 + h2, (h1 + turn / 2) % 360)
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    angle = np.radians(hue)
    t = (
        1
        - 0.17 * np.cos(angle - np.radians(30))
        + 0.24 * np.cos(2 * angle)
        + 0.32 * np.cos(3 * angle + np.radians(6))
        - 0.20 * np.cos(4 * angle - np.radians(63))
    )
    s_l = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    s_c, s_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    blue = np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2)))
    r_t = -2 * np.sqrt(chroma**7 / (chroma**7 + _POWER_7)) * np.sin(blue)
    d_l = (l2 - l1) / s_l
    d_c = (c2 - c1) / s_c
    d_h = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)) / s_h
    # Rounding may make the sum of near colors less than 0.
    total = d_l**2 + d_c**2 + d_h**2 + r_t * d_c * d_h
    return np.asarray(np.sqrt(np.maximum(total, 0)), np.float64)
