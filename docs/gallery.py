"""Write the gallery: the free pictures of scikit-image, gray and colorized.

``python docs/gallery.py`` writes ``docs/gallery.md`` and a JPEG for each picture into
``docs/images/gallery``, and there the strips of one picture at several temperatures and
rebalances that the tutorials show. Run it again when the weights of ``default`` have
changed. It needs no network; only pictures whose terms scikit-image states are taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from skimage import data
from skimage.color import deltaE_ciede2000

from colorize_engine import Colorizer, Hint
from colorize_engine.color import lightness, lightness_to_gray, srgb_to_lab
from colorize_engine.pretrained import find_folder, read_card

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colorize_engine import Card

DOCS = Path(__file__).parent
PAGE, IMAGES = DOCS / "gallery.md", DOCS / "images" / "gallery"
WIDTH, GAP, QUALITY = 300, 6, 85


@dataclass(frozen=True)
class Entry:
    """A picture of scikit-image: its function there, its title and its terms."""

    name: str
    title: str
    terms: str


SECTIONS = {
    "Photos in color, made gray first": (
        Entry("astronaut", "An astronaut, Eileen Collins", "NASA, public domain"),
        Entry("coffee", "A cup of coffee", "Rachel Michetti, CC0"),
        Entry("chelsea", "Chelsea the cat", "Stefan van der Walt, CC0"),
        Entry("rocket", "Launch of a rocket", "SpaceX, public domain"),
    ),
    "Photos that scikit-image has in gray": (
        Entry("camera", "A cameraman", "Lav Varshney, CC0"),
        Entry("clock", "A clock, blurred", "Stefan van der Walt, public domain"),
        Entry("coins", "Coins from Pompeii", "Brooklyn Museum, no known restrictions"),
        Entry("brick", "Bricks", "CC0Textures, CC0"),
        Entry("grass", "Grass", "linolafett, CC0"),
        Entry("gravel", "Gravel", "CC0Textures, CC0"),
    ),
    "Microscopy, medicine, astronomy": (
        Entry("retina", "A human retina", "Mikael Häggström, CC0"),
        Entry("immunohistochemistry", "Stained tissue", "CMMI, no known restrictions"),
        Entry("hubble_deep_field", "Galaxies", "NASA, public domain"),
        Entry("cell", "A cell, phase image", "Müller and others, CC0"),
    ),
}
# Temperature and rebalance of each picture of a strip; None is the model's own.
STRIPS = {
    "temperature": ((0, None), (None, None), (1, None)),
    "rebalance": ((None, -1), (None, None), (None, 1)),
}
ENTRIES = [entry for entries in SECTIONS.values() for entry in entries]
INTRODUCTION = """\
# Gallery

Made with {model} at its own settings.

The pictures come from scikit-image. None was picked for its result: the page shows all
pictures that scikit-image ships under free terms, except drawings, texts, test patterns
and crops of other pictures. From left to right: gray, colorized, and, if the photo is
in color, its own color.

The two figures are the mean CIEDE2000 differences of the colorized and of the gray
picture from the photo's own color. If the first is larger, gray is closer to the
truth.

`python docs/gallery.py` makes this page.
"""


def shrunk(picture: np.ndarray) -> np.ndarray:
    """Scale a picture to the width that the page shows."""
    height = round(picture.shape[0] * WIDTH / picture.shape[1])
    scaled = Image.fromarray(picture).resize((WIDTH, height), Image.Resampling.LANCZOS)
    return np.asarray(scaled)


# Two clicks on the saucer: row, column and color.
HINTS = ((330, 180, "#a1321f"), (250, 430, "#a1321f"))


def beside(pictures: list[np.ndarray]) -> np.ndarray:
    """Put pictures of one size into a row."""
    tiles = [shrunk(picture) for picture in pictures]
    gap = np.full((tiles[0].shape[0], GAP, 3), 255, np.uint8)
    return np.hstack([part for tile in tiles for part in (tile, gap)][:-1])


def gray_of(image: np.ndarray) -> np.ndarray:
    """Return the gray 8-bit picture (H, W, 3) with the lightness of an image."""
    return np.repeat(lightness_to_gray(lightness(image))[..., None], 3, axis=2)


def photo(entry: Entry) -> np.ndarray:
    """Load a picture as scikit-image ships it."""
    return getattr(data, entry.name)()


def row(entry: Entry, colorizer: Colorizer) -> tuple[np.ndarray, tuple[float, ...]]:
    """Color one picture: the row to show, and how far color and gray are from it."""
    own = photo(entry)
    gray = gray_of(own)
    colored = colorizer.predict(gray[..., 0]).colorize()
    pictures, differences = [gray, colored], ()
    if own.ndim == 3:
        truth = srgb_to_lab(own)
        differences = tuple(
            float(deltaE_ciede2000(truth, srgb_to_lab(picture)).mean())
            for picture in pictures[::-1]
        )
        pictures.append(own)
    return beside(pictures), differences


def strips(colorizer: Colorizer) -> dict[str, np.ndarray]:
    """Return rows of one picture, decoded in several ways."""
    gray = gray_of(data.coffee())
    prediction = colorizer.predict(gray[..., 0])
    rows = {
        name: [prediction.colorize(*point) for point in points]
        for name, points in STRIPS.items()
    }
    hinted = prediction.with_hints([Hint.from_color(*hint) for hint in HINTS])
    colors = [prediction.colorize(), hinted.colorize()]
    rows["hints"] = [gray, *colors, data.coffee()]
    return {name: beside(pictures) for name, pictures in rows.items()}


def page(card: Card, differences: Mapping[str, tuple[float, ...]]) -> str:
    """Return the text of the page; gray pictures have no figure there."""
    model = f"`{card.name}` {card.version} (`{card.model_hash}`)"
    lines = [INTRODUCTION.format(model=model)]
    for section, entries in SECTIONS.items():
        lines.append(f"## {section}\n")
        for entry in entries:
            lines.append(f"### {entry.title}\n")
            lines.append(f"![{entry.title}](images/gallery/{entry.name}.jpg)\n")
            note = f"`skimage.data.{entry.name}`: {entry.terms}."
            if differences.get(entry.name):
                colored, gray = differences[entry.name]
                note += f" Colorized {colored:.1f}, gray {gray:.1f}."
            lines.append(f"{note}\n")
    return "\n".join(lines)


def save(name: str, picture: np.ndarray) -> None:
    """Write a JPEG into the folder of the gallery."""
    target = IMAGES / f"{name}.jpg"
    Image.fromarray(picture).save(target, quality=QUALITY, optimize=True)


def main() -> None:
    """Write pictures and page."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    colorizer = Colorizer.from_pretrained("default")
    differences = {}
    for entry in ENTRIES:
        picture, differences[entry.name] = row(entry, colorizer)
        save(entry.name, picture)
        print(entry.name, *(f"{value:.1f}" for value in differences[entry.name]))
    for name, picture in strips(colorizer).items():
        save(name, picture)
    text = page(read_card(find_folder("default")), differences)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
