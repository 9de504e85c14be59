"""The arrays of one frame: their shapes, types and values by kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_colorize.runs.kinds import DECODED

if TYPE_CHECKING:
    from collections.abc import Container

    from numpy.typing import DTypeLike

    from colorize_engine import Prediction
    from colorize_engine.decode import DecodeSettings
    from napari_colorize.runs.coloring import Coloring

    # By kind; a large picture in color is `Prepared`.
    Arrays = dict[str, Any]


def frame_types(
    first: Prediction, cells: tuple[int, int], coloring: Coloring, *, stack: bool
) -> dict[str, tuple[tuple[int, ...], DTypeLike]]:
    """Return the shape and type of a frame of each kind.

    Parameters
    ----------
    first
        Prediction of the first frame.
    cells
        Rows and columns of the distributions.
    coloring
        What makes the pictures in color; a large one is no array.
    stack
        Whether there are several frames.
    """
    shares = np.float16 if stack else np.float32
    types: dict[str, tuple[tuple[int, ...], DTypeLike]] = {
        "colorized": coloring.frame_type(first),
        "a": (cells, np.float32),
        "b": (cells, np.float32),
        "a probability": ((len(first.a.bins), *cells), shares),
        "b probability": ((len(first.b.bins), *cells), shares),
        "uncertainty": (cells, np.float32),
    }
    if coloring.picture is not None:
        del types["colorized"]
    return types


def predicted_arrays(prediction: Prediction, kinds: Container[str]) -> Arrays:
    """Return the arrays of these kinds that do not depend on the sliders."""
    values = {
        "a probability": lambda: prediction.a.probabilities,
        "b probability": lambda: prediction.b.probabilities,
        "uncertainty": prediction.entropy,
    }
    return {kind: compute() for kind, compute in values.items() if kind in kinds}


def decoded_arrays(
    index: tuple[int, ...],
    prediction: Prediction,
    settings: DecodeSettings,
    coloring: Coloring,
    kinds: Container[str],
) -> Arrays:
    """Return the arrays of these kinds that change with the sliders."""
    wanted = [kind for kind in DECODED if kind in kinds]
    if not wanted:
        return {}
    chroma = prediction.decode(*settings.arguments)
    arrays: Arrays = {"a": chroma[0], "b": chroma[1]}
    if "colorized" in wanted:
        arrays["colorized"] = coloring.color(index, prediction, chroma)
    return {kind: arrays[kind] for kind in wanted}
