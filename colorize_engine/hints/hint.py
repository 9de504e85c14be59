"""One color at one point."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from colorize_engine.bins import GAMUT_RANGE
from colorize_engine.color import lab_to_rgb, srgb_to_lab

DEFAULT_RADIUS = 3
"""Radius of a hint without one, in pixels of the working size."""


@dataclass(frozen=True)
class Hint:
    """A color that a picture has at a point, to be shown to the nets.

    Attributes
    ----------
    row, column : float
        Where, in pixels of the picture: 0, 0 is the center of the first pixel.
    a, b : float or None
        CIE a* and b*. None leaves a channel open: the nets choose it.
    radius : float or None
        Half of the side of the square that has the color, in pixels of the picture. By
        default ``DEFAULT_RADIUS`` pixels of the working size.
    frame : int or None
        Of a stack, the frame that the hint is for, along its time axis; None for all.
    strength : float
        How much the hint counts, 0.01 to 1. One that was carried to another
        frame of a stack counts less.

    Raises
    ------
    ValueError
        If a number is not finite, or lies outside its range: a and b outside those of
        sRGB (``bins.GAMUT_RANGE``), a place, radius or frame below 0, a strength
        outside 0.01..1. A row and a column may be -0.5 at least, the edge of the
        picture.
    """

    row: float
    column: float
    a: float | None = None
    b: float | None = None
    radius: float | None = None
    frame: int | None = None
    strength: float = 1.0

    def __post_init__(self) -> None:
        limits = {
            "row": (-0.5, math.inf),
            "column": (-0.5, math.inf),
            **GAMUT_RANGE,
            "radius": (0.0, math.inf),
            "frame": (0.0, math.inf),
            "strength": (0.01, 1.0),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if value is None and name not in ("row", "column"):
                continue
            if not (math.isfinite(value) and low <= value <= high):
                limit = f"in {low:g}..{high:g}" if high < math.inf else f">= {low:g}"
                raise ValueError(f"expected a hint's {name} to be {limit}, got {value}")
        if self.a is None and self.b is None:
            raise ValueError("expected a hint to give a or b, got neither")

    @classmethod
    def from_color(
        cls,
        row: float,
        column: float,
        color: str,
        radius: float | None = None,
        frame: int | None = None,
    ) -> Hint:
        """Return a hint with the a* and b* of a color.

        Parameters
        ----------
        color
            sRGB as ``"#c05030"`` or ``"#c53"``. Its lightness does not matter.

        Raises
        ------
        ValueError
            If the text is not such a color, or as for `Hint`.
        """
        rgb = _parsed(color)
        _, a, b = srgb_to_lab(np.array([[rgb]], np.uint8))[0, 0]
        return cls(row, column, float(a), float(b), radius, frame)

    def color(self, lightness: float = 60.0) -> str:
        """Return the color at an L* as ``"#c05030"``; an open channel counts as 0."""
        light = np.full((1, 1), lightness, np.float32)
        chroma = np.array([[[self.a or 0.0]], [[self.b or 0.0]]], np.float32)
        red, green, blue = lab_to_rgb(light, chroma)[0, 0]
        return f"#{red:02x}{green:02x}{blue:02x}"


def _parsed(color: str) -> tuple[int, ...]:
    digits = color.strip().removeprefix("#")
    if re.fullmatch(r"[0-9a-fA-F]{3}", digits):
        digits = "".join(2 * digit for digit in digits)
    if not re.fullmatch(r"[0-9a-fA-F]{6}", digits):
        raise ValueError(f'expected a color such as "#c05030", got {color!r}')
    return tuple(bytes.fromhex(digits))
