"""Colorize the photos that scikit-image ships and write a before/after sheet.

``python examples/demo.py OUT`` writes the gray photos, the colored ones and
``sheet.png`` (gray, colorized, and the photo's own color where there is one).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from colorize_engine.color import lightness, lightness_to_gray

PHOTOS = ("camera", "coffee", "rocket", "chelsea")
HEIGHT = 240


def to_gray(photo: np.ndarray) -> np.ndarray:
    """Return an 8-bit gray picture with the lightness L* of a photo."""
    if photo.ndim == 2:
        return photo
    return lightness_to_gray(lightness(photo))


def row(name: str, gray: Path, color: Path) -> np.ndarray:
    """Return one line of the sheet: gray, colorized, truth."""
    photo = getattr(data, name)()
    truth = photo if photo.ndim == 3 else np.full((*photo.shape, 3), 255, np.uint8)
    pictures = [Image.open(gray), Image.open(color), Image.fromarray(truth)]
    width = round(photo.shape[1] * HEIGHT / photo.shape[0])
    small = [p.convert("RGB").resize((width, HEIGHT)) for p in pictures]
    return np.hstack([np.asarray(p) for p in small])


def main(out: Path) -> None:
    """Write the demo into a folder."""
    for part in ("gray", "color"):
        (out / part).mkdir(parents=True, exist_ok=True)
    gray = [out / "gray" / f"{name}.png" for name in PHOTOS]
    for name, path in zip(PHOTOS, gray, strict=True):
        Image.fromarray(to_gray(getattr(data, name)())).save(path)
    command = Path(sys.executable).with_name("colorize")
    arguments = [*gray, "-o", out / "color", "--overwrite"]
    subprocess.run([command, *arguments], check=True)  # noqa: S603
    rows = [row(p.stem, p, out / "color" / p.name) for p in gray]
    width = max(line.shape[1] for line in rows)
    sheet = np.full((len(rows) * HEIGHT, width, 3), 255, np.uint8)
    for i, line in enumerate(rows):
        sheet[i * HEIGHT : (i + 1) * HEIGHT, : line.shape[1]] = line
    Image.fromarray(sheet).save(out / "sheet.png")
    print(f"gray | colorized | truth: {out / 'sheet.png'}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo"))
