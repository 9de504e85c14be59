"""The prediction at one pixel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_colorize.runs.shares import distribution_of

if TYPE_CHECKING:
    from colorize_engine import Distribution
    from colorize_engine.pixel import Pixel
    from napari_colorize.runs.results import Results


class Place(NamedTuple):
    """Place of a pixel in the source: frame, row and column, as in `Pixel`."""

    frame: tuple[int, ...]
    row: int
    column: int


def pixel_of(results: Results, place: Place) -> Pixel:
    """Return the prediction at one pixel; for a stack, read it from the store."""
    from colorize_engine.pixel import Pixel

    source = results.source
    index = tuple(i - n for i, n in zip(place.frame, source.start, strict=True))
    row, column = place.row - source.corner[0], place.column - source.corner[1]
    a, b = _distributions(results, index, row, column)
    return Pixel(*place, _lightness(results, index, place), a, b)


def _distributions(
    results: Results, index: tuple[int, ...], row: int, column: int
) -> tuple[Distribution, Distribution]:
    """Return the distributions at a pixel of the source, with logits (Q,)."""
    from colorize_engine import Distribution

    row, column = (
        int((i + 0.5) * small / full) // results.colorizer.head_stride
        for i, small, full in zip(
            (row, column), results.working_shape, results.source.shape, strict=True
        )
    )
    single = None if results.source.is_stack else results.steering.at_hand(index)
    found = []
    for channel, bins in zip("ab", results.colorizer.bins, strict=True):
        if single is not None:
            logits = getattr(single, channel).logits[:, row, column]
            found.append(Distribution(logits, bins))
            continue
        array = results.store.arrays[f"{channel} probability"]
        shares = np.asarray(array[(slice(None), *index, row, column)])
        found.append(distribution_of(shares, bins))
    return found[0], found[1]


def _lightness(results: Results, index: tuple[int, ...], place: Place) -> float:
    """Return L* of one pixel of the source."""
    from colorize_engine.color import lightness

    corner = place.row, place.column
    pixel = replace(results.source, corner=corner, shape=(1, 1))
    return float(lightness(pixel.read(index))[0, 0])
