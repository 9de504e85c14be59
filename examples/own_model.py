"""Color with a model of your own: here one without any network.

``python examples/own_model.py GRAY LIKE OUT``

The model learns from a single color photo, LIKE, how a and b are distributed at each
lightness, and colors GRAY accordingly. Anything that turns lightness into logits works:
a network in PyTorch, ONNX or JAX, or a function. Torch is not imported.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from colorize_engine import ChannelBins, Colorizer, files
from colorize_engine.bins import zero_centered
from colorize_engine.color import lightness, srgb_to_lab

BINS = ChannelBins.unweighted(zero_centered(10, -110, 100))
STEPS = 50


class LightnessTable:
    """Logits of a and b by lightness alone, counted in one photo."""

    def __init__(self, photo: np.ndarray) -> None:
        level = self.level(lightness(photo))
        self.tables = []
        for values in np.moveaxis(srgb_to_lab(photo)[..., 1:], -1, 0):
            counts = np.full((len(BINS), STEPS + 1), 1e-3)  # no bin is impossible
            np.add.at(counts, (BINS.encode_hard(values), level), 1)
            self.tables.append(np.log(counts / counts.sum(0)).astype(np.float32))

    def level(self, light: np.ndarray) -> np.ndarray:
        """Return the column of the tables for each L*."""
        return np.rint(light / 100 * STEPS).astype(int)

    def __call__(self, light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Turn L* (h, w) into logits (Q, h, w) of a and of b."""
        level = self.level(light)
        return self.tables[0][:, level], self.tables[1][:, level]


def main(arguments: list[str] | None = None) -> None:
    """Learn from one photo, color the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("gray", "like", "out"):
        parser.add_argument(name, type=Path)
    args = parser.parse_args(arguments)
    model = LightnessTable(next(iter(files.read(args.like))).image)
    page = next(iter(files.read(args.gray)))
    prediction = Colorizer(model, BINS, BINS).predict(page.image)
    files.write(args.out, [replace(page, image=prediction.colorize())])
    print(f"{args.out}: {prediction.entropy().mean():.2f} bits")


if __name__ == "__main__":
    main()
