"""Plot the predicted distributions of one pixel over the bins of a and b.

``python examples/plot_pixel.py PHOTO ROW COLUMN OUT.png [--model NAME|FOLDER]``

Each bar is a bin, in the bin's color. The dashed line is the value that is decoded from
all bins. Needs matplotlib (``pip install matplotlib``).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from colorize_engine import Colorizer, files
from colorize_engine.color import lab_to_srgb


def bar_colors(centers: np.ndarray, channel: int, lightness: float) -> np.ndarray:
    """Return the color of each bin at a lightness, the other channel 0: (Q, 3)."""
    lab = np.zeros((1, len(centers), 3), np.float32)
    lab[..., 0] = np.clip(lightness, 30, 80)  # near black and white there is no color
    lab[..., 1 + channel] = centers
    return np.clip(lab_to_srgb(lab)[0], 0, 1)


def main(arguments: list[str] | None = None) -> None:
    """Predict the photo, and draw the two distributions of the pixel."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", type=Path)
    parser.add_argument("row", type=int)
    parser.add_argument("column", type=int)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default="default")
    args = parser.parse_args(arguments)
    image = next(iter(files.read(args.photo))).image
    prediction = Colorizer.from_pretrained(args.model).predict(image)
    height, width = prediction.lightness.shape
    row = args.row * height // prediction.shape[0]
    column = args.column * width // prediction.shape[1]
    light = prediction.lightness[row, column]
    # Each distribution stands for a square of pixels of the working size.
    row, column = row // prediction.head_stride, column // prediction.head_stride
    decoded = prediction.decode()[:, row, column]
    figure = Figure(figsize=(8, 3), layout="constrained")
    for channel, axes in enumerate(figure.subplots(1, 2)):
        name, said = "ab"[channel], (prediction.a, prediction.b)[channel]
        bars, centers = said.probabilities[:, row, column], said.bins.centers
        colors = bar_colors(centers, channel, light)
        axes.bar(centers, bars, np.diff(centers).min(), color=colors, edgecolor="0.4")
        axes.axvline(decoded[channel], color="black", linestyle="--")
        axes.set(xlabel=f"{name}*", ylabel="probability")
        likely = centers[bars.argmax()]
        print(f"{name}*: most likely {likely:.1f}, decoded {decoded[channel]:.1f}")
    figure.savefig(args.out)


if __name__ == "__main__":
    main()
