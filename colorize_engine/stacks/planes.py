"""Predictions as planes, the form in which frames are kept and smoothed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from colorize_engine.stacks.cells import split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from colorize_engine.prediction import Prediction

    Floats = NDArray[np.float32]


def planes_of(prediction: Prediction) -> Floats:
    """Return a prediction as planes.

    Returns
    -------
    (s * s + 1 + Qa + Qb, h', w') float32
        L* in 0..100 of the s x s pixels of each cell, row by row (see `cells.split`; s
        is the head stride); the number of frames in the planes, which is 1 (see
        `smoothing.smoothed`); the logits of a and of b.
    """
    light = split(prediction.lightness, prediction.head_stride)
    return np.concatenate(
        [light, np.ones_like(light[:1]), prediction.a.logits, prediction.b.logits]
    )


def with_planes(prediction: Prediction, planes: Floats) -> Prediction:
    """Return a prediction with the logits of planes, which may be smoothed."""
    first_a = prediction.head_stride**2 + 1
    first_b = first_a + len(prediction.a.bins)
    return replace(
        prediction,
        a=replace(prediction.a, logits=planes[first_a:first_b]),
        b=replace(prediction.b, logits=planes[first_b:]),
    )
