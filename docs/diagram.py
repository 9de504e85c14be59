"""Draw how a photo is colored, from what each module gives on the way.

python docs/diagram.py [docs/images/how.png]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl

mpl.use("Agg")
import numpy as np
from matplotlib import pyplot as plt
from skimage import data

from colorize_engine import Colorizer
from colorize_engine.color import lab_to_rgb, lightness, lightness_to_gray
from colorize_engine.decode import annealed_mean
from colorize_engine.pretrained import Model
from colorize_engine.resize import fit_lightness
from colorize_engine.upsample import upsample

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_WIDTH, _HEIGHT = 15.0, 5.2
_SIDE = 1.75
_EVEN = 65.0
_INK = "#333333"


class Sheet:
    """Pictures at places in inches, with arrows between them."""

    def __init__(self) -> None:
        self.figure = plt.figure(figsize=(_WIDTH, _HEIGHT), dpi=110)

    def picture(
        self, x: float, y: float, pixels: NDArray[np.generic], size: float = _SIDE
    ) -> Axes:
        """Show a square picture, its lower left corner at x, y."""
        at = (x / _WIDTH, y / _HEIGHT, size / _WIDTH, size / _HEIGHT)
        axes = self.figure.add_axes(at)
        limits = {"vmin": 0, "vmax": 255} if pixels.dtype == np.uint8 else {}
        axes.imshow(pixels, cmap="gray", **limits)
        axes.set(xticks=[], yticks=[])
        return axes

    def text(self, x: float, y: float, words: str, **style: object) -> None:
        """Write words centered at x, y."""
        where = x / _WIDTH, y / _HEIGHT
        self.figure.text(*where, words, ha="center", color=_INK, **style)

    def arrow(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Draw an arrow."""
        self.figure.add_artist(
            mpl.patches.FancyArrowPatch(
                (start[0] / _WIDTH, start[1] / _HEIGHT),
                (end[0] / _WIDTH, end[1] / _HEIGHT),
                arrowstyle="-|>",
                mutation_scale=14,
                color=_INK,
            )
        )


def named(thing: Callable[..., object]) -> str:
    """Return the room of the engine that a function or class is in, and its name."""
    return f"{thing.__module__.split('.')[1]}.{thing.__name__}"


def shown(chroma: NDArray[np.float32]) -> NDArray[np.generic]:
    """Show chroma (2, h, w) at an even lightness."""
    return lab_to_rgb(np.full(chroma.shape[1:], _EVEN, np.float32), chroma)


def main(target: Path) -> None:
    """Run the modules on a photo and draw what they give."""
    photo = data.chelsea()[:, 75:375]
    light = lightness(photo)
    gray = lightness_to_gray(light)
    prediction = Colorizer.from_pretrained().predict(gray)
    sheet = Sheet()
    middle, upper, lower = 1.7, 2.85, 0.55
    sheet.picture(0.1, middle, gray)
    sheet.text(0.98, middle + _SIDE + 0.12, "gray picture")
    first = f"{named(lightness)}\n{named(fit_lightness)}"
    sheet.text(2.75, middle + 1.25, first, family="monospace")
    side = min(prediction.lightness.shape)
    sheet.text(2.75, middle + 0.35, f"L* at {side} px")
    sheet.arrow((1.95, middle + 0.9), (3.55, middle + 0.9))
    for y, channel in ((upper, prediction.a), (lower, prediction.b)):
        name = "a" if channel is prediction.a else "b"
        sheet.arrow((3.65, middle + 0.9), (4.75, y + 0.9))
        net = f"{named(Model)} {name}"
        sheet.text(3.45, 3.55 if name == "a" else 1.5, net, family="monospace")
        centers = list(channel.bins.centers)
        chosen = [centers.index(c) for c in (-10, 0, 10, 20)]
        for step, number in enumerate(chosen):
            pixels = channel.probabilities[number]
            sheet.picture(4.85 + 0.55 * step, y + 0.12 * step, pixels, 1.3)
        top = y + 1.85 if name == "a" else y - 0.3
        label = f"probability of each of {len(centers)} bins of {name}* (4 shown)"
        sheet.text(6.35, top, label)
        sheet.arrow((7.95, y + 0.9), (9.75, middle + 0.9))
    sheet.text(8.95, 3.9, named(annealed_mean), family="monospace")
    chroma = prediction.decode()
    sheet.picture(9.85, middle, shown(chroma))
    sheet.text(10.73, middle + _SIDE + 0.12, "a*, b* (at one L*)")
    sheet.arrow((11.7, middle + 0.9), (13.1, middle + 0.9))
    last = f"{named(upsample)}\n{named(lab_to_rgb)}"
    sheet.text(12.4, middle + 1.1, last, family="monospace", size=9)
    sheet.text(12.4, middle + 0.3, "with L* of\nfull size")
    sheet.picture(13.2, middle, prediction.colorize())
    sheet.text(14.08, middle + _SIDE + 0.12, "color, the same L*")
    sheet.figure.savefig(target)
    print(f"wrote {target}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images/how.png"))
