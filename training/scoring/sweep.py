"""Figures of models at many decode points, to choose their defaults."""

from __future__ import annotations

import csv
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from colorize_engine.color import lab_to_rgb
from training.scoring.metrics import colorfulness
from training.scoring.scores import ChromaScores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from colorize_engine.prediction import Prediction
    from training.scoring.scores import Truth

    Floats = NDArray[np.float32]

REBALANCES = (-1.0, -0.5, -0.4, -0.3, -0.2, -0.1, 0.0, 0.1)
TEMPERATURES = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)


STEP = 2
"""Only every second pixel along both axes is scored, which is enough to choose by."""


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
    pixels. The gray picture is scored on the same pixels, for comparison.

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
        self.true_cf = 0.0
        self.points: dict[tuple[str, float, float], _Point] = {}

    def add(self, predictions: Mapping[str, Prediction], truth: Truth) -> None:
        """Decode the models' predictions of a photo at every point, and score them.

        Parameters
        ----------
        predictions : mapping of model name to Prediction
            Of the photo's gray picture.
        truth : Truth
            The photo.
        """
        lightness = truth.lightness[::STEP, ::STEP]
        true = truth.chroma[:, ::STEP, ::STEP]
        self.gray.add(np.zeros_like(true), lightness, true)
        self.true_cf += colorfulness(lab_to_rgb(lightness, true))
        for model, prediction in predictions.items():
            for rebalance, temperature in product(self.rebalances, self.temperatures):
                decoded = prediction.decode(temperature, rebalance)
                chroma = prediction.at_full_size(decoded)
                chroma = chroma[:, ::STEP, ::STEP]
                point = self.points.setdefault(
                    (model, rebalance, temperature), _Point()
                )
                point.add(chroma, lightness, true)

    def table(self) -> list[dict[str, str | float]]:
        """Return the figures of every model and point.

        Returns
        -------
        list of dict
            ``model``, ``rebalance``, ``temperature``, ``cf`` (mean colorfulness) and
            the figures of `training.scoring.scores.ChromaScores.summary`.
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
        """Write ``sweep.csv`` and ``sweep.png`` to an existing folder.

        The table begins with gray and the truth, which has its colorfulness only.
        """
        table = self.table()
        gray, true_cf = self.gray.summary(), self.true_cf / self.gray.photos
        with (folder / "sweep.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, table[0])
            writer.writeheader()
            writer.writerow({"model": "gray", **gray})
            writer.writerow({"model": "truth", "cf": true_cf})
            writer.writerows(table)
        _plot(table, gray, true_cf, folder / "sweep.png")


def _plot(
    table: list[dict[str, str | float]],
    gray: Mapping[str, float],
    true_cf: float,
    path: Path,
) -> None:
    """Draw a row of panels for each model.

    They show rebalanced over raw AuC; then AuC, rebalanced AuC and CF over rebalance.
    """
    from matplotlib.figure import Figure

    models = list(dict.fromkeys(row["model"] for row in table))
    figure = Figure(figsize=(18, 4.5 * len(models)), layout="constrained")
    panels = figure.subplots(len(models), 4, squeeze=False)
    for row_of_panels, model in zip(panels, models, strict=True):
        rows = [row for row in table if row["model"] == model]
        _draw_lines(row_of_panels[0], rows, "rebalance", "auc", "auc_rebalanced")
        row_of_panels[0].plot(gray["auc"], gray["auc_rebalanced"], "k*", label="gray")
        row_of_panels[0].set(title=model, xlabel="AuC", ylabel="rebalanced AuC")
        for panel, key, title, level, of in (
            (row_of_panels[1], "auc", "AuC", gray["auc"], "gray"),
            (
                row_of_panels[2],
                "auc_rebalanced",
                "rebalanced AuC",
                gray["auc_rebalanced"],
                "gray",
            ),
            (row_of_panels[3], "cf", "CF", true_cf, "truth"),
        ):
            _draw_lines(panel, rows, "temperature", "rebalance", key)
            panel.axhline(level, color="k", linestyle=":", label=of)
            panel.set(title=model, xlabel="rebalance (gamma)", ylabel=title)
        for panel in row_of_panels:
            panel.grid(alpha=0.3)
            panel.legend(fontsize=7)
    figure.savefig(path, dpi=90)


def _draw_lines(
    panel: Axes, rows: Sequence[Mapping[str, str | float]], of: str, x: str, y: str
) -> None:
    """Draw y against x, one line for each value of ``of``."""
    sign = {"temperature": "T", "rebalance": "gamma"}[of]
    for value in dict.fromkeys(row[of] for row in rows):
        line = [row for row in rows if row[of] == value]
        xs, ys = [row[x] for row in line], [row[y] for row in line]
        panel.plot(xs, ys, "o-", label=f"{sign} {value:g}", markersize=3)
