"""Distributions of a and b in the photos: histograms, plot, bins and class weights.

``python -m training.statistics --data data/photos --preset default --out runs/default``
writes ``statistics.json``, ``statistics.png`` and ``bins.json``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from training.command import add_data, add_preset, run
from training.photos.data_set import DataSet
from training.presets import BINS, Preset, load_preset, make_bins, save_bins
from training.presets.bins import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from colorize_engine.bins import ChannelBins


def histograms(
    photos: DataSet, rows: NDArray[np.int64]
) -> dict[str, NDArray[np.int64]]:
    """Count the 256 levels of a and of b over some photos: (256,) int64 each."""
    counts = {channel: np.zeros(256, np.int64) for channel in ("a", "b")}
    for row in tqdm(rows, desc="statistics", unit="photo"):
        for channel, total in counts.items():
            total += np.bincount(photos.planes[channel][row].ravel(), minlength=256)
    return counts


def plot(
    counts: dict[str, NDArray[np.int64]], bins: dict[str, ChannelBins], path: Path
) -> None:
    """Draw both distributions, the bin centers and the class weights into a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4), layout="constrained")
    for axes, (channel, count) in zip(
        figure.subplots(1, 2), counts.items(), strict=True
    ):
        axes.semilogy(LEVELS, np.maximum(count / count.sum(), 1e-8), color="0.3")
        axes.set(xlabel=f"{channel}*", ylabel="share of pixels", ylim=(1e-7, 1))
        for center in bins[channel].centers:
            axes.axvline(center, color="0.85", zorder=0)
        right = axes.twinx()
        right.plot(bins[channel].centers, bins[channel].weights, "o-", color="C1")
        # Inverse frequencies span decades; smoothed weights span less than one.
        scale = "symlog" if bins[channel].weights.max() > 50 else "linear"
        right.set(yscale=scale, ylim=(0, None))
        right.set_ylabel("class weight", color="C1")
    figure.savefig(path, dpi=110)


def measure(
    data: str | Path, preset: Preset, out: str | Path
) -> dict[str, ChannelBins]:
    """Measure the drawn training photos and write histograms, plot and bins.

    Parameters
    ----------
    data
        Folder of the built data set.
    preset
        Sets which photos are drawn, how many are measured, and how bins are made.
    out
        Folder for ``statistics.json``, ``statistics.png`` and ``bins.json``.

    Returns
    -------
    dict
        Bins of ``a`` and ``b``.
    """
    photos, out = DataSet.open(data), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    rows = photos.draw(preset.data["draw"], preset.data["sample"], preset.data["seed"])
    order = np.random.default_rng(preset.data["seed"]).permutation(rows)
    chosen = np.sort(order[: preset.data["statistics"]])
    counts = histograms(photos, chosen)
    bins = {
        channel: make_bins(count, channel, preset) for channel, count in counts.items()
    }
    content = {channel: count.tolist() for channel, count in counts.items()}
    (out / "statistics.json").write_text(
        json.dumps({"photos": len(chosen), "levels_from": -128, **content}) + "\n"
    )
    plot(counts, bins, out / "statistics.png")
    # The bins are written last: if they exist, everything does.
    save_bins(bins, out / BINS, preset)
    return bins


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line of this module."""
    parser = argparse.ArgumentParser(
        prog="python -m training.statistics",
        description="Measure a and b; write histograms, their plot, and bins.",
    )
    add_data(parser)
    add_preset(parser)
    parser.add_argument("--out", required=True, help="folder to write")
    args = parser.parse_args(arguments)

    def work() -> None:
        bins = measure(args.data, load_preset(args.preset), args.out)
        for channel, b in bins.items():
            print(f"{channel}: center, share, class weight")
            for row in zip(b.centers, b.prior, b.weights, strict=True):
                print("  {:8.2f} {:9.6f} {:10.4f}".format(*row))

    run(parser, work)


if __name__ == "__main__":
    main()
