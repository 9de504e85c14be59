"""Figures of one model at many decode points, for choosing its defaults."""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from colorize_engine.color import lab_to_rgb
from training.metrics import colorfulness
from training.scores import ChromaScores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from colorize_engine.colorizer import Prediction
    from training.scores import Truth

    Floats = NDArray[np.float32]

REBALANCES = (-1.0, -0.75, -0.5, -0.25, 0.0, 0.25)
TEMPERATURES = (0.0, 0.2, 0.38, 0.6, 0.8, 1.0)


STEP = 2
"""Every so many pixels along both axes are scored: the grid is for choosing."""


class _Point:
    """Running sums of one model at one decode point."""

    def __init__(self) -> None:
        self.scores = ChromaScores()
        self.colorfulness = 0.0
        self.photos = 0

    def add(self, chroma: Floats, lightness: Floats, true: Floats) -> None:
        self.scores.add(chroma, true)
        self.colorfulness += colorfulness(lab_to_rgb(lightness, chroma))
        self.photos += 1

    def summary(self) -> dict[str, float]:
        return {"cf": self.colorfulness / self.photos, **self.scores.summary()}


class Sweep:
    """Running sums of each model over the grid of rebalance and temperature.

    Every ``STEP``-th pixel is scored, so figures differ a little from those of all
    pixels, and the gray picture is scored on the same pixels for comparison.

    Parameters
    ----------
    rebalances, temperatures : sequence of float
        The grid.
    """

    def __init__(
        self,
        rebalances: Sequence[float] = REBALANCES,
        temperatures: Sequence[float] = TEMPERATURES,
    ) -> None:
        self.rebalances, self.temperatures = rebalances, temperatures
        self.gray = _Point()
        self.points: dict[tuple[str, float, float], _Point] = {}

    def add(self, predictions: Mapping[str, Prediction], truth: Truth) -> None:
        """Decode the models' predictions of a photo at every point, and score them.

        Parameters
        ----------
        predictions : mapping of model name to Prediction
            Distributions of the photo's own height and width.
        truth : Truth
            The photo.
        """
        lightness = truth.lightness[::STEP, ::STEP]
        true = truth.chroma[:, ::STEP, ::STEP]
        self.gray.add(np.zeros_like(true), lightness, true)
        for model, prediction in predictions.items():
            channels = [
                replace(channel, logits=channel.logits[:, ::STEP, ::STEP])
                for channel in (prediction.a, prediction.b)
            ]
            for rebalance, temperature in product(self.rebalances, self.temperatures):
                chroma = np.stack([c.decode(temperature, rebalance) for c in channels])
                point = self.points.setdefault(
                    (model, rebalance, temperature), _Point()
                )
                point.add(chroma, lightness, true)

    def table(self) -> list[dict[str, str | float]]:
        """List the figures of every model and point.

        Returns
        -------
        list of dict
            ``model``, ``rebalance``, ``temperature``, ``cf`` (mean colorfulness) and
            what `training.scores.ChromaScores.summary` gives.
        """
        return [
            {
                "model": model,
                "rebalance": rebalance,
                "temperature": temperature,
                **point.summary(),
            }
            for (model, rebalance, temperature), point in self.points.items()
        ]

    def save(self, folder: Path) -> None:
        """Write ``sweep.csv``, gray first, and ``sweep.png`` to an existing folder."""
        table = self.table()
        gray = self.gray.summary()
        with (folder / "sweep.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, table[0])
            writer.writeheader()
            writer.writerow({"model": "gray", **gray})
            writer.writerows(table)
        _plot(table, gray, folder / "sweep.png")


def _plot(
    table: list[dict[str, str | float]], gray: Mapping[str, float], path: Path
) -> None:
    """Draw rebalanced against raw area under the curve, one panel a model."""
    from matplotlib.figure import Figure

    models = list(dict.fromkeys(row["model"] for row in table))
    figure = Figure(figsize=(6 * len(models), 5), layout="constrained")
    panels = figure.subplots(1, len(models), sharex=True, sharey=True, squeeze=False)
    for panel, model in zip(panels[0], models, strict=True):
        for rebalance in REBALANCES:
            line = [
                row
                for row in table
                if (row["model"], row["rebalance"]) == (model, rebalance)
            ]
            x = [row["auc"] for row in line]
            y = [row["auc_rebalanced"] for row in line]
            panel.plot(x, y, "o-", label=f"rebalance {rebalance:g}", markersize=4)
            for row in (line[0], line[-1]):
                place = (row["auc"], row["auc_rebalanced"])
                panel.annotate(f"T {row['temperature']:g}", place, fontsize=7)
        panel.plot(gray["auc"], gray["auc_rebalanced"], "k*", label="gray")
        panel.set(title=model, xlabel="AuC", ylabel="AuC rebalanced")
        panel.grid(alpha=0.3)
        panel.legend(fontsize=8)
    figure.savefig(path, dpi=120)
