"""Contact sheets: photos side by side, to compare by eye."""

from __future__ import annotations

import hashlib
import heapq
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from training.scoring.scores import Row, Truth

WORST = 32
"""Number of photos on each model's sheet of its largest errors."""
TILE = 128
"""Side of a picture on the sheet, in pixels."""
_GAP = 12
_LINE = 18
_WIDTH = 1600
_CAPTION_LENGTH = 48


@dataclass
class ContactSheet:
    """The photos with the highest keys, each as a strip of its versions.

    Photos are offered one by one; only those with the highest keys are kept.

    Attributes
    ----------
    headings : sequence of str
        Headings of the pictures of a strip, from left to right.
    count : int
        Number of photos on the sheet.
    """

    headings: Sequence[str]
    count: int
    _kept: list[tuple[float, int, str, Image.Image]] = field(default_factory=list)
    _offered: int = 0

    def offer(
        self, key: float, caption: str, pictures: Sequence[NDArray[np.uint8]]
    ) -> None:
        """Add a photo to the sheet if its key is among the highest so far.

        Parameters
        ----------
        key : float
            The photos with the highest keys are chosen; the highest comes first.
        caption : str
            Line below the strip; if it is too long, only its end is kept.
        pictures : sequence of (H, W, 3) uint8
            One picture for each heading.
        """
        self._offered += 1
        full = len(self._kept) >= self.count
        if self.count == 0 or (full and key <= self._kept[0][0]):
            return
        entry = (key, -self._offered, caption[-_CAPTION_LENGTH:], _strip(pictures))
        if full:
            heapq.heapreplace(self._kept, entry)
        else:
            heapq.heappush(self._kept, entry)

    def save(self, path: Path) -> None:
        """Write the sheet as a picture, unless it has no photo."""
        if not self._kept:
            return
        entries = sorted(self._kept, reverse=True)
        width = len(self.headings) * TILE + _GAP
        height = TILE + _LINE + _GAP
        columns = min(len(entries), max(1, _WIDTH // width))
        rows = -(-len(entries) // columns)
        size = (columns * width - _GAP, _LINE + rows * height - _GAP)
        sheet = Image.new("RGB", size, "white")
        draw = ImageDraw.Draw(sheet)
        font = ImageFont.load_default(12)
        for column in range(columns):
            for i, heading in enumerate(self.headings):
                place = (column * width + i * TILE, 2)
                draw.text(place, heading[-20:], "black", font)
        for i, (_, _, caption, strip) in enumerate(entries):
            left, top = i % columns * width, _LINE + i // columns * height
            sheet.paste(strip, (left, top))
            draw.text((left, top + TILE + 2), caption, "black", font)
        sheet.save(path)


@dataclass
class Sheets:
    """Contact sheets of an evaluation: random photos, and each model's worst ones.

    Parameters
    ----------
    rows : sequence of str
        Names of the rows of the table; the truth is shown beside them.
    count : int
        Photos on the random sheet.
    seed : int
        Chooses these photos by their names, so two evaluations of the same photos show
        the same ones.
    """

    rows: Sequence[str]
    count: int
    seed: int

    def __post_init__(self) -> None:
        headings = (*self.rows, "truth")
        self.random = ContactSheet(headings, self.count)
        self.worst = {
            model: ContactSheet(headings, WORST)
            for model in self.rows[1:]
            if self.count
        }

    def offer(
        self, truth: Truth, outputs: Sequence[NDArray[np.uint8]], rows: Sequence[Row]
    ) -> None:
        """Offer a photo with the outputs of all rows, which have just scored it."""
        pictures = (*outputs, truth.rgb)
        digest = hashlib.blake2b(f"{self.seed}:{truth.name}".encode(), digest_size=6)
        key = int.from_bytes(digest.digest(), "big")
        self.random.offer(key, truth.name, pictures)
        for row in rows:
            if row.name in self.worst:
                error = row.photos[-1]["de00"]
                caption = f"dE00 {error:.1f} {truth.name}"
                self.worst[row.name].offer(error, caption, pictures)

    def save(self, folder: Path) -> None:
        """Write ``sheet.png`` and ``worst-MODEL.png`` of each model."""
        self.random.save(folder / "sheet.png")
        for model, sheet in self.worst.items():
            sheet.save(folder / f"worst-{_file_name(model)}.png")


def _file_name(model: str) -> str:
    """Return a file name for a model, whose name may be the path of a folder."""
    return re.sub(r"[^\w.-]+", "-", model).strip("-.")


def _strip(pictures: Sequence[NDArray[np.uint8]]) -> Image.Image:
    strip = Image.new("RGB", (len(pictures) * TILE, TILE))
    for i, picture in enumerate(pictures):
        tile = Image.fromarray(picture).resize((TILE, TILE), Image.Resampling.BOX)
        strip.paste(tile, (i * TILE, 0))
    return strip
