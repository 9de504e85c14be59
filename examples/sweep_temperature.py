"""Decode one prediction at several temperatures and save them side by side.

``python examples/sweep_temperature.py PHOTO OUT.png [--model NAME|FOLDER]
[--temperatures 0 0.38 1]``

The nets run once; each picture of the strip is only decoded again. From left to right
the color goes from the most likely bin of each pixel (0) to the mean of all bins (1).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from colorize_engine import Colorizer, files
from colorize_engine.color import srgb_to_lab

GAP = 8
"""White pixels between two pictures."""


def strip(pictures: list[np.ndarray]) -> np.ndarray:
    """Put pictures (H, W, 3) of one size side by side."""
    kind = pictures[0].dtype
    white = np.iinfo(kind).max if kind.kind == "u" else 1
    gap = np.full((pictures[0].shape[0], GAP, 3), white, kind)
    parts = [part for picture in pictures for part in (picture, gap)]
    return np.hstack(parts[:-1])


def main(arguments: list[str] | None = None) -> None:
    """Predict once, decode at each temperature, and write the strip."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default="default")
    steps = [0, 0.2, 0.38, 0.6, 1]
    parser.add_argument("--temperatures", type=float, nargs="+", default=steps)
    args = parser.parse_args(arguments)
    page = next(iter(files.read(args.photo)))
    prediction = Colorizer.from_pretrained(args.model).predict(page.image)
    pictures = []
    for temperature in args.temperatures:
        picture = prediction.colorize(temperature)
        chroma = np.hypot(*np.moveaxis(srgb_to_lab(picture)[..., 1:], -1, 0))
        print(f"T = {temperature:g}: mean chroma {chroma.mean():.1f}")
        pictures.append(picture)
    files.write(args.out, [replace(page, image=strip(pictures), alpha=None)])


if __name__ == "__main__":
    main()
