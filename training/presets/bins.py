"""The bins of a preset: made from histograms, saved and loaded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from colorize_engine.bins import (
    GAMUT_RANGE,
    ChannelBins,
    class_weights,
    lloyd_max,
    smoothed,
    uniform_centers,
    zero_centered,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from training.presets import Preset


BINS = "bins.json"

_MADE_FOR = "made for"

# Values of a* or b* that the 256 levels of the 8-bit convention stand for.
LEVELS = np.arange(256, dtype=np.float32) - 128


def make_bins(counts: NDArray[np.int64], channel: str, preset: Preset) -> ChannelBins:
    """Make the bins of a channel as the preset says.

    Parameters
    ----------
    counts : (256,) int64
        Histogram of the channel, see `training.statistics.histograms`.
    channel : {"a", "b"}
    preset
        The preset, of which the section ``bins`` is used.
    """
    settings = preset.bins
    scheme = settings["scheme"]
    if scheme == "uniform":
        centers = uniform_centers(settings["count"], *settings["range"])
    elif scheme == "zero-centered":
        centers = zero_centered(settings["step"], *GAMUT_RANGE[channel])
    else:
        centers = lloyd_max(LEVELS, settings["count"], counts=counts)
    soft = settings["soft"]
    prior = ChannelBins.unweighted(centers).measure_prior(LEVELS, counts, soft=soft)
    weights = class_weights(
        smoothed(prior, centers, settings["sigma"]),
        uniform_share=settings["uniform_share"],
        power=settings["power"],
    )
    # Smoothing moves the mean weight under the measured prior a little off 1.
    return ChannelBins(centers, prior, weights / (prior * weights).sum())


def save_bins(bins: dict[str, ChannelBins], path: Path, preset: Preset) -> None:
    """Write the bins of both channels, and their sections of the preset, as JSON."""
    content: dict[str, object] = {
        channel: {
            "centers": b.centers.tolist(),
            "prior": b.prior.tolist(),
            "weights": b.weights.tolist(),
        }
        for channel, b in bins.items()
    }
    content[_MADE_FOR] = _made_for(preset)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(content, indent=1) + "\n")
    unfinished.replace(path)


def _made_for(preset: Preset) -> dict[str, object]:
    return {"data": preset.data, "bins": preset.bins}


def load_bins(path: Path, preset: Preset) -> dict[str, ChannelBins]:
    """Read the bins that ``save_bins`` wrote.

    Raises
    ------
    FileNotFoundError
        If the bins have not been made yet.
    ValueError
        If they were made for a preset with other sections ``data`` or ``bins``.
    """
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{path} is missing; run python -m training.statistics --out {path.parent} "
            "first"
        ) from None
    # Files of older versions do not hold these sections.
    wanted = _made_for(preset)
    if content.pop(_MADE_FOR, wanted) != wanted:
        raise ValueError(
            f"{path} was made for other sections [data] or [bins] than those of the "
            f"preset {preset.name}: remove it, or work in another folder"
        )
    return {channel: ChannelBins(**values) for channel, values in content.items()}
