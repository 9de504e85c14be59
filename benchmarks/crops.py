"""Crops at 100 %: chroma enlarged without and with the edges of the lightness.

    python benchmarks/crops.py [--page docs/edges.md] [--pictures docs/images]

The photos are those that scikit-image ships, of half a megapixel or less. Their chroma
is predicted at a small working size, so that it is enlarged as much as from 256 pixels
to a scan of 1.7 to 4.4 megapixels. Columns: gray, bilinear, the engine's way, truth.
Below each crop is its chroma alone, at L* = 65.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image
from skimage import data

from colorize_engine import Colorizer
from colorize_engine.color import lab_to_rgb, srgb_to_lab

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

SIDE = 200
_GAP = 4
_EVEN = 65.0


class Crop(NamedTuple):
    """Position of a crop in a photo, and the working size of its chroma."""

    photo: str
    top: int
    left: int
    working_size: int


CROPS = (
    Crop("coffee", 90, 190, 96),
    Crop("astronaut", 20, 130, 96),
    Crop("chelsea", 60, 120, 64),
    Crop("rocket", 60, 250, 64),
)


def painted(light: NDArray[np.float32], chroma: NDArray[np.float32]) -> Bytes:
    """Render chroma (2, h, w) with a lightness, and below it with a constant one."""
    parts = [
        lab_to_rgb(np.ascontiguousarray(plane), np.ascontiguousarray(chroma))
        for plane in (light, np.full_like(light, _EVEN))
    ]
    return np.vstack(parts)


def row(crop: Crop, colorizer: Colorizer) -> Bytes:
    """Return gray, bilinear, guided and truth of one crop, side by side."""
    lab = srgb_to_lab(getattr(data, crop.photo)())
    light = np.ascontiguousarray(lab[..., 0])
    no_chroma = np.zeros((2, *light.shape), np.float32)
    gray = lab_to_rgb(light, no_chroma)
    prediction = colorizer.predict(gray, working_size=crop.working_size)
    here = np.s_[crop.top : crop.top + SIDE, crop.left : crop.left + SIDE]
    columns = [no_chroma]
    for method in ("bilinear", "guided"):
        colored = srgb_to_lab(prediction.colorize(method=method))
        columns.append(np.moveaxis(colored[..., 1:], 2, 0))
    columns.append(np.moveaxis(lab[..., 1:], 2, 0))
    gap = np.full((2 * SIDE, _GAP, 3), 255, np.uint8)
    tiles: list[Bytes] = []
    for chroma in columns:
        tiles += [painted(light[here], chroma[(slice(None), *here)]), gap]
    return np.hstack(tiles[:-1])


def page(pictures: list[Path], folder: Path) -> str:
    """Return the text of the page."""
    lines = [
        "# Edges",
        "",
        "`python benchmarks/crops.py` makes these crops at 100 %. From left to right:",
        "gray; chroma enlarged bilinearly; chroma enlarged along the edges of L\\*,",
        "as the engine does it; the photo's own color. Below each crop is its chroma",
        "alone, at a constant lightness. Look at where each color ends, for example",
        "at the rim of the cup.",
        "",
        "The nets see these photos at a small working size, where their colors are",
        "weaker than in the [gallery](gallery.md), and give one color for each square",
        "of 4 x 4 pixels. Alignment to the edges corrects no wrong colors, and cannot",
        "restore what is smaller than those squares, such as the eye of the cat.",
        "",
    ]
    for crop, picture in zip(CROPS, pictures, strict=True):
        height = getattr(data, crop.photo)().shape[0]
        times = height / crop.working_size
        lines += [
            f"## {crop.photo}",
            "",
            f"{height} rows from a working size of {crop.working_size}: the chroma is "
            f"enlarged {times:.1f} times, as in a picture with a short side of "
            f"{256 * times:.0f} pixels.",
            "",
            f"![Crops of {crop.photo}]({picture.relative_to(folder).as_posix()})",
            "",
        ]
    return "\n".join(lines)


def main() -> None:
    """Write pictures and page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--page", type=Path, default=Path("docs/edges.md"))
    parser.add_argument("--pictures", type=Path, default=Path("docs/images"))
    args = parser.parse_args()
    colorizer = Colorizer.from_pretrained()
    pictures = [args.pictures / f"edges-{crop.photo}.jpg" for crop in CROPS]
    args.pictures.mkdir(parents=True, exist_ok=True)
    for crop, path in zip(CROPS, pictures, strict=True):
        Image.fromarray(row(crop, colorizer)).save(path, quality=92, subsampling=0)
    args.page.write_text(page(pictures, args.page.parent), encoding="utf-8")
    print(f"wrote {args.page}")


if __name__ == "__main__":
    main()
